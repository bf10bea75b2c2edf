#!/usr/bin/env bash
# Write golden files, schemas and references anew: run the tests of every package
# of this module that has the flag -update with it. Read the diff before you
# commit it.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

packages=$(grep -rl --include='*_test.go' 'flag.Bool("update"' cmd generator internal | xargs -n1 dirname | sort -u | sed 's|^|./|')
[ -n "$packages" ] || { echo "no package writes golden files: the search is wrong" >&2; exit 1; }
# One after the other: the schema is embedded by what others are built of.
for package in $packages; do
	go test "$package" -skip Hostile -update
done
