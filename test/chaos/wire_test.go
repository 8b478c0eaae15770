package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
)

// The wire takes this statement for a commit.
const likeACommit = `INSERT INTO kept SELECT 'bidding_fence(' || $1::text`

func TestACutLosesTheConnectionAtTheMomentItNames(t *testing.T) {
	t.Parallel()
	for how, rows := range map[cut][]int{unsent: {0}, torn: {0}, sent: {0, 1}, swallowed: {1}} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			address := testkit.EmptyDatabaseURL(t)
			direct, err := pgx.Connect(ctx, address)
			require.NoError(t, err)
			defer func() { require.NoError(t, direct.Close(ctx)) }()
			_, err = direct.Exec(ctx, `CREATE TABLE kept (what text)`)
			require.NoError(t, err)

			w, err := newWire(ctx, address)
			require.NoError(t, err)
			defer func() { require.NoError(t, w.close()) }()
			conn, err := pgx.Connect(ctx, w.url(address))
			require.NoError(t, err)
			_, err = conn.Exec(ctx, "SELECT $1::text", strings.Repeat("long", 100_000))
			require.NoError(t, err, "what is no commit passes")

			done := w.arm(how).done
			_, err = conn.Exec(ctx, likeACommit, "x)")
			require.Error(t, err)
			<-done
			var n int
			require.NoError(t, direct.QueryRow(ctx, `SELECT count(*) FROM kept`).Scan(&n))
			require.Contains(t, rows, n)
			again, err := pgx.Connect(ctx, w.url(address))
			require.NoError(t, err, "another connection is as good as ever")
			_, err = again.Exec(ctx, likeACommit, "x)")
			require.NoError(t, err)
		})
	}
}

func TestABlackoutLosesEveryConnection(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	address := testkit.EmptyDatabaseURL(t)
	w, err := newWire(ctx, address)
	require.NoError(t, err)
	defer func() { require.NoError(t, w.close()) }()
	var conns []*pgx.Conn
	for range 3 {
		conn, err := pgx.Connect(ctx, w.url(address))
		require.NoError(t, err)
		conns = append(conns, conn)
	}
	require.NoError(t, w.cut(ctx, blackout))
	for _, conn := range conns {
		require.Error(t, conn.Ping(ctx))
	}
}

func TestWhatIsNoMessageOfPostgresIsNotHandedOn(t *testing.T) {
	t.Parallel()
	_, err := newRequests(strings.NewReader("\xff\xff\xff\xff")).next()
	require.ErrorContains(t, err, "none of postgresql's")
	_, err = newRequests(strings.NewReader("\x00\x00\x00\x08half")).next()
	require.NoError(t, err, "the first one has no type")
	_, err = newRequests(strings.NewReader("\x00\x00\x00\x08ha")).next()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestACommitThatHangsHoldsItsLocks(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	address := testkit.EmptyDatabaseURL(t)
	direct, err := pgx.Connect(ctx, address)
	require.NoError(t, err)
	defer func() { require.NoError(t, direct.Close(ctx)) }()
	_, err = direct.Exec(ctx, `CREATE TABLE kept (what text)`)
	require.NoError(t, err)
	w, err := newWire(ctx, address)
	require.NoError(t, err)
	conn, err := pgx.Connect(ctx, w.url(address))
	require.NoError(t, err)
	w.arm(stuck)
	hangs := make(chan error, 1)
	go func() {
		_, err := conn.Exec(ctx, likeACommit, "x)")
		hangs <- err
	}()
	require.Eventually(t, func() bool {
		var locks int
		err := direct.QueryRow(ctx, `SELECT count(*) FROM pg_locks WHERE relation = 'kept'::regclass AND mode = 'RowExclusiveLock'`).Scan(&locks)
		return err == nil && locks == 1
	}, 10*time.Second, 10*time.Millisecond)
	require.Empty(t, hangs)
	require.NoError(t, w.close())
	require.Error(t, <-hangs)
}
