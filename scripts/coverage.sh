#!/usr/bin/env bash
# Reads a coverage profile and fails when a floor is broken: 90 % in each core
# package, 80 % in all, without generated code, mains and the test kit.
# usage: coverage.sh PROFILE SECONDS
set -euo pipefail
awk -v seconds="$2" '
function percent(hit, all) { return all ? 100 * hit / all : 0 }
FNR == 1 { next }                                   # mode: atomic
{
    split($1, at, ":"); file = at[1]
    if (file ~ /\.pb\.go$|\/dbgen\/|\/cmd\/|\/internal\/testkit\//) next
    if (!($1 in size)) { size[$1] = $2; dir = file; sub(/\/[^\/]*$/, "", dir); sub(/.*\/marketplace\//, "", dir); place[$1] = dir }
    if ($3 > 0) covered[$1] = 1                      # a block may be listed by several packages
}
END {
    for (b in size) { d = place[b]; all[d] += size[b]; total += size[b]; if (covered[b]) { hit[d] += size[b]; hits += size[b] } }
    n = split("internal/bidding/book internal/bidding/engine internal/bidding/journal pkg/money pkg/auth", core, " ")
    verdict = "ok"; least = 100
    for (i = 1; i <= n; i++) {
        p = percent(hit[core[i]], all[core[i]])
        if (p < least) least = p
        if (p < 90) { printf "coverage of %s is %.1f %%, below 90 %%\n", core[i], p; verdict = "short" }
    }
    p = percent(hits, total)
    if (p < 80) {
        printf "coverage of all is %.1f %%, below 80 %%; least covered:\n", p; verdict = "short"
        for (d in all) printf "  %5.1f %%  %s\n", percent(hit[d], all[d]), d | "sort -n | head -15"
        close("sort -n | head -15")
    }
    printf "test seconds=%d coverage=%.1f core_least=%.1f verdict=%s\n", seconds, p, least, verdict
    exit verdict != "ok"
}' "$1"
