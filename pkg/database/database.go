// Package database opens the connections a service keeps: PostgreSQL through pgx and,
// when configured, Redis. It knows which errors mean "the database is away" and which
// constraint a statement ran into, so that repositories need no SQLSTATE of their own.
package database

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"
)

// Open returns a pool for cfg. Connections are made when they are first needed, so the
// server may still be down; ctx bounds only the warm-up of MinConns. How long a caller
// waits for a connection is bounded by the context of the call.
// Errors name DATABASE_URL and never show its password.
func Open(ctx context.Context, cfg Config, log zerolog.Logger) (*pgxpool.Pool, error) {
	pc, err := cfg.withDefaults().pool(log)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("open database pool: %w", err)
	}
	return pool, nil
}

// InTx runs fn in one transaction: committed when fn returns nil, rolled back when it
// returns an error or panics. The error of fn is returned as it is.
func InTx(ctx context.Context, pool *pgxpool.Pool, fn func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, pool, fn)
}

// healthTimeout bounds a probe whose caller named no deadline.
const healthTimeout = 2 * time.Second

// Health reports whether the server answers, within two seconds.
func Health(ctx context.Context, pool *pgxpool.Pool) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	if err := pool.Ping(ctx); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	return nil
}
