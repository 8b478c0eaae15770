package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/migrations"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
)

const connectTimeout = 5 * time.Second

// connect opens one connection. Errors name host and port, never the password.
func connect(ctx context.Context, url string) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("DATABASE_URL: must be such as postgres://user:password@host:5432/database")
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("cannot reach the database %q on %s port %d (DATABASE_URL): %s", cfg.Database, cfg.Host, cfg.Port, why(err))
	}
	return conn, nil
}

// why is the last, most concrete part of a failed connection.
func why(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Message
	}
	for {
		next := errors.Unwrap(err)
		var several interface{ Unwrap() []error }
		if next == nil && errors.As(err, &several) && len(several.Unwrap()) > 0 {
			next = several.Unwrap()[0]
		}
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// describe says what and where a database is, which proves that it answers and
// is new enough.
func describe(ctx context.Context, url string) (string, error) {
	conn, err := connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var version string
	var number int
	if err := conn.QueryRow(ctx, "SELECT current_setting('server_version'), current_setting('server_version_num')::int").Scan(&version, &number); err != nil {
		return "", fmt.Errorf("ask the database for its version: %w", err)
	}
	cfg := conn.Config()
	if number < embeddedpg.MinMajor*10000 {
		return "", fmt.Errorf("the database on %s is PostgreSQL %s: %d or newer is needed", cfg.Host, version, embeddedpg.MinMajor)
	}
	return fmt.Sprintf("PostgreSQL %s on %s, database %s", version, cfg.Host, cfg.Database), nil
}

// CheckSchema refuses a database that lacks migrations this binary relies on.
// A database that is down is no error: the services answer UNAVAILABLE until it
// is back.
func CheckSchema(ctx context.Context, url string) error {
	version, _, err := migrations.Version(ctx, url)
	if err != nil {
		return nil //nolint:nilerr // down, and will be asked again by every call
	}
	if version < migrations.Latest() {
		return fmt.Errorf("the database's schema is at version %d, this binary needs %d: run `marketplace migrate up` first", version, migrations.Latest())
	}
	return nil
}

// WithDatabase calls fn with the URL of the marketplace's database: the one
// DATABASE_URL names, that of a marketplace that is running, or the built-in
// one, started for as long as fn takes.
func WithDatabase(ctx context.Context, src config.Source, state string, fn func(url string) error) (err error) {
	if url := src["DATABASE_URL"]; url != "" {
		return fn(url)
	}
	own, err := settings(src, state)
	if err != nil {
		return err
	}
	if r, ok := ReadRunning(own.State); ok {
		return fn(r.DatabaseURL)
	}
	server, err := embeddedpg.Start(ctx, embeddedpg.Options{StateDir: own.State, Bin: own.PGBin, Log: zerolog.Nop()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(context.WithoutCancel(ctx))) }()
	return fn(server.URL())
}

// OpenLog opens the file the log of a one-command marketplace goes to; one that
// has grown large is kept as .old.
func OpenLog(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, fmt.Errorf("log: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) //nolint:gosec // the operator's choice
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	return f, nil
}

const maxLog = 50 << 20 // bytes
