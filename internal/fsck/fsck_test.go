package fsck_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/fsck"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// trade trades the sample day on a database.
func trade(ctx context.Context, t *testing.T, url string) error {
	t.Helper()
	dir, err := os.MkdirTemp("", "fsck-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return app.TradeSample(ctx, url, dir)
}

func exec(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	for _, s := range statements {
		_, err := conn.Exec(t.Context(), s)
		require.NoError(t, err, s)
	}
}

func inspect(t *testing.T, url string, o fsck.Options) (fsck.Report, string) {
	t.Helper()
	report, err := fsck.Run(t.Context(), url, o)
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, report.Print(&out))
	return report, out.String()
}

func clean(t *testing.T, url string, o fsck.Options) {
	t.Helper()
	report, out := inspect(t, url, o)
	require.True(t, report.Clean(), out)
}

func result(t *testing.T, r fsck.Report, check string) fsck.Result {
	t.Helper()
	for _, c := range r.Checks {
		if c.ID == check {
			return c
		}
	}
	t.Fatalf("no check %s", check)
	return fsck.Result{}
}

func TestEveryCheckFindsItsFault(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	require.NoError(t, trade(t.Context(), t, url))
	var out strings.Builder
	s, err := fsck.Selftest(t.Context(), url, &out)
	require.NoError(t, err, out.String())
	require.Empty(t, s.Missed, out.String())
	require.Equal(t, s.Faults, s.Found)
	require.Greater(t, s.Faults, s.Checks)
	require.Contains(t, s.String(), "missed=0")
	require.Equal(t, s.Faults, strings.Count(out.String(), "found "))
}

func TestATradedMarketplaceIsClean(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	clean(t, url, fsck.Options{})
	require.NoError(t, trade(t.Context(), t, url))
	clean(t, url, fsck.Options{})
	clean(t, url, fsck.Options{Now: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)})
	clean(t, url, fsck.Options{Now: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)})

	// What fell due while nobody owned the shards is nobody's fault; what does while somebody does is.
	exec(t, url, `UPDATE bidding_shards SET owner = 'somebody', expires_at = '2100-01-01'`)
	report, out := inspect(t, url, fsck.Options{Now: time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)})
	require.Positive(t, result(t, report, "I08").Violations, out)
	require.EqualValues(t, 2, result(t, report, "I11").Violations, "a switch in each shard: %s", out)
	require.Equal(t, result(t, report, "I08").Violations+2, report.Violations, out)
	clean(t, url, fsck.Options{})
}

func TestMKT_002_AMarketThatWasNeverConfirmedIsNotListed(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	require.NoError(t, trade(t.Context(), t, url))
	found := func() int64 {
		r, _ := inspect(t, url, fsck.Options{})
		return result(t, r, "E03").Violations
	}
	const changed = `WHERE product_id IN (SELECT id FROM products WHERE version > 1 AND status = 'active' AND deleted_at IS NULL)`
	exec(t, url, `UPDATE bidding_markets SET listing_version = 0, listed = false `+changed)
	require.Zero(t, found())
	exec(t, url, `UPDATE bidding_markets SET listed = true `+changed)
	require.Positive(t, found())
	// It was confirmed from what the catalogue said before a change that was consumed meanwhile.
	exec(t, url, `UPDATE bidding_markets SET listing_version = 1 `+changed)
	require.Positive(t, found())
}

func TestEVENT_001_AnEventMayWaitAMinute(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	exec(t, url, `INSERT INTO product_outbox (seq, at, kind, payload) VALUES (1, '2026-01-15 12:00Z', 'product.v1.SizeAdded', '')`,
		`UPDATE product_outbox_head SET seq = 1`)
	waits := func(after time.Duration) bool {
		r, _ := inspect(t, url, fsck.Options{Now: now.Add(after)})
		return result(t, r, "P02").Violations > 0
	}
	require.False(t, waits(time.Hour), "nobody attends")
	exec(t, url, `UPDATE bidding_shards SET owner = 'somebody', expires_at = '2100-01-01' WHERE shard = 0`)
	require.False(t, waits(time.Hour), "one shard is not attended")
	exec(t, url, `UPDATE bidding_shards SET owner = 'somebody', expires_at = '2100-01-01'`)
	require.False(t, waits(time.Minute))
	require.True(t, waits(time.Minute+time.Microsecond))
	exec(t, url, `INSERT INTO bidding_positions (source, partition, seq) VALUES ('product', 0, 1)`)
	require.False(t, waits(time.Hour))
}

