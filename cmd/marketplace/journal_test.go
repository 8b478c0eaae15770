package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
)

func TestJournalVerifySaysWhatItFound(t *testing.T) {
	pool := testkit.Database(t)
	t.Setenv("DATABASE_URL", pool.Config().ConnString())
	out, err := call(t, "", "journal", "verify")
	require.NoError(t, err, out)
	require.Regexp(t, `\njournal shards=2 rows=0 violations=0 seconds=\d+\.\d\d\n$`, out)
	_, err = call(t, "", "journal", "verify", "--anchor", "nine")
	require.ErrorContains(t, err, `--anchor "nine": must be shard:seq:hash`)
	out, err = call(t, "", "journal", "verify", "--anchor", "0:12:"+strings.Repeat("ab", 32))
	require.EqualError(t, err, "the journal was changed: 1 violations")
	require.Contains(t, out, "FAIL J00")

	_, err = pool.Exec(t.Context(), `UPDATE bidding_shards SET seq = 7 WHERE shard = 1`)
	require.NoError(t, err)
	out, err = call(t, "", "journal", "verify")
	require.EqualError(t, err, "the journal was changed: 1 violations")
	require.Contains(t, out, "shard=1 seq=7")

	t.Setenv("DATABASE_URL", testkit.EmptyDatabaseURL(t))
	_, err = call(t, "", "journal", "verify")
	require.ErrorContains(t, err, "marketplace migrate up")
}
