#!/usr/bin/env bash
# Every test with the race detector, then the coverage floors. Arguments go to
# go test in place of ./... (the floors are then not checked).
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v "${CC:-gcc}" >/dev/null && ! command -v cc >/dev/null; then
    echo "the race detector needs a C compiler: install gcc (apt-get install gcc, xcode-select --install)" >&2
    exit 1
fi
scripts/ensure-postgres.sh
mkdir -p coverage
start=$(date +%s)
if [ $# -gt 0 ]; then
    exec env CGO_ENABLED=1 go test -race "$@"
fi
status=0
CGO_ENABLED=1 go test -race -timeout 15m -covermode=atomic -coverpkg=./internal/...,./pkg/...,./migrations -coverprofile=coverage/profile.out ./... >coverage/test.log 2>&1 &
wait $! || status=$?
sed -e '/no test files/d' -e '/coverage: 0.0% of statements$/d' -e 's/\tcoverage:.*//' coverage/test.log
seconds=$(($(date +%s) - start))
if [ "$status" -ne 0 ]; then
    echo "test seconds=$seconds failed=$(grep -c '^FAIL.*[/a-z]' coverage/test.log || true) verdict=short"
    exit 1
fi
scripts/coverage.sh coverage/profile.out "$seconds"
