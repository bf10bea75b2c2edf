#!/usr/bin/env bash
# Makes the container image of this commit as an OCI layout; see e2e/image.
#   scripts/image.sh FOLDER [FLAG...]      for instance -version 0.1.0, -platforms linux/amd64
# It prints the digest. To publish: crane push FOLDER REGISTRY/reggen:VERSION
set -euo pipefail
out=${1:?usage: scripts/image.sh FOLDER [FLAG...]}
shift
case $out in /*) ;; *) out=$PWD/$out ;; esac
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../e2e"
revision=$(git rev-parse HEAD 2>/dev/null || true)
created=$(TZ=UTC git show -s --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ HEAD 2>/dev/null || echo 1970-01-01T00:00:00Z)
exec go run -buildvcs=false ./image -o "$out" -revision "$revision" -created "$created" "$@"
