#!/usr/bin/env bash
# Runs the tests of the program as on Windows: on Windows itself (the shell that
# comes with git), or elsewhere by a program that runs .exe files:
#
#   scripts/windows-tests.sh [-x PROGRAM] [PACKAGE...]
#
# With Wine 8, whose calls to delete files are not all there, Go's own library needs a patch.
#
# Says in the end which tests were skipped and what they need: those are not passed.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

run=()
if [ "${1-}" = -x ]; then
	[ $# -ge 2 ] || { echo "usage: scripts/windows-tests.sh [-x PROGRAM] [PACKAGE...]" >&2; exit 2; }
	run=(-exec "$2")
	shift 2
	export GOOS=windows GOARCH=${GOARCH:-amd64}
elif [ "$(go env GOOS)" != windows ]; then
	echo "this is not Windows: name a program that runs .exe files with -x" >&2
	exit 2
fi
[ $# -gt 0 ] || set -- ./...

out=$(mktemp)
trap 'rm -f "$out"' EXIT
status=0
go vet "$@" || status=1
go test -v -timeout 40m ${run[@]+"${run[@]}"} "$@" >"$out" 2>&1 || status=1

grep -E '^(ok|FAIL|panic:|\?)|^ *--- FAIL' "$out" || true
[ "$status" = 0 ] || { echo; echo "What failed said:"; grep -vE '^ *(=== |--- (PASS|SKIP))|^(ok|PASS|\?)' "$out" || true; }
count() { grep -cE "^ *--- $1" "$out" || true; }
echo
echo "Skipped, and so not passed:"
# The reason is the last that a test said before "--- SKIP".
awk '/^ *--- SKIP/ { print (said == "" ? $3 : said); said = ""; next }
	/^ *(===|---)/ { said = ""; next }
	NF { sub(/^ *[^ ]+\.go:[0-9]+: /, ""); sub(/^ *> /, ""); sub(/^ +/, ""); said = $0 }' "$out" | sort | uniq -c
echo "$(count PASS) passed, $(count FAIL) failed, $(count SKIP) skipped"
exit "$status"
