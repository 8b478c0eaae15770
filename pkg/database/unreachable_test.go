package database_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
)

// refusing listens like a server that answers every connection with an SQLSTATE, or
// hangs up when that is blank.
func refusing(t *testing.T, code string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	t.Cleanup(func() {
		require.NoError(t, l.Close())
		wg.Wait()
	})
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			refuse(conn, code)
		}
	})
	return "postgres://u:p@" + l.Addr().String() + "/d?sslmode=disable"
}

func refuse(conn net.Conn, code string) {
	defer func() { _ = conn.Close() }()
	backend := pgproto3.NewBackend(conn, conn)
	if _, err := backend.ReceiveStartupMessage(); err != nil || code == "" {
		return
	}
	backend.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: code, Message: "no"})
	_ = backend.Flush()
}

func TestServerThatCannotServeIsUnreachable(t *testing.T) {
	t.Parallel()
	// starting up, out of connections, shutting down, no such database, hanging up
	for _, code := range []string{"57P03", "53300", "57P01", "3D000", ""} {
		pool := open(t, settings(t, refusing(t, code)), zerolog.Nop())
		_, err := pool.Exec(t.Context(), "SELECT 1")
		require.True(t, database.Unreachable(fmt.Errorf("wrapped: %w", err)), "%s: %v", code, err)
		require.Error(t, database.Health(t.Context(), pool))
	}
}

func TestServerThatIsDownIsUnreachable(t *testing.T) {
	t.Parallel()
	pool := open(t, settings(t, "postgres://u:p@127.0.0.1:1/d"), zerolog.Nop())
	err := database.InTx(t.Context(), pool, func(pgx.Tx) error { return nil })
	require.True(t, database.Unreachable(err), "%v", err)
}

func TestConnectionLostInTheMiddleIsUnreachableAndHeals(t *testing.T) {
	t.Parallel()
	pool := open(t, settings(t, testkit.EmptyDatabaseURL(t)), zerolog.Nop())
	err := database.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "SELECT pg_terminate_backend(pg_backend_pid())")
		require.True(t, database.Unreachable(err), "%v", err)
		_, err = tx.Exec(t.Context(), "SELECT 1")
		require.True(t, database.Unreachable(err), "%v", err)
		return err
	})
	require.True(t, database.Unreachable(err), "%v", err)
	require.NoError(t, database.Health(t.Context(), pool), "a new connection is made")
}

func TestClosedPoolIsUnreachable(t *testing.T) {
	t.Parallel()
	pool := open(t, settings(t, testkit.EmptyDatabaseURL(t)), zerolog.Nop())
	pool.Close()
	_, err := pool.Exec(t.Context(), "SELECT 1")
	require.True(t, database.Unreachable(err), "%v", err)
}

func TestOnlyOutagesAreUnreachable(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		nil, errors.New("bug"), context.Canceled, context.DeadlineExceeded, pgx.ErrNoRows, io.EOF,
		&pgconn.PgError{Code: "23505"}, &pgconn.PgError{Code: "42P01"}, &pgconn.PgError{Code: "08P01"},
	} {
		require.False(t, database.Unreachable(err), "%v", err)
	}
	for _, err := range []error{io.ErrUnexpectedEOF, &net.OpError{Op: "read", Err: errors.New("reset")}, pgconn.ErrConnClosed, &pgconn.PgError{Code: "08006"}, &pgconn.PgError{Code: "53100"}} {
		require.True(t, database.Unreachable(err), "%v", err)
	}
}

func TestCallerThatLeftIsNoOutage(t *testing.T) {
	t.Parallel()
	pool := open(t, settings(t, "postgres://u:p@127.0.0.1:1/d"), zerolog.Nop())
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	cancel()
	_, err := pool.Exec(ctx, "SELECT 1")
	require.Error(t, err)
	require.False(t, database.Unreachable(err), "%v", err)
}
