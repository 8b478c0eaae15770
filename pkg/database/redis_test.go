package database_test

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
)

func TestNoURLMeansNoRedis(t *testing.T) {
	t.Parallel()
	cfg, err := config.Load[database.RedisConfig](config.Source{})
	require.NoError(t, err)
	client, err := database.OpenRedis(cfg)
	require.NoError(t, err)
	require.Nil(t, client)
	require.NoError(t, database.RedisHealth(t.Context(), client))
}

func TestRedisIsOpenedWithItsSettings(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	server.RequireAuth("hunter2")
	cfg, err := config.Load[database.RedisConfig](config.Source{"REDIS_URL": "redis://:hunter2@" + server.Addr() + "/3", "REDIS_POOL_SIZE": "4"})
	require.NoError(t, err)
	client, err := database.OpenRedis(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	require.NoError(t, database.RedisHealth(t.Context(), client))
	require.NoError(t, client.Set(t.Context(), "k", "v", 0).Err())
	require.True(t, server.DB(3).Exists("k"))
	opts := client.Options()
	require.Equal(t, 4, opts.PoolSize)
	require.Equal(t, time.Second, opts.DialTimeout)
	require.Equal(t, 500*time.Millisecond, opts.ReadTimeout)
	require.Equal(t, 500*time.Millisecond, opts.WriteTimeout)
}

func TestRedisThatIsDownIsUnhealthyAndHeals(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client, err := database.OpenRedis(database.RedisConfig{URL: "redis://" + server.Addr()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	server.Close()
	require.ErrorContains(t, database.RedisHealth(context.Background(), client), "redis: ")
	require.NoError(t, server.Restart())
	require.NoError(t, database.RedisHealth(context.Background(), client))
}

func TestBadRedisURLIsNamedAndItsPasswordIsNotShown(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"http://:hunter2@h", "redis://:hunter2@h:port/x", "redis://:hunter2@h/x", "hunter2"} {
		_, err := database.OpenRedis(database.RedisConfig{URL: url})
		require.ErrorContains(t, err, "REDIS_URL: must be such as")
		require.NotContains(t, err.Error(), "hunter2")
	}
}
