#!/usr/bin/env bash
# Runs the test and demo scripts against marketplaces of their own, on free ports
# and in an empty folder: against one process that `marketplace up` starts, then
# against a database and the three services started one by one. Then it plants
# faults between scripts and services; every script must notice each of its three.
#
# What the programs log is in logs/, what the scripts print in logs/scripts/.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/.."

scripts="test_user_service test_product_service test_bidding_service demo_all_services"
began=$(date +%s) passed=0 caught=0 failed=0 pids=''
dir=$(mktemp -d)
chmod 711 "$dir" # a PostgreSQL that root starts runs as somebody else, who must get through

# Nothing of the caller's own marketplace, nor of his .env, gets in between.
for name in $(env | sed -n 's/^\([A-Z_]*\)=.*/\1/p' | grep -E '^(USER|PRODUCT|BIDDING|DATABASE|RPC|LOG|JWT|OWNER)_|_DATABASE_URL$|^MARKETPLACE_STATE$' || true); do
    unset "$name"
done
export ENVIRONMENT=development METRICS_LISTEN='' REDIS_URL='' DATABASE_URL=''

# stop ends a process of ours and waits for it.
stop() {
    local i
    kill -TERM "$1" 2>/dev/null || return 0
    for ((i = 0; i < 150; i++)); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    echo "process $1 does not stop: killed"
    kill -KILL "$1" 2>/dev/null || true
}

# stop_all ends what is left, the last started first.
stop_all() {
    local pid
    for pid in $pids; do stop "$pid"; done
    pids=''
}

conclude() {
    local status=$? verdict=ok
    trap - EXIT INT TERM
    stop_all
    rm -rf "$dir"
    [ "$status" -eq 0 ] || failed=$((failed + 1))
    [ "$failed" -eq 0 ] && [ "$passed" -eq 8 ] && [ "$caught" -eq 12 ] || verdict=short
    echo "scripts passed=$passed faults_caught=$caught failed=$failed seconds=$(($(date +%s) - began)) verdict=$verdict"
    [ "$verdict" = ok ]
}
trap conclude EXIT
trap 'exit 130' INT TERM

give_up() {
    echo "$1"
    [ $# -lt 2 ] || sed 's/^/    /' "$2"
    exit 1
}

# start LOG COMMAND... starts a process that is stopped at the end; its id is in $!.
start() {
    local log=$1
    shift
    : >"$log" # here and now, so that nobody reads what the one before wrote
    "$@" >>"$log" 2>&1 &
    pids="$! $pids"
}

# await WHAT PID LOG COMMAND... repeats the command until it succeeds, for half a minute at most.
await() {
    local what=$1 pid=$2 log=$3 i
    shift 3
    for ((i = 0; i < 300; i++)); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        kill -0 "$pid" 2>/dev/null || give_up "$what stopped:" "$log"
        sleep 0.1
    done
    give_up "$what does not get ready:" "$log"
}

# free_ports sets user, product and bidding to addresses nobody listens on.
free_ports() {
    local port found=0
    for ((port = 20000 + RANDOM % 9000; found < 3; port++)); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue; fi
        found=$((found + 1))
        case $found in 1) user=127.0.0.1:$port ;; 2) product=127.0.0.1:$port ;; 3) bidding=127.0.0.1:$port ;; esac
    done
}

grpcurl=$(command -v grpcurl || echo bin/tools/grpcurl)
serving() { "$grpcurl" -plaintext -connect-timeout 1 -max-time 2 "$1" grpc.health.v1.Health/Check | grep -q '"SERVING"'; }

# try NAME SCRIPT VARIABLE=VALUE... runs a script against the addresses in user, product and bidding.
try() {
    local log=logs/scripts/$1-$2.log script=$2
    shift 2
    env USER_ADDR="$user" PRODUCT_ADDR="$product" BIDDING_ADDR="$bidding" "$@" "scripts/$script.sh" >"$log" 2>&1
}

# try_all NAME VARIABLE=VALUE... runs every script, each of which must pass.
try_all() {
    local name=$1 script
    shift
    for script in $scripts; do
        if try "$name" "$script" "$@"; then
            passed=$((passed + 1))
            echo "  ok      $(tail -n 1 "logs/scripts/$name-$script.log")"
        else
            failed=$((failed + 1))
            echo "  FAILED  $script:"
            sed 's/^/    /' "logs/scripts/$name-$script.log"
        fi
    done
}

