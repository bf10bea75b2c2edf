#!/usr/bin/env bash
# Seals the example environments with the demo key for people. Tests never do.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
SOPS_AGE_KEY_FILE=$PWD/testdata/keys/people.agekey exec go run -buildvcs=false ./cmd/reggen seal overlays/dev overlays/staging overlays/prod overlays/database
