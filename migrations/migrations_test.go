package migrations_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/golang-migrate/migrate/v4"
	_ "github.com/golang-migrate/migrate/v4/source/file"
	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/migrations"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
)

// golang-migrate reads ahead, and forgets the reader when a migration fails.
func TestMain(m *testing.M) {
	testkit.Main(m, goleak.IgnoreAnyFunction("github.com/golang-migrate/migrate/v4.(*Migration).Buffer"))
}

// tables lists what the migrations made, functions included.
func tables(t *testing.T, url string) string {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	var out string
	require.NoError(t, conn.QueryRow(context.Background(), `
		SELECT coalesce(string_agg(name, ' ' ORDER BY name), '') FROM (
			SELECT relname::text AS name FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'schema_migrations%'
			UNION ALL
			SELECT proname FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
				AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
			UNION ALL
			SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
		) x`).Scan(&out))
	return out
}

func TestUpDownUpOnEveryInstallation(t *testing.T) {
	t.Parallel()
	found, err := embeddedpg.Find("", "..")
	require.NoError(t, err)
	for _, inst := range found {
		t.Run(inst.Version, func(t *testing.T) {
			t.Parallel()
			upDownUp(t, serve(t, inst))
		})
	}
}

func serve(t *testing.T, inst embeddedpg.Installation) (url string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "mig-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711)) //nolint:gosec // root's server walks through it as another user
	s, err := embeddedpg.Start(context.Background(), embeddedpg.Options{StateDir: dir, Bin: inst.Bin, Throwaway: true, Log: zerolog.Nop()})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, s.Stop(context.Background()))
		require.NoError(t, os.RemoveAll(dir))
	})
	return s.URL()
}

func upDownUp(t *testing.T, url string) {
	t.Helper()
	ctx := context.Background()
	require.NoError(t, migrations.Up(ctx, url))
	first := tables(t, url)
	require.Contains(t, first, "users")
	requireVersion(t, url, migrations.Latest())
	require.NoError(t, migrations.Up(ctx, url), "nothing to do is no error")

	require.NoError(t, migrations.Down(ctx, url))
	require.Empty(t, tables(t, url), "down leaves nothing behind")
	requireVersion(t, url, 0)

	require.NoError(t, migrations.Up(ctx, url))
	require.Equal(t, first, tables(t, url))
	require.NoError(t, migrations.Steps(ctx, url, -1))
	requireVersion(t, url, migrations.Latest()-1)
	require.NoError(t, migrations.Steps(ctx, url, 1))
	require.Equal(t, first, tables(t, url))
}

func requireVersion(t *testing.T, url string, want uint) {
	t.Helper()
	got, dirty, err := migrations.Version(context.Background(), url)
	require.NoError(t, err)
	require.False(t, dirty)
	require.Equal(t, want, got)
}

func TestPlainGolangMigrateAppliesTheSameFiles(t *testing.T) {
	t.Parallel()
	url := testkit.EmptyDatabaseURL(t)
	m, err := migrate.New("file://.", "pgx5"+strings.TrimPrefix(url, "postgres"))
	require.NoError(t, err)
	require.NoError(t, m.Up())
	requireVersion(t, url, migrations.Latest())
	require.NoError(t, migrations.Up(context.Background(), url), "ours sees that nothing is missing")
	require.NoError(t, m.Down())
	require.Empty(t, tables(t, url))
	require.NoError(t, m.Up())
	sourceErr, databaseErr := m.Close()
	require.NoError(t, sourceErr)
	require.NoError(t, databaseErr)
	requireVersion(t, url, migrations.Latest())
}

func TestSeveralProcessesMayMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := testkit.EmptyDatabaseURL(t)
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { errs[i] = migrations.Up(context.Background(), url) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	requireVersion(t, url, migrations.Latest())
}

func TestMigrationThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := testkit.EmptyDatabaseURL(t)
	run(t, url, "CREATE TABLE addresses (taken int)") // in the way of the first migration
	err := migrations.Up(ctx, url)
	require.ErrorContains(t, err, "to version 1")
	require.ErrorContains(t, err, "already exists")
	requireVersion(t, url, 0)
	require.NotContains(t, tables(t, url), "users")

	run(t, url, "DROP TABLE addresses")
	require.NoError(t, migrations.Up(ctx, url), "it can simply be tried again")
}

func TestHalfDoneMigrationOfAnotherToolIsExplained(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := testkit.DatabaseURL(t)
	run(t, url, "UPDATE schema_migrations SET dirty = true")
	_, dirty, err := migrations.Version(ctx, url)
	require.NoError(t, err)
	require.True(t, dirty)
	require.ErrorContains(t, migrations.Up(ctx, url), "broke off half-way")
}

func TestDatabaseOfANewerBinaryIsExplained(t *testing.T) {
	t.Parallel()
	url := testkit.DatabaseURL(t)
	run(t, url, "UPDATE schema_migrations SET version = 999")
	require.ErrorContains(t, migrations.Up(context.Background(), url), "does not know")
}

func TestUnreachableDatabaseIsAnError(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, url := range []string{"postgres:///x?host=/nowhere", "postgres://%"} {
		require.ErrorContains(t, migrations.Up(ctx, url), "migrate")
		_, _, err := migrations.Version(ctx, url)
		require.ErrorContains(t, err, "read schema version")
	}
}

func run(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(context.Background(), sql)
	require.NoError(t, err)
}
