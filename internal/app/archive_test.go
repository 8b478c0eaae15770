package app

import (
	"context"
	"io"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/fsck"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/segment"
)

// verified is what verifying a journal says: how many rows there are, and where it ends.
func verified(t *testing.T, url, archive string, anchors ...fsck.Anchor) (rows int64, heads []fsck.Anchor, clean bool) {
	t.Helper()
	c, err := fsck.VerifyJournal(t.Context(), url, fsck.Verification{Archive: archive, Anchors: anchors})
	require.NoError(t, err)
	for _, s := range c.Shards {
		rows += s.Rows
		heads = append(heads, fsck.Anchor{Shard: s.Shard, Seq: s.Seq, Hash: s.Hash})
	}
	return rows, heads, c.Clean()
}

// archiveAll moves what can be moved.
func archiveAll(t *testing.T, url, dir string) (moved int64) {
	t.Helper()
	require.NoError(t, ArchiveJournal(t.Context(), url, dir, clock.System{}.Now().Add(time.Hour), func(a Archived) {
		moved += a.Rows
		require.Positive(t, a.Left, "what somebody is at stays")
	}))
	return moved
}

func TestArchivedRowsCanStillBeVerifiedAndRestored(t *testing.T) {
	t.Parallel()
	url, dir := testkit.DatabaseURL(t), t.TempDir()
	require.NoError(t, TradeSample(t.Context(), url, stateDir(t)))
	all, heads, clean := verified(t, url, "")
	require.True(t, clean)
	early := firstRows(t, url)

	moved := archiveAll(t, url, dir)
	require.Greater(t, moved, all/2)
	left, stillHeads, clean := verified(t, url, "", heads...)
	require.True(t, clean, "the chain goes on behind what was moved")
	require.Equal(t, all-moved, left)
	require.Equal(t, heads, stillHeads)
	again, againHeads, clean := verified(t, url, dir, append(heads, early...)...)
	require.True(t, clean, "and with the files it is whole")
	require.Equal(t, all, again)
	require.Equal(t, heads, againHeads)
	require.Zero(t, archiveAll(t, url, dir), "what was moved is not moved again")

	_, err := fsck.Run(t.Context(), url, fsck.Options{})
	require.ErrorContains(t, err, "--archive", "what needs the past says so")
	report, err := fsck.Run(t.Context(), url, fsck.Options{Archive: dir})
	require.NoError(t, err)
	require.True(t, report.Clean(), "%+v", report.Checks)
	tradesOn(t, url)

	n, err := RestoreJournal(t.Context(), url, dir)
	require.NoError(t, err)
	require.Equal(t, moved, n)
	whole, _, clean := verified(t, url, "", append(heads, early...)...)
	require.True(t, clean)
	require.GreaterOrEqual(t, whole, all)
	report, err = fsck.Run(t.Context(), url, fsck.Options{})
	require.NoError(t, err)
	require.True(t, report.Clean(), "%+v", report.Checks)
}

func TestAnArchiveThatWasChangedIsFound(t *testing.T) {
	t.Parallel()
	url, dir := testkit.DatabaseURL(t), t.TempDir()
	require.NoError(t, TradeSample(t.Context(), url, stateDir(t)))
	archiveAll(t, url, dir)
	files, err := segment.List(dir)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	rows := readAll(t, files[0].Path)
	for name, change := range map[string]func([]segment.Row) []segment.Row{
		"a byte of a body": func(r []segment.Row) []segment.Row { r[3].Body[5] ^= 1; return r },
		"a row is gone":    func(r []segment.Row) []segment.Row { return append(r[:3:3], r[4:]...) },
		"rows exchanged":   func(r []segment.Row) []segment.Row { r[3], r[4] = r[4], r[3]; return r },
	} {
		other := t.TempDir()
		require.NoError(t, os.CopyFS(other, os.DirFS(dir)))
		write(t, other, files[0], change(readAll(t, files[0].Path)))
		c, err := fsck.VerifyJournal(t.Context(), url, fsck.Verification{Archive: other})
		require.True(t, err != nil || !c.Clean(), name)
	}
	short := t.TempDir()
	write(t, short, files[0], rows[:len(rows)-1])
	_, err = fsck.VerifyJournal(t.Context(), url, fsck.Verification{Archive: short})
	require.ErrorContains(t, err, "the archive ends at row")
	_, err = RestoreJournal(t.Context(), url, short)
	require.Error(t, err)
	_, _, clean := verified(t, url, "")
	require.True(t, clean, "nothing was put back")
}

// TestAnArchiveThatWasCutOffIsTakenUp leaves files behind of rows that never left the
// database, as a crash between the two would.
func TestAnArchiveThatWasCutOffIsTakenUp(t *testing.T) {
	t.Parallel()
	url, dir := testkit.DatabaseURL(t), t.TempDir()
	require.NoError(t, TradeSample(t.Context(), url, stateDir(t)))
	all, _, _ := verified(t, url, "")
	write(t, dir, segment.File{Shard: 0, First: 1, Last: 3}, nil)
	moved := archiveAll(t, url, dir)
	again, _, clean := verified(t, url, dir)
	require.True(t, clean)
	require.Equal(t, all, again)
	require.Positive(t, moved)
}

// firstRows notes down a row of each shard that will be moved.
func firstRows(t *testing.T, url string) (out []fsck.Anchor) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(t.Context(), `SELECT shard, seq, hash FROM bidding_journal WHERE seq = 2 ORDER BY shard`)
	require.NoError(t, err)
	out, err = pgx.CollectRows(rows, pgx.RowToStructByPos[fsck.Anchor])
	require.NoError(t, err)
	require.Len(t, out, 2)
	return out
}

// tradesOn starts a marketplace on the database and has it serve.
func tradesOn(t *testing.T, url string) {
	t.Helper()
	require.NoError(t, Run(t.Context(), Options{Source: variables(url), State: stateDir(t), Log: io.Discard}, func(ctx context.Context, m *Marketplace) error {
		return m.Ready(ctx)
	}))
}

func readAll(t *testing.T, path string) (out []segment.Row) {
	t.Helper()
	r, err := segment.Open(path)
	require.NoError(t, err)
	defer func() { _ = r.Close() }()
	for {
		row, err := r.Next()
		if err != nil {
			require.ErrorIs(t, err, io.EOF)
			return out
		}
		out = append(out, row)
	}
}

func write(t *testing.T, dir string, f segment.File, rows []segment.Row) {
	t.Helper()
	_, err := segment.Write(dir, f.Shard, f.First, f.Last, func() (segment.Row, error) {
		if len(rows) == 0 {
			return segment.Row{}, io.EOF
		}
		r := rows[0]
		rows = rows[1:]
		return r, nil
	})
	require.NoError(t, err)
}
