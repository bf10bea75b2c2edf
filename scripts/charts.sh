#!/usr/bin/env bash
# Renders charts that you have, with their default values, through the real Helm and through reggen,
# sealed twice, and prints a table of what each came to: scripts/charts.sh FOLDER...
# A FOLDER holds folders with a Chart.yaml, or .tgz. docs/public-charts.md was made by this.
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: scripts/charts.sh FOLDER..." >&2; exit 2; }
folders=()
for folder in "$@"; do folders+=("$(cd -- "$folder" && pwd)"); done
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
go build -buildvcs=false -o "$tools/" ./cmd/reggen
(cd e2e && go build -buildvcs=false -o "$tools/" helm.sh/helm/v4/cmd/helm ./publiccharts)
key=$PWD/testdata/keys/people.agekey
"$tools/publiccharts" -helm "$tools/helm" -reggen "$tools/reggen" -key "$key" -public "$(sed -n 's/^# public key: //p' "$key")" "${folders[@]}"
