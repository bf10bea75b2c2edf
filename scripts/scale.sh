#!/usr/bin/env bash
# Measures how rendering many environments grows; see e2e/scale.
#   scripts/scale.sh            prints a table
#   scripts/scale.sh --write    and writes it to docs/benchmarks.md
# Further flags go to the program: -environments 400, -runs 9, -date 2026-11-23,
# -beside v0.1.0 (an older program in the same hour).
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../e2e"
args=()
for arg in "$@"; do
	case $arg in
	--write) args+=(-write ../docs/benchmarks.md) ;;
	*) args+=("$arg") ;;
	esac
done
exec go run -buildvcs=false ./scale ${args[@]+"${args[@]}"}
