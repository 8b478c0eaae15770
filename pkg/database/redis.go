package database

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

// RedisConfig is the settings of the optional Redis.
type RedisConfig struct {
	URL          string        `env:"REDIS_URL" secret:"true" doc:"redis://[:password@]host:port/number; blank: limits and caches live in the process"`
	PoolSize     int           `env:"REDIS_POOL_SIZE" envDefault:"10" doc:"most connections of one service"`
	DialTimeout  time.Duration `env:"REDIS_DIAL_TIMEOUT" envDefault:"1s" doc:"longest wait for a new connection"`
	QueryTimeout time.Duration `env:"REDIS_TIMEOUT" envDefault:"500ms" doc:"longest wait for one command's answer"`
}

// Validate names the variable that is out of range.
func (c RedisConfig) Validate() error {
	switch {
	case c.PoolSize < 1 || c.PoolSize > 1000:
		return config.Bad("REDIS_POOL_SIZE", c.PoolSize, "must be 1 to 1000")
	case c.DialTimeout <= 0:
		return config.Bad("REDIS_DIAL_TIMEOUT", c.DialTimeout, "must be more than 0s")
	case c.QueryTimeout <= 0:
		return config.Bad("REDIS_TIMEOUT", c.QueryTimeout, "must be more than 0s")
	}
	return nil
}

// OpenRedis returns a client, or nil when no URL is configured. The server may still
// be down; commands then fail within the timeouts.
// Errors name REDIS_URL and never show its password.
func OpenRedis(cfg RedisConfig) (*redis.Client, error) {
	if cfg.URL == "" {
		return nil, nil //nolint:nilnil // no Redis is a valid configuration, not a failure
	}
	opts, err := redis.ParseURL(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL: must be such as redis://:password@host:6379/0")
	}
	if cfg.PoolSize > 0 {
		opts.PoolSize = cfg.PoolSize
	}
	if cfg.DialTimeout > 0 {
		opts.DialTimeout = cfg.DialTimeout
	}
	if cfg.QueryTimeout > 0 {
		opts.ReadTimeout, opts.WriteTimeout = cfg.QueryTimeout, cfg.QueryTimeout
	}
	opts.ContextTimeoutEnabled = true
	opts.ClientName = "marketplace"
	return redis.NewClient(opts), nil
}

// RedisHealth reports whether the server answers, within two seconds; a nil client is healthy.
func RedisHealth(ctx context.Context, client *redis.Client) error {
	if client == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	return nil
}
