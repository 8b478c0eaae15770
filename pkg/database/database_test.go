package database_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/logger"
)

func TestConnectionsNameThemselvesAndTheirTimeout(t *testing.T) {
	t.Parallel()
	cfg := settings(t, testkit.EmptyDatabaseURL(t))
	cfg.Name = "product"
	pool := open(t, cfg, zerolog.Nop())
	var name, timeout string
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT current_setting('application_name'), current_setting('statement_timeout')").Scan(&name, &timeout))
	require.Equal(t, "product", name)
	require.Equal(t, "30s", timeout)
	require.NoError(t, database.Health(t.Context(), pool))
}

func TestTIME_001_InstantsComeBackInUTC(t *testing.T) {
	t.Parallel()
	pool := open(t, settings(t, testkit.EmptyDatabaseURL(t)), zerolog.Nop())
	var one time.Time
	var some []time.Time
	row := pool.QueryRow(t.Context(), "SELECT $1::timestamptz, ARRAY[$1::timestamptz]", time.Date(2026, 1, 2, 3, 4, 5, 6000, time.FixedZone("x", 3600)))
	require.NoError(t, row.Scan(&one, &some))
	want := time.Date(2026, 1, 2, 2, 4, 5, 6000, time.UTC)
	require.Equal(t, want, one)
	require.Equal(t, []time.Time{want}, some)
}

func TestTransactionIsAllOrNothing(t *testing.T) {
	t.Parallel()
	pool := open(t, settings(t, testkit.EmptyDatabaseURL(t)), zerolog.Nop())
	ctx := t.Context()
	_, err := pool.Exec(ctx, "CREATE TABLE things (id int CONSTRAINT things_pkey PRIMARY KEY, CONSTRAINT things_id_check CHECK (id > 0))")
	require.NoError(t, err)
	insert := func(id int) func(pgx.Tx) error {
		return func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO things VALUES ($1)", id)
			return err
		}
	}
	require.NoError(t, database.InTx(ctx, pool, insert(1)))
	boom := errors.New("boom")
	require.ErrorIs(t, database.InTx(ctx, pool, func(tx pgx.Tx) error { return errors.Join(insert(2)(tx), boom) }), boom)
	require.PanicsWithValue(t, "bug", func() {
		_ = database.InTx(ctx, pool, func(tx pgx.Tx) error {
			require.NoError(t, insert(3)(tx))
			panic("bug")
		})
	})
	var count int
	require.NoError(t, pool.QueryRow(ctx, "SELECT count(*) FROM things").Scan(&count))
	require.Equal(t, 1, count)
	require.Zero(t, pool.Stat().AcquiredConns())

	duplicate := database.InTx(ctx, pool, insert(1))
	require.True(t, database.Violates(duplicate, "things_pkey"))
	require.False(t, database.Violates(duplicate, "things_id_check"))
	require.False(t, database.Unreachable(duplicate))
	require.True(t, database.Violates(database.InTx(ctx, pool, insert(0)), "things_id_check"))
	require.False(t, database.Violates(boom, ""))
}

func TestWaitForAConnectionIsBoundedByTheCallersContext(t *testing.T) {
	t.Parallel()
	cfg := settings(t, testkit.EmptyDatabaseURL(t))
	cfg.MaxConns = 1
	pool := open(t, cfg, zerolog.Nop())
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = database.Health(ctx, pool)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.False(t, database.Unreachable(err), "the database is there; the pool was busy")
}

func TestStatementThatRunsTooLongIsStopped(t *testing.T) {
	t.Parallel()
	cfg := settings(t, testkit.EmptyDatabaseURL(t))
	cfg.StatementTimeout = 20 * time.Millisecond
	pool := open(t, cfg, zerolog.Nop())
	_, err := pool.Exec(t.Context(), "SELECT pg_sleep(10)")
	require.True(t, database.TimedOut(err), "%v", err)
	require.False(t, database.Unreachable(err))
}

func TestDeadlockIsALostRace(t *testing.T) {
	t.Parallel()
	pool := open(t, settings(t, testkit.EmptyDatabaseURL(t)), zerolog.Nop())
	_, err := pool.Exec(t.Context(), "DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$")
	require.True(t, database.LostRace(err))
	require.False(t, database.LostRace(nil))
}

func TestFailedAndSlowStatementsAreLoggedWithTheRequestID(t *testing.T) {
	t.Parallel()
	var out lines
	cfg := settings(t, testkit.EmptyDatabaseURL(t))
	cfg.SlowQuery = time.Nanosecond
	pool := open(t, cfg, logger.New(logger.Production(), "user", &out))
	ctx := logger.WithRequestID(t.Context(), "req-42")

	_, err := pool.Exec(ctx, "SELECT 1/0\n\t -- a comment", pgx.QueryExecModeSimpleProtocol)
	require.Error(t, err)
	var n int
	require.NoError(t, pool.QueryRow(ctx, "SELECT $1::int", 424242).Scan(&n))
	batch := &pgx.Batch{}
	batch.Queue("SELECT 7")
	batch.Queue("SELECT 1/0")
	require.Error(t, pool.SendBatch(ctx, batch).Close())

	got := out.all(t)
	messages := map[any]bool{}
	for _, l := range got {
		require.Equal(t, "req-42", l[logger.FieldRequestID], l)
		require.Equal(t, "user", l[logger.FieldService])
		require.NotContains(t, l["sql"], "424242", "arguments are people's data")
		messages[l["message"]] = true
	}
	require.Equal(t, "statement failed", got[0]["message"])
	require.Equal(t, "warn", got[0]["level"])
	require.Equal(t, "SELECT 1/0 -- a comment", got[0]["sql"])
	require.Contains(t, got[0]["error"], "division by zero")
	require.True(t, messages["slow statement"])
	require.Equal(t, "statement failed", got[len(got)-1]["message"])
	require.Equal(t, "SELECT 7", got[len(got)-1]["sql"])
}

func TestEverydayAnswersAreNoWarnings(t *testing.T) {
	t.Parallel()
	var out lines
	pool := open(t, settings(t, testkit.EmptyDatabaseURL(t)), logger.New(logger.Production(), "user", &out))
	_, err := pool.Exec(t.Context(), "CREATE TABLE once (id int PRIMARY KEY)")
	require.NoError(t, err)
	for range 2 {
		_, err = pool.Exec(t.Context(), "INSERT INTO once VALUES (1)")
	}
	require.True(t, database.Violates(err, "once_pkey"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = pool.Exec(ctx, "SELECT 1")
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, out.all(t))
}

func TestPoolStatisticsAreMetrics(t *testing.T) {
	t.Parallel()
	pool := open(t, settings(t, testkit.EmptyDatabaseURL(t)), zerolog.Nop())
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	reg := prometheus.NewPedanticRegistry()
	reg.MustRegister(database.NewCollector(pool, "user"), database.NewCollector(pool, "product"))
	families, err := reg.Gather()
	require.NoError(t, err)
	values := map[string]float64{}
	for _, f := range families {
		require.Len(t, f.GetMetric(), 2, "one per service")
		m := f.GetMetric()[0]
		values[f.GetName()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
	}
	require.Len(t, values, 13)
	require.Equal(t, 1.0, values["database_pool_acquired_connections"])
	require.Equal(t, 25.0, values["database_pool_max_connections"])
	require.Equal(t, 1.0, values["database_pool_total_connections"])
	require.Equal(t, 1.0, values["database_pool_waits_total"])
	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	require.Empty(t, problems)
}
