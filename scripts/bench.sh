#!/usr/bin/env bash
# Measures reggen build beside the pipeline it replaces; see e2e/bench.
#   scripts/bench.sh            prints a table
#   scripts/bench.sh --write    and writes it to docs/benchmarks.md
# Further flags go to the program: -runs 101, -date 2026-11-23, -beside v0.1.0
# (an older program by turns with the others).
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../e2e"
args=()
for arg in "$@"; do
	case $arg in
	--write) args+=(-write ../docs/benchmarks.md) ;;
	*) args+=("$arg") ;;
	esac
done
exec go run -buildvcs=false ./bench ${args[@]+"${args[@]}"}
