#!/usr/bin/env bash
# Measures what a pull secret in many namespaces costs; see e2e/namespaces.
#   scripts/namespaces.sh         prints a table
#   scripts/namespaces.sh --write and writes it to docs/benchmarks.md
# Further flags go to the program: -namespaces 100, -runs 9, -date 2026-11-23.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../e2e"
args=()
for arg in "$@"; do
	case $arg in
	--write) args+=(-write ../docs/benchmarks.md) ;;
	*) args+=("$arg") ;;
	esac
done
exec go run -buildvcs=false ./namespaces ${args[@]+"${args[@]}"}
