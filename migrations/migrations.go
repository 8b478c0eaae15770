// Package migrations holds the database's history, one numbered line of it,
// and applies it. The files are plain golang-migrate: the migrate command
// applies them too, and both keep the same schema_migrations table.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/golang-migrate/migrate/v4/source"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5/pgconn"
)

// Files are the migrations, embedded in every binary.
//
//go:embed *.sql
var Files embed.FS

// Latest is the newest version this binary knows.
func Latest() uint {
	names, err := fs.Glob(Files, "*.up.sql")
	if err != nil {
		panic(err) // the pattern is ours
	}
	var latest uint
	for _, name := range names {
		m, err := source.Parse(name)
		if err != nil {
			panic(fmt.Errorf("migrations: %s is no migration's name: %w", name, err)) // checked by every test that migrates
		}
		latest = max(latest, m.Version)
	}
	return latest
}

// Up applies what is missing. Each migration and its version commit together,
// so one that was cut off leaves nothing behind. Safe to call from several
// processes at once.
func Up(ctx context.Context, url string) error {
	return with(ctx, url, func(m *migrate.Migrate) error { return m.Up() })
}

// Down takes every migration back, newest first.
func Down(ctx context.Context, url string) error {
	return with(ctx, url, func(m *migrate.Migrate) error { return m.Down() })
}

// Steps applies n migrations, or takes -n back.
func Steps(ctx context.Context, url string, n int) error {
	return with(ctx, url, func(m *migrate.Migrate) error { return m.Steps(n) })
}

// Version reads which migration the database is at; 0 before the first. Dirty
// says that another tool's migration broke off half-way. It changes nothing.
func Version(ctx context.Context, url string) (version uint, dirty bool, err error) {
	db, err := sql.Open("pgx/v5", url)
	if err != nil {
		return 0, false, fmt.Errorf("read schema version: %w", err)
	}
	defer func() { _ = db.Close() }()
	var at int64
	err = db.QueryRowContext(ctx, "SELECT version, dirty FROM schema_migrations LIMIT 1").Scan(&at, &dirty)
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, sql.ErrNoRows), errors.As(err, &pg) && pg.Code == undefinedTable:
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("read schema version: %w", err)
	}
	return uint(max(at, 0)), dirty, nil
}

const undefinedTable = "42P01"

// with runs one step of golang-migrate over the embedded files.
func with(ctx context.Context, url string, step func(*migrate.Migrate) error) (err error) {
	db, err := sql.Open("pgx/v5", url)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := db.PingContext(ctx); err != nil {
		return errors.Join(fmt.Errorf("migrate: %w", err), db.Close())
	}
	driver, err := pgx.WithInstance(db, &pgx.Config{})
	if err != nil {
		return errors.Join(fmt.Errorf("migrate: %w", err), db.Close())
	}
	files, err := iofs.New(Files, ".")
	if err != nil {
		return errors.Join(fmt.Errorf("migrate: %w", err), driver.Close())
	}
	m, err := migrate.NewWithInstance("embedded", files, "postgres", &atomic{Driver: driver, db: db, ctx: ctx})
	if err != nil {
		return errors.Join(fmt.Errorf("migrate: %w", err), driver.Close())
	}
	defer func() { _, closeErr := m.Close(); err = errors.Join(err, closeErr) }()
	return explain(step(m))
}

// explain puts golang-migrate's answers into our words.
func explain(err error) error {
	var dirty migrate.ErrDirty
	switch {
	case err == nil, errors.Is(err, migrate.ErrNoChange):
		return nil
	case errors.As(err, &dirty):
		return fmt.Errorf("migrate: version %d broke off half-way when another tool applied it: look at what it left, then set the version by `migrate force`", dirty.Version)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("migrate: the database is at a version this binary does not know (it knows up to %d): use a newer one: %w", Latest(), err)
	}
	return fmt.Errorf("migrate: %w", err)
}

// where says which line of a migration an error points at.
func where(text string, err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Position <= 0 || int(pg.Position) > len(text) {
		return err
	}
	line := 1 + strings.Count(string([]rune(text)[:min(int(pg.Position), len([]rune(text)))]), "\n")
	return fmt.Errorf("line %s: %w", strconv.Itoa(line), err)
}
