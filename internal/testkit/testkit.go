// Package testkit gives every test a database of its own: a clone of one
// migrated template on one PostgreSQL per test process. Only tests import it.
package testkit

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// poolSize bounds a test's connections; many tests run at once.
const poolSize = 10

const patience = time.Minute

// Main is the body of a package's TestMain: it runs the tests, stops the
// process's PostgreSQL and fails when a goroutine is left running, but for
// those that allowed names.
func Main(m *testing.M, allowed ...goleak.Option) {
	goleak.VerifyTestMain(suite{m}, allowed...)
}

type suite struct{ m *testing.M }

func (s suite) Run() int {
	code := s.m.Run()
	if err := shared.stop(); err != nil {
		_, _ = os.Stderr.WriteString("testkit: " + err.Error() + "\n")
		return 1
	}
	return code
}

// Database returns a pool on a fresh, migrated database that is dropped when
// the test ends. The package's TestMain must be Main.
func Database(t testing.TB) *pgxpool.Pool {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(DatabaseURL(t))
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	cfg.MaxConns = poolSize
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// DatabaseURL is Database for code that opens its own connections.
func DatabaseURL(t testing.TB) string {
	t.Helper()
	template, err := shared.template()
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	return create(t, " TEMPLATE "+pgx.Identifier{template}.Sanitize())
}

// EmptyDatabaseURL names a fresh database without any migration.
func EmptyDatabaseURL(t testing.TB) string {
	t.Helper()
	return create(t, "")
}

// create makes a database that is dropped when the test ends.
func create(t testing.TB, how string) string {
	t.Helper()
	server, err := shared.url()
	if err != nil {
		t.Fatalf("testkit: %v", err)
	}
	name := "test_" + id.New().String()
	if err := exec(server, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()+how); err != nil {
		t.Fatalf("testkit: %v", err)
	}
	t.Cleanup(func() {
		if err := exec(server, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)"); err != nil {
			t.Errorf("testkit: %v", err)
		}
	})
	return within(server, name)
}

// exec runs one statement on a connection of its own.
func exec(url, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, statement)
	return err
}
