package database_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
)

func TestPoolHas25ConnectionsAnHourAndHalfAnHour(t *testing.T) {
	t.Parallel()
	for _, cfg := range []database.Config{
		settings(t, "postgres://u:p@127.0.0.1:1/d"),
		{URL: "postgres://127.0.0.1:1/d", StatementTimeout: 30 * time.Second}, // zero values are the same defaults
	} {
		got := open(t, cfg, zerolog.Nop()).Config()
		require.EqualValues(t, 25, got.MaxConns)
		require.EqualValues(t, 0, got.MinConns)
		require.Equal(t, time.Hour, got.MaxConnLifetime)
		require.Equal(t, 30*time.Minute, got.MaxConnIdleTime)
		require.Equal(t, 5*time.Second, got.ConnConfig.ConnectTimeout)
		require.Equal(t, pgx.QueryExecModeCacheStatement, got.ConnConfig.DefaultQueryExecMode)
		require.Equal(t, "30000", got.ConnConfig.RuntimeParams["statement_timeout"])
		require.Equal(t, "marketplace", got.ConnConfig.RuntimeParams["application_name"])
	}
}

func TestSettingsReachThePool(t *testing.T) {
	t.Parallel()
	cfg := settings(t, "postgres://u:p@127.0.0.1:1/d")
	cfg.Name, cfg.MaxConns, cfg.StatementTimeout = "bidding", 3, 0
	got := open(t, cfg, zerolog.Nop()).Config()
	require.EqualValues(t, 3, got.MaxConns)
	require.Equal(t, "bidding", got.ConnConfig.RuntimeParams["application_name"])
	require.NotContains(t, got.ConnConfig.RuntimeParams, "statement_timeout")
	require.Equal(t, "off", got.ConnConfig.RuntimeParams["jit"])
	cfg.URL += "?application_name=mine"
	require.Equal(t, "mine", open(t, cfg, zerolog.Nop()).Config().ConnConfig.RuntimeParams["application_name"])
}

func TestBadURLIsNamedAndItsPasswordIsNotShown(t *testing.T) {
	t.Parallel()
	_, err := database.Open(context.Background(), database.Config{URL: " "}, zerolog.Nop())
	require.ErrorContains(t, err, "DATABASE_URL is not set")
	for _, url := range []string{
		"postgres://u:hunter2@h:port/d", "mysql://u:hunter2@h/d", "postgres://u:hunter2@h/d?pool_max_conns=x",
		"postgres://u:hunter2@h/d?sslmode=maybe", "://hunter2", "password=hunter2 port=x", "postgres://u:hunter2%zz@h/d",
	} {
		_, err := database.Open(context.Background(), database.Config{URL: url}, zerolog.Nop())
		require.ErrorContains(t, err, "DATABASE_URL: must be such as", url)
		require.NotContains(t, err.Error(), "hunter2", url)
	}
}

func TestSettingsOutOfRangeAreNamed(t *testing.T) {
	t.Parallel()
	for variable, value := range map[string]string{
		"DATABASE_MAX_CONNS": "0", "DATABASE_MIN_CONNS": "26", "DATABASE_MAX_CONN_LIFETIME": "0s", "DATABASE_MAX_CONN_IDLE_TIME": "1ms",
		"DATABASE_CONNECT_TIMEOUT": "0s", "DATABASE_STATEMENT_TIMEOUT": "1us", "DATABASE_SLOW_QUERY": "-1s",
	} {
		_, err := config.Load[database.Config](config.Source{variable: value})
		require.ErrorContains(t, err, variable+"=")
	}
	for variable, value := range map[string]string{"REDIS_POOL_SIZE": "0", "REDIS_DIAL_TIMEOUT": "0s", "REDIS_TIMEOUT": "0s"} {
		_, err := config.Load[database.RedisConfig](config.Source{variable: value})
		require.ErrorContains(t, err, variable+"=")
	}
}
