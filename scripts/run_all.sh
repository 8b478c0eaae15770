#!/usr/bin/env bash
# Starts a marketplace of its own in an empty folder, runs the test and demo
# scripts against it and stops it. Names of scripts may be given; without any,
# all four run.
set -uo pipefail
cd "$(dirname "$0")/.."
state=$(mktemp -d) && chmod 711 "$state"
passed=0 failed=0
bin/marketplace up --state "$state" --log "$state/marketplace.log" >"$state/screen" 2>&1 &
marketplace=$!
finish() {
    kill -INT "$marketplace" 2>/dev/null
    wait "$marketplace" 2>/dev/null
    rm -rf "$state"
}
trap finish EXIT
until [ -e "$state/run.json" ]; do
    if ! kill -0 "$marketplace" 2>/dev/null; then
        cat "$state/screen"
        echo "scripts passed=0 failed=0 verdict=short"
        exit 1
    fi
    sleep 0.1
done
export MARKETPLACE_STATE=$state
[ $# -gt 0 ] || set -- test_user_service.sh test_product_service.sh test_bidding_service.sh demo_all_services.sh
for script in "$@"; do
    echo "== $script"
    if "scripts/$script"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $script"; fi
done
verdict=ok
[ "$failed" -eq 0 ] && [ "$passed" -eq $# ] || verdict=short
echo "scripts passed=$passed failed=$failed verdict=$verdict"
[ "$verdict" = ok ]
