#!/usr/bin/env bash
# Fuzz every target of the module for some seconds each; without an argument for
# as long as makes an hour together. What a target finds it writes below its
# package's testdata/fuzz, to be committed with the fix.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

targets=$(grep -rnE --include='*_test.go' '^func Fuzz[A-Za-z0-9]*\(' cmd generator internal |
	sed -E 's|^(.*)/[^/]*:[0-9]+:func (Fuzz[A-Za-z0-9]*)\(.*|\1 \2|' | sort -u)
count=$(printf '%s\n' "$targets" | wc -l)
[ "$count" -ge 19 ] || { echo "only $count targets found: the search is wrong" >&2; exit 1; }
seconds=${1:-$((3600 / count + 1))}
echo "$count targets, $seconds s each"
failed=0
while read -r package target; do
	printf '%s %s: ' "$package" "$target"
	for try in 1 2 3; do
		# Without a time for making inputs smaller that is longer than the run.
		if out=$(go test "./$package" -run '^$' -fuzz "^$target\$" -fuzztime "${seconds}s" -fuzzminimizetime 5s 2>&1); then
			printf '%s\n' "$(sed -nE 's/.*(execs: [0-9]+).*/\1/p' <<<"$out" | tail -1)"
			break
		fi
		# Go now and then ends a run at its time with this error and without a
		# finding: that run counts for nothing.
		if [ "$try" -lt 3 ] && grep -q 'context deadline exceeded' <<<"$out" && ! grep -qE 'Failing input|panic|hung or terminated|_test\.go:[0-9]+:' <<<"$out"; then
			printf "Go's own deadline, no finding; again: "
			continue
		fi
		failed=1
		printf 'FAILED\n%s\n' "$out"
		break
	done
done <<<"$targets"
exit "$failed"