# fault SCRIPT FAULT CHECK plants a fault; the script must fail at that very check.
fault() {
    local script=$1 what=$2 check=$3 log=logs/scripts/$2-$1.log pid
    start "$dir/addresses" "$dir/faultproxy" "$what" "user=$real_user" "product=$real_product" "bidding=$real_bidding"
    pid=$!
    await "the proxy" "$pid" "$dir/addresses" grep -q '^bidding=' "$dir/addresses"
    user=$(sed -n 's/^user=//p' "$dir/addresses")
    product=$(sed -n 's/^product=//p' "$dir/addresses")
    bidding=$(sed -n 's/^bidding=//p' "$dir/addresses")
    if try "$what" "$script" "DATABASE_URL=$url" "OWNER_EMAIL=$owner" "OWNER_PASSWORD=$password"; then
        failed=$((failed + 1))
        echo "  FAILED  $script passes in spite of $what"
    elif grep -q "^  FAILED *[0-9]*  $check: " "$log"; then
        caught=$((caught + 1))
        echo "  caught  $script, $what:$(grep -m 1 "FAILED *[0-9]*  $check: " "$log" | sed 's/^  FAILED *[0-9]* //')"
    else
        failed=$((failed + 1))
        echo "  FAILED  $script fails at something else than $what:"
        sed 's/^/    /' "$log"
    fi
    stop "$pid"
}

[ -x "$grpcurl" ] || give_up "grpcurl is missing: make tools"
mkdir -p logs/scripts
for name in marketplace user-service product-service bidding-service; do go build -o "bin/$name" "./cmd/$name"; done
go build -o "$dir/" ./test/e2e/faultproxy ./test/e2e/database

echo "one process (marketplace up)"
free_ports
start "logs/scripts-up.screen" env USER_LISTEN="$user" PRODUCT_LISTEN="$product" BIDDING_LISTEN="$bidding" \
    bin/marketplace up --state "$dir/up" --log logs/scripts-up.log
await "the marketplace" $! logs/scripts-up.screen test -e "$dir/up/run.json"
try_all up MARKETPLACE_STATE="$dir/up"
stop_all

echo "three services, each started by itself"
start "$dir/url" "$dir/database" "$dir/database-state"
await "the database" $! "$dir/url" grep -q '^postgres:' "$dir/url"
url=$(grep '^postgres:' "$dir/url")
owner=owner@example.com password="owner $RANDOM$RANDOM$RANDOM"
DATABASE_URL=$url bin/marketplace migrate up >"$dir/migrate" 2>&1 || give_up "migrate up failed:" "$dir/migrate"
echo "$password" | DATABASE_URL=$url bin/marketplace admin create-owner --email "$owner" >"$dir/owner" 2>&1 || give_up "create-owner failed:" "$dir/owner"
free_ports
real_user=$user real_product=$product real_bidding=$bidding
start logs/user-service.log env DATABASE_URL="$url" USER_LISTEN="$user" bin/user-service
await "the user service" $! logs/user-service.log serving "$user"
start logs/product-service.log env DATABASE_URL="$url" PRODUCT_LISTEN="$product" USER_ADDRESS="$user" BIDDING_ADDRESS="$bidding" bin/product-service
await "the product service" $! logs/product-service.log serving "$product"
start logs/bidding-service.log env DATABASE_URL="$url" BIDDING_LISTEN="$bidding" USER_ADDRESS="$user" PRODUCT_ADDRESS="$product" bin/bidding-service
await "the bidding service" $! logs/bidding-service.log serving "$bidding"
try_all apart "DATABASE_URL=$url" "OWNER_EMAIL=$owner" "OWNER_PASSWORD=$password"

echo "the same three services, with planted faults"
fault test_user_service any-password "a wrong password is refused"
fault test_user_service refresh-does-not-rotate "the refresh token rotates"
fault test_user_service logout-forgotten "logout ends the access token"
fault test_product_service sku-taken-twice "the same SKU in small letters is taken"
fault test_product_service reserved-miscount "reserve three of ten"
fault test_product_service two-primary-images "one primary image"
fault test_bidding_service match-at-bid-price "the price is the seller's"
fault test_bidding_service status-stays-active "the bid is matched"
fault test_bidding_service sold-ask-stays "no ask is left"
fault demo_all_services any-password "somebody guesses Lena's password"
fault demo_all_services two-primary-images "one picture is the primary one"
fault demo_all_services match-at-bid-price "at Omar's price, in cents"