func TestUSER_006_ASessionLongGoneMayHaveEnded(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	require.NoError(t, trade(t.Context(), t, url))
	exec(t, url, `DELETE FROM refresh_tokens WHERE session_id IN (SELECT id FROM sessions WHERE revoked_at IS NOT NULL)`,
		`DELETE FROM sessions WHERE revoked_at IS NOT NULL`)
	report, out := inspect(t, url, fsck.Options{})
	require.Positive(t, result(t, report, "O02").Violations, out)
	clean(t, url, fsck.Options{Now: clock.System{}.Now().Add(91 * 24 * time.Hour)})
}

func TestALiveMarketplaceIsCleanAtEveryMoment(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	done := make(chan error, 1)
	go func() { done <- trade(context.WithoutCancel(t.Context()), t, url) }()
	for {
		clean(t, url, fsck.Options{})
		select {
		case err := <-done:
			require.NoError(t, err)
			return
		default:
		}
	}
}

func TestAReportShowsTheFirstRows(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	exec(t, url, `ALTER TABLE products DISABLE TRIGGER USER`, `INSERT INTO products (id, name, sku, slug)
		SELECT gen_random_uuid(), 'p', 's' || n, 's' || n FROM generate_series(1, 7) n`, `DROP INDEX products_sku_key`,
		`INSERT INTO products (id, name, sku, slug) SELECT gen_random_uuid(), 'p', sku, slug || 'b' FROM products`,
		`INSERT INTO product_activity (product_id) SELECT id FROM products`)
	report, out := inspect(t, url, fsck.Options{})
	require.EqualValues(t, 7, report.Violations)
	require.Contains(t, out, "FAIL S05 ")
	require.Contains(t, out, "field=sku value=S1 products=2\n")
	require.Contains(t, out, "         and 2 more\n")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Regexp(t, `^fsck checks=\d+ violations=7 seconds=\d+\.\d\d$`, lines[len(lines)-1])

	var doc bytes.Buffer
	require.NoError(t, report.PrintJSON(&doc))
	var back fsck.Report
	require.NoError(t, json.Unmarshal(doc.Bytes(), &back))
	require.Equal(t, report, back)
}

// full is a writer that takes so many writes.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestAReportThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	report := fsck.Report{Checks: []fsck.Result{{ID: "I01", Violations: 2, Rows: []string{"row"}}}}
	for left := range 4 {
		require.ErrorIs(t, report.Print(&full{left}), io.ErrShortWrite, left)
	}
	require.NoError(t, report.Print(&full{4}))
}

func TestADatabaseThatIsNoMarketplaceIsAnError(t *testing.T) {
	t.Parallel()
	_, err := fsck.Run(t.Context(), testkit.EmptyDatabaseURL(t), fsck.Options{})
	require.ErrorContains(t, err, "does not exist")
	_, err = fsck.Run(t.Context(), "postgres://nobody@127.0.0.1:1/none", fsck.Options{})
	require.ErrorContains(t, err, "fsck: ")
	_, err = fsck.Selftest(t.Context(), "postgres://nobody@127.0.0.1:1/none", io.Discard)
	require.ErrorContains(t, err, "fsck selftest: ")
}

func TestASelftestNeedsACleanTradedMarketplace(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	_, err := fsck.Selftest(t.Context(), url, io.Discard)
	require.ErrorContains(t, err, "there is nothing to plant it in")
	exec(t, url, `DELETE FROM bidding_slots WHERE slot = 3`)
	_, err = fsck.Selftest(t.Context(), url, io.Discard)
	require.ErrorContains(t, err, "FAIL M03 every slot has a shard")
	require.ErrorContains(t, err, "slot=3")
}

func TestASampleThatIsCutOffSaysWhere(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := trade(ctx, t, testkit.DatabaseURL(t))
	if err != nil {
		require.True(t, errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "canceled"), err)
	}
}
