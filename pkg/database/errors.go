package database

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"
)

// Unreachable reports whether err means that the database cannot serve at the moment:
// connection refused or lost, shutting down, starting up, out of connections, memory or disk. The
// caller should answer UNAVAILABLE; the same statement may succeed later. A statement
// whose connection was lost half-way may or may not have taken effect.
func Unreachable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	var connectErr *pgconn.ConnectError
	if errors.As(err, &connectErr) {
		return true // whatever the server said, no connection came of it
	}
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return away(pgErr.Code)
	}
	var netErr *net.OpError
	if errors.As(err, &netErr) || errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, puddle.ErrClosedPool) {
		return true
	}
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// away lists the SQLSTATEs of a server that cannot serve now.
func away(code string) bool {
	switch code {
	case "57P01", "57P02", "57P03", "57P05", // shutting down, crashed, starting up, idle session ended
		"53100", "53200", "53300", "53400", // no room on the disk, no memory, too many connections, a limit reached
		"58030",                            // its disk fails it
		"08000", "08001", "08003", "08006": // connection exceptions
		return true
	}
	return false
}

// Violates reports whether err is the violation of the named unique, check, foreign
// key or exclusion constraint (or unique index).
func Violates(err error, constraint string) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && strings.HasPrefix(pgErr.Code, "23") && pgErr.ConstraintName == constraint
}

// LostRace reports whether the server ended a transaction in favour of another one
// (serialization failure or deadlock); the whole transaction may be repeated.
func LostRace(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (pgErr.Code == "40001" || pgErr.Code == "40P01")
}

// TimedOut reports whether the server stopped a statement that ran too long or waited
// too long for a lock.
func TimedOut(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (pgErr.Code == "57014" || pgErr.Code == "55P03")
}
