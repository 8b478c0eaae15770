#!/usr/bin/env bash
# Makes the generated code again and fails when that changes a file; checks that
# go.mod and go.sum list what is imported, and nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
generated() { { find pkg internal -name '*.pb.go' -o -path '*/dbgen/*.go' | sort; echo .env.example; } | xargs sha256sum; }
before=$(generated)
make --no-print-directory generate
verdict=ok
if ! difference=$(diff <(echo "$before") <(generated)); then
    echo "generated code differs from its source; commit what make generate makes:"
    echo "$difference" | sed -n 's/^[<>] [0-9a-f]*  /  /p' | sort -u
    verdict=short
fi
if ! go mod tidy -diff; then
    echo "go.mod or go.sum is not tidy: run go mod tidy"
    verdict=short
fi
echo "verify files=$(echo "$before" | wc -l) verdict=$verdict"
[ "$verdict" = ok ]
