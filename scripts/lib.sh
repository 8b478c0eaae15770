# What the test and demo scripts share; sourced, not run. It works with the bash
# and awk of macOS, and needs grpcurl alone.
#
#   USER_ADDR, PRODUCT_ADDR, BIDDING_ADDR   where the services listen
#   OWNER_EMAIL, OWNER_PASSWORD             the owner's account; known of a running `marketplace up`
#   DATABASE_URL, USER_DATABASE_URL         the database, known of a running `marketplace up`
set -euo pipefail
export LC_ALL=C
cd "$(dirname "${BASH_SOURCE[0]}")/.."

USER_ADDR=${USER_ADDR:-${USER_LISTEN:-127.0.0.1:50051}}
PRODUCT_ADDR=${PRODUCT_ADDR:-${PRODUCT_LISTEN:-127.0.0.1:50052}}
BIDDING_ADDR=${BIDDING_ADDR:-${BIDDING_LISTEN:-127.0.0.1:50053}}

run="$(date +%s)-$$-$RANDOM" # makes emails and SKUs new in every run
checks=0 failed=0 finished=no script=$(basename "$0" .sh)
code='' reason='' message='' answer='' grpcurl='' state='' database=''

trap conclude EXIT

# conclude prints the line that programs read; a script that stopped halfway failed.
conclude() {
    local status=$?
    if [ "$finished" != yes ]; then
        failed=$((failed + 1))
        echo "  FAILED: the script stopped before its end (exit code $status)"
    fi
    echo "$script checks=$checks failed=$failed"
    trap - EXIT
    [ "$failed" -eq 0 ] || exit 1
}

fatal() {
    echo "$script: $*" >&2
    exit 1
}

step() { printf '\n%s\n' "$*"; }
say() { printf '     %s\n' "$*"; }

pass() {
    checks=$((checks + 1))
    printf '  ok %2d  %s\n' "$checks" "$*"
}

fail() {
    checks=$((checks + 1)) failed=$((failed + 1))
    printf '  FAILED %2d  %s\n' "$checks" "$*"
}

# expect_eq NAME GOT WANT
expect_eq() {
    if [ "$2" = "$3" ]; then pass "$1: $3"; else fail "$1: got '$2', want '$3'"; fi
}

# expect_ne NAME GOT UNWANTED
expect_ne() {
    if [ -n "$2" ] && [ "$2" != "$3" ]; then pass "$1"; else fail "$1: got '$2'"; fi
}

# expect_code NAME CODE [REASON] looks at the call just made.
expect_code() {
    if [ "$code" = "$2" ] && { [ $# -lt 3 ] || [ "$reason" = "$3" ]; }; then
        pass "$1: $code${reason:+ $reason}"
    else
        fail "$1: got $code${reason:+ $reason}${message:+ ($message)}, want $2${3:+ $3}"
    fi
}

# expect_like NAME GOT PATTERN, a pattern as in case.
expect_like() {
    # shellcheck disable=SC2254 # the pattern is meant to be one
    case $2 in $3) pass "$1" ;; *) fail "$1: got '$2', want $3" ;; esac
}

# call SERVICE METHOD JSON [TOKEN] sets code (OK or the gRPC code), reason,
# message and answer. Whether it must succeed is for the caller to say.
call() {
    local address full out status=0
    case $1 in
        user) address=$USER_ADDR full=user.v1.UserService ;;
        product) address=$PRODUCT_ADDR full=product.v1.ProductService ;;
        bidding) address=$BIDDING_ADDR full=bidding.v1.BiddingService ;;
        *) fatal "no service is called $1" ;;
    esac
    if [ -n "${4:-}" ]; then # neither token nor password is on a command line
        out=$(printf '%s' "$3" | TOKEN=$4 "$grpcurl" -plaintext -connect-timeout 5 -max-time 20 -emit-defaults -format-error \
            -expand-headers -H 'authorization: Bearer ${TOKEN}' -d @ "$address" "$full/$2" 2>&1) || status=$?
    else
        out=$(printf '%s' "$3" | "$grpcurl" -plaintext -connect-timeout 5 -max-time 20 -emit-defaults -format-error \
            -d @ "$address" "$full/$2" 2>&1) || status=$?
    fi
    if [ "$status" -ne 0 ] && [ "$status" -le 64 ]; then # 64 + code is the service's answer, less is grpcurl's own trouble
        case $out in *'dial target host'*) fatal "no $1 service answers at $address: start the marketplace with make run" ;; esac
        fatal "$full/$2 at $address: $out"
    fi
    answer=$(printf '%s' "$out" | awk -f scripts/json.awk) || fatal "$full/$2 did not answer JSON: $out"
    code=$(code_name $((status == 0 ? 0 : status - 64))) reason='' message=''
    [ "$code" = OK ] || { reason=$(field details.0.reason); message=$(field message); }
}

