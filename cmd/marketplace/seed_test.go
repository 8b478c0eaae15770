package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
)

func TestSeedFillsTheDatabaseOnce(t *testing.T) {
	t.Setenv("DATABASE_URL", testkit.EmptyDatabaseURL(t))
	t.Setenv("USER_BCRYPT_COST", "4")
	t.Setenv("ENVIRONMENT", "test")
	state := walkable(t)
	args := []string{"--state", state, "seed", "--demo", "--products", "4", "--days", "2", "--sales", "12", "--log", filepath.Join(state, "log")}
	out, err := call(t, "", args...)
	require.NoError(t, err, out)
	require.Regexp(t, `(?m)^seed products=4 sizes=\d+ accounts=17 bids=\d+ asks=\d+ matches=\d+ open_bids=\d+ open_asks=\d+ days=2 seconds=\d+\.\d\d\n$`, out)
	counted, err := call(t, "", "sql", "SELECT (SELECT count(*) FROM bids), (SELECT count(*) FROM matches)")
	require.NoError(t, err)

	out, err = call(t, "", args...)
	require.NoError(t, err, out)
	require.Contains(t, out, "nothing was changed")
	again, err := call(t, "", "sql", "SELECT (SELECT count(*) FROM bids), (SELECT count(*) FROM matches)")
	require.NoError(t, err)
	require.Equal(t, counted, again)
	out, err = call(t, "", "fsck")
	require.NoError(t, err, out)
}

func TestSeedRefusesWhatItCannotMake(t *testing.T) {
	t.Parallel()
	_, err := call(t, "", "seed")
	require.ErrorContains(t, err, "--demo")
	_, err = call(t, "", "seed", "--demo", "--days", "0")
	require.ErrorContains(t, err, "--days: 0 must be 1 to 365")
}
