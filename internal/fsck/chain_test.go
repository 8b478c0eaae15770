package fsck_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/fsck"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
)

func verify(t *testing.T, url string, anchors ...fsck.Anchor) (fsck.Chain, string) {
	t.Helper()
	chain, err := fsck.VerifyJournal(t.Context(), url, fsck.Verification{Anchors: anchors})
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, chain.Print(&out))
	return chain, out.String()
}

// The busiest shard's rows are kept aside and put back after each damage.
const (
	busiest = `(SELECT shard FROM bidding_shards ORDER BY seq DESC, shard LIMIT 1)`
	keep    = `CREATE TABLE kept_rows AS SELECT * FROM bidding_journal; CREATE TABLE kept_heads AS SELECT * FROM bidding_shards`
	restore = `DELETE FROM bidding_journal; INSERT INTO bidding_journal SELECT * FROM kept_rows;
		UPDATE bidding_shards s SET seq = k.seq, n = k.n, at = k.at, hash = k.hash, epoch = k.epoch FROM kept_heads k WHERE k.shard = s.shard`
	// seal gives the newest row the hash it would have had, and its shard that head.
	seal = `UPDATE bidding_journal j SET hash = sha256(prev_hash || set_byte('\x00', 0, shard) || int8send(seq) || int8send(epoch)
			|| int8send((extract(epoch FROM at) * 1000000)::bigint) || int8send(n) || body)
		WHERE shard = ` + busiest + ` AND seq = (SELECT max(seq) FROM bidding_journal k WHERE k.shard = j.shard);
		UPDATE bidding_shards s SET hash = j.hash, at = j.at FROM bidding_journal j WHERE j.shard = s.shard AND j.seq = s.seq`
)

func TestVerifyingTheJournalFindsWhateverWasChanged(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	require.NoError(t, trade(t.Context(), t, url))
	exec(t, url, keep)
	whole, out := verify(t, url)
	require.True(t, whole.Clean(), out)
	for name, tc := range map[string]struct{ damage, check string }{
		"one byte of a body":      {`UPDATE bidding_journal SET body = set_byte(body, 9, get_byte(body, 9) # 1) WHERE shard = ` + busiest + ` AND seq = 2`, "J02"},
		"one microsecond":         {`UPDATE bidding_journal SET at = at + interval '1 microsecond' WHERE shard = ` + busiest + ` AND seq = 2`, "J02"},
		"two rows change places":  {`UPDATE bidding_journal SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE shard = ` + busiest + ` AND seq IN (2, 3); UPDATE bidding_journal SET seq = -seq WHERE seq < 0`, "J02"},
		"a row is gone":           {`DELETE FROM bidding_journal WHERE shard = ` + busiest + ` AND seq = 2`, "J01"},
		"the first row is gone":   {`DELETE FROM bidding_journal WHERE shard = ` + busiest + ` AND seq = 1`, "J01"},
		"a row before the first":  {`INSERT INTO bidding_journal SELECT shard, 0, epoch, at, n, prev_hash, hash, body FROM bidding_journal WHERE seq = 1`, "J01"},
		"a row of no shard":       {`INSERT INTO bidding_journal SELECT 255, seq, epoch, at, n, prev_hash, hash, body FROM bidding_journal WHERE seq = 1 AND shard = ` + busiest, "J03"},
		"the newest row is gone":  {`DELETE FROM bidding_journal j USING bidding_shards s WHERE s.shard = j.shard AND s.seq = j.seq`, "J03"},
		"a row comes twice":       {`INSERT INTO bidding_journal SELECT shard, seq + 1, epoch, at, n, prev_hash, hash, body FROM bidding_journal j WHERE seq = (SELECT max(seq) FROM bidding_journal k WHERE k.shard = j.shard)`, "J02"},
		"another epoch":           {`UPDATE bidding_journal SET epoch = 0 WHERE shard = ` + busiest + ` AND seq = 2`, "J04"},
		"another number":          {`UPDATE bidding_journal SET n = n + 1 WHERE shard = ` + busiest + ` AND seq = 2`, "J04"},
		"no message":              {`UPDATE bidding_journal SET body = '\xff' WHERE shard = ` + busiest + ` AND seq = 2`, "J05"},
		"another head":            {`UPDATE bidding_shards SET hash = sha256(hash) WHERE shard = ` + busiest, "J03"},
		"a head that is too old":  {`UPDATE bidding_shards SET seq = seq - 1 WHERE shard = ` + busiest, "J03"},
		"a number that was given": {`UPDATE bidding_shards SET n = n - 1 WHERE shard = ` + busiest, "J03"},
	} {
		exec(t, url, tc.damage)
		chain, out := verify(t, url)
		require.Positive(t, result(t, chain.Report, tc.check).Violations, "%s\n%s", name, out)
		exec(t, url, restore)
	}
	whole, out = verify(t, url)
	require.True(t, whole.Clean(), out)
	findAHistoryThatWasSealedAnew(t, url)
}

func findAHistoryThatWasSealedAnew(t *testing.T, url string) {
	t.Helper()
	before, out := verify(t, url)
	var anchors []fsck.Anchor
	for _, line := range strings.Split(out, "\n") {
		if _, text, ok := strings.Cut(line, "anchor "); ok {
			a, err := fsck.ParseAnchor(text)
			require.NoError(t, err)
			anchors = append(anchors, a)
		}
	}
	require.Len(t, anchors, len(before.Shards))
	same, out := verify(t, url, anchors...)
	require.True(t, same.Clean(), out)

	exec(t, url, `UPDATE bidding_journal SET at = at + interval '1 microsecond' WHERE shard = `+busiest+` AND seq = (SELECT seq FROM bidding_shards WHERE shard = `+busiest+`)`, seal)
	forged, out := verify(t, url)
	require.True(t, forged.Clean(), "the chain alone shows nothing\n%s", out)
	forged, out = verify(t, url, anchors...)
	require.EqualValues(t, 1, result(t, forged.Report, "J00").Violations, out)
	absent := anchors[0]
	absent.Seq += 1000
	gone, out := verify(t, url, absent)
	require.EqualValues(t, 1, result(t, gone.Report, "J00").Violations, out)
}

func TestAnAnchorSaysWhatItMustBe(t *testing.T) {
	t.Parallel()
	good := "0:12:" + strings.Repeat("ab", 32)
	_, err := fsck.ParseAnchor(good)
	require.NoError(t, err)
	for _, text := range []string{"", "0:12", "256" + good[1:], "0:0:" + good[5:], "0:x:" + good[5:], good + "ab", good[:len(good)-1] + "g", good + ":1"} {
		_, err := fsck.ParseAnchor(text)
		require.ErrorContains(t, err, "must be shard:seq:hash", text)
	}
}