# must SERVICE METHOD JSON [TOKEN] is a call the rest of the script needs.
must() {
    call "$@"
    [ "$code" = OK ] || fatal "$1 $2 was refused: $code $reason $message"
}

code_name() {
    local names=(OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED
        RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED)
    echo "${names[$1]:-CODE_$1}"
}

# field PATH prints a value of the answer, such as bid.status or matches.0.price; nothing when it is absent.
# Every awk here reads to the end: one that stops early would break the pipe.
field() { printf '%s\n' "$answer" | awk -F '\t' -v path="$1" '$1 == path { print substr($0, length(path) + 2) }'; }

# holding LIST KEY VALUE prints the number of the first element of a list whose key has the value; nothing without one.
holding() {
    printf '%s\n' "$answer" | awk -F '\t' -v list="$1." -v key=".$2" -v value="$3" '
        index($1, list) == 1 && $2 == value {
            rest = substr($1, length(list) + 1); at = rest; sub(/\..*/, "", at)
            if (rest == at key && !seen++) print at
        }'
}

# counting LIST KEY VALUE prints how many elements of a list have the value.
counting() {
    printf '%s\n' "$answer" | awk -F '\t' -v list="$1." -v key=".$2" -v value="$3" '
        index($1, list) == 1 && $2 == value {
            rest = substr($1, length(list) + 1); at = rest; sub(/\..*/, "", at)
            if (rest == at key) n++
        }
        END { print n + 0 }'
}

# values LIST prints a list of plain values, sorted, on one line.
values() {
    printf '%s\n' "$answer" | awk -F '\t' -v list="$1." '
        index($1, list) == 1 && substr($1, length(list) + 1) ~ /^[0-9]+$/ { print $2 }' | sort | tr '\n' ' ' | sed 's/ $//'
}

# find_grpcurl takes the one on the PATH, else ours.
find_grpcurl() {
    grpcurl=$(command -v grpcurl || true)
    [ -n "$grpcurl" ] || grpcurl=bin/tools/grpcurl
    [ -x "$grpcurl" ] || fatal "grpcurl is missing: make tools (or brew install grpcurl)"
}

# find_running looks for the marketplace behind USER_ADDR and takes owner and
# database from its run.json, unless they are given.
find_running() {
    local file
    for file in ${MARKETPLACE_STATE:+"$MARKETPLACE_STATE/run.json"} .marketplace/run.json /var/lib/marketplace/*/run.json; do
        [ -r "$file" ] || continue
        answer=$(awk -f scripts/json.awk "$file")
        [ "$(field services.user)" = "$USER_ADDR" ] || continue
        state=$(dirname "$file")
        OWNER_EMAIL=${OWNER_EMAIL:-$(field owner.email)} OWNER_PASSWORD=${OWNER_PASSWORD:-$(field owner.password)}
        database=$(field database_url)
        break
    done
    database=${USER_DATABASE_URL:-${DATABASE_URL:-$database}}
}

# sql STATEMENT prints what a read-only statement finds in the user service's database.
sql() {
    [ -x bin/marketplace ] || fatal "bin/marketplace is missing: make build"
    if [ -z "$database" ] && ! grep -qs '^DATABASE_URL=.' .env; then
        fatal "no database is known to look into: set DATABASE_URL to that of the services"
    fi
    if [ -n "$database" ]; then
        DATABASE_URL=$database bin/marketplace sql "$1"
    else
        bin/marketplace sql "$1"
    fi
}

# sign_up EMAIL PASSWORD FIRST LAST
sign_up() { must user Register "{\"email\":\"$1\",\"password\":\"$2\",\"first_name\":\"$3\",\"last_name\":\"$4\"}"; }

# sign_in EMAIL PASSWORD; the tokens are in the answer.
sign_in() { must user Login "{\"email\":\"$1\",\"password\":\"$2\"}"; }

# sign_in_owner sets owner_token.
sign_in_owner() {
    if [ -z "${OWNER_EMAIL:-}" ] || [ -z "${OWNER_PASSWORD:-}" ]; then
        fatal "the owner's account is needed: bin/marketplace admin create-owner --email you@example.com, then set OWNER_EMAIL and OWNER_PASSWORD"
    fi
    sign_in "$OWNER_EMAIL" "$OWNER_PASSWORD"
    owner_token=$(field accessToken)
}

# finish is the last line of every script.
finish() { finished=yes; }

find_grpcurl
find_running
