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

func TestJournalArchiveRefusesToMoveWhatIsStillRead(t *testing.T) {
	t.Setenv("DATABASE_URL", testkit.DatabaseURL(t))
	_, err := call(t, "", "journal", "archive", "--dir", t.TempDir(), "--keep", "71h")
	require.EqualError(t, err, "--keep 71h0m0s: must be at least 72h0m0s")
	_, err = call(t, "", "journal", "archive")
	require.ErrorContains(t, err, `"dir" not set`)
	out, err := call(t, "", "journal", "archive", "--dir", t.TempDir())
	require.NoError(t, err)
	require.Equal(t, "shard 0: 0 rows moved, up to 0; 0 stay\nshard 1: 0 rows moved, up to 0; 0 stay\n", out)
	out, err = call(t, "", "journal", "restore", "--dir", t.TempDir())
	require.NoError(t, err)
	require.Equal(t, "0 rows are back\n", out)
}
