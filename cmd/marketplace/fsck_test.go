package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
)

func TestFsckSaysWhatItFound(t *testing.T) {
	t.Setenv("DATABASE_URL", testkit.DatabaseURL(t))
	out, err := call(t, "", "fsck")
	require.NoError(t, err, out)
	require.Regexp(t, `\nfsck checks=\d+ violations=0 seconds=\d+\.\d\d\n$`, out)
	out, err = call(t, "", "fsck", "--json", "--now", "2026-01-31T12:00:00Z")
	require.NoError(t, err, out)
	require.Contains(t, out, `"now": "2026-01-31T12:00:00Z"`)
	_, err = call(t, "", "fsck", "--now", "noon")
	require.ErrorContains(t, err, `--now "noon"`)

	pool := testkit.Database(t)
	_, err = pool.Exec(t.Context(), `DELETE FROM bidding_slots WHERE slot < 7`)
	require.NoError(t, err)
	t.Setenv("DATABASE_URL", pool.Config().ConnString())
	out, err = call(t, "", "fsck")
	require.EqualError(t, err, "fsck found 7 violations")
	require.Contains(t, out, "slot=0 shard=null")
	require.Contains(t, out, "violations=7")

	t.Setenv("DATABASE_URL", testkit.EmptyDatabaseURL(t))
	_, err = call(t, "", "fsck")
	require.ErrorContains(t, err, "marketplace migrate up")
}

func TestFsckSelftestMissesNothing(t *testing.T) {
	url := testkit.EmptyDatabaseURL(t)
	t.Setenv("DATABASE_URL", url)
	out, err := call(t, "", "fsck", "--selftest")
	require.NoError(t, err, out)
	require.Regexp(t, `\nfsck-selftest checks=\d+ faults=\d+ found=\d+ missed=0\n$`, out)
	out, err = call(t, "", "sql", "SELECT count(*) FROM pg_database WHERE datname LIKE 'fsck%'")
	require.NoError(t, err)
	require.Equal(t, "0\n", out, "its database is gone")
}
