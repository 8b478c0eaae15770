package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/replay"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
)

const salesHeader = "order_date,brand,name,sale_price_cents,retail_price_cents,release_date,size,buyer_region\n"

// replayFile writes a sales file; its name.
func replayFile(t *testing.T, rows string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sales.csv")
	require.NoError(t, os.WriteFile(path, []byte(salesHeader+rows), 0o600))
	return path
}

// walkable is a folder that root's PostgreSQL can enter.
func walkable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cmd-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestReplayStartsAMarketplaceAndRemovesIt(t *testing.T) {
	found, err := embeddedpg.Find(os.Getenv("MARKETPLACE_PG_BIN"), "../..")
	require.NoError(t, err)
	t.Setenv("MARKETPLACE_PG_BIN", found[0].Bin)
	path := replayFile(t, "2018-01-01,B,Shoe,21000,20000,2017-01-01,9,Ohio\n2018-01-02,B,Shoe,100,20000,2017-01-01,9,Ohio\nbroken\n")
	state, report := filepath.Join(walkable(t), "state"), filepath.Join(t.TempDir(), "report.json")
	out, err := call(t, "", "--state", state, "replay", path, "--report", report)
	require.NoError(t, err, out)
	require.Contains(t, out, "starting a temporary one")
	require.Contains(t, out, "line 4")
	require.Regexp(t, `(?m)^replay rows=3 matches=2 volume=21100 price_mismatches=0 markets=1 seconds=\d+\.\d\d rss_bytes=\d+ damaged=1 batches=4\n$`, out)
	require.NoDirExists(t, state)
	text, err := os.ReadFile(report)
	require.NoError(t, err)
	var r replay.Report
	require.NoError(t, json.Unmarshal(text, &r))
	require.True(t, r.Ok)
	require.EqualValues(t, 2, r.Matches)
}

func TestReplaySaysWhatItLacks(t *testing.T) {
	t.Parallel()
	_, err := call(t, "", "replay", "/none/at/all.csv")
	require.ErrorContains(t, err, "sales file")
	path := replayFile(t, "2018-01-01,B,Shoe,21000,20000,2017-01-01,9,Ohio\n")
	_, err = call(t, "", "replay", path, "--user-addr", "127.0.0.1:1")
	require.ErrorContains(t, err, "all three services")
	addresses := []string{"--user-addr", "127.0.0.1:1", "--product-addr", "127.0.0.1:1", "--bidding-addr", "127.0.0.1:1"}
	_, err = call(t, "", append([]string{"--state", t.TempDir(), "replay", path}, addresses...)...)
	require.ErrorContains(t, err, "--owner-email")
}
