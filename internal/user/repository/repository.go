// Package repository keeps accounts, sessions, addresses and the audit trail on
// PostgreSQL, and the login throttle in the process or on Redis.
package repository

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/internal/user/repository/dbgen"
	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/outbox"
)

// Repository is service.Store on PostgreSQL.
type Repository struct {
	pool *pgxpool.Pool // nil inside a transaction
	db   outbox.DB     // the pool or the transaction
	q    *dbgen.Queries
}

var _ service.Store = (*Repository)(nil)

// New returns a store on pool, which stays the caller's to close.
func New(pool *pgxpool.Pool) *Repository { return &Repository{pool, pool, dbgen.New(pool)} }

// InTx implements service.Store; inside a transaction fn joins it.
func (r *Repository) InTx(ctx context.Context, fn func(service.Store) error) error {
	if r.pool == nil {
		return fn(r)
	}
	return database.InTx(ctx, r.pool, func(tx pgx.Tx) error {
		return fn(&Repository{nil, tx, r.q.WithTx(tx)})
	})
}

// Audit implements service.Store.
func (r *Repository) Audit(ctx context.Context, e model.Entry) error {
	before, err := values(e.Old)
	if err != nil {
		return err
	}
	after, err := values(e.New)
	if err != nil {
		return err
	}
	err = r.q.AppendAudit(ctx, dbgen.AppendAuditParams{
		ID: id.New(), UserID: e.UserID, ActorID: optional(e.ActorID), Action: string(e.Action),
		OldValue: before, NewValue: after, Reason: e.Reason, RequestID: e.RequestID, CreatedAt: e.At,
	})
	return wrap(err, "audit %s of %s", e.Action, e.UserID)
}

// Sweep implements service.Store.
func (r *Repository) Sweep(ctx context.Context, now, old time.Time) error {
	if _, err := r.q.DropExpiredTokens(ctx, now); err != nil {
		return fmt.Errorf("drop expired refresh tokens: %w", err)
	}
	_, err := r.q.DropOldSessions(ctx, old)
	return wrap(err, "drop old sessions")
}

func values(v map[string]any) ([]byte, error) {
	if v == nil {
		return []byte("{}"), nil
	}
	raw, err := json.Marshal(v)
	return raw, wrap(err, "encode audit value")
}

// optional is NULL for the zero id.
func optional(u id.UUID) *id.UUID {
	if u == id.None {
		return nil
	}
	return &u
}

// keyset splits a cursor into the two nullable parameters of a list.
func keyset(c *service.Cursor) (*time.Time, *id.UUID) {
	if c == nil {
		return nil, nil
	}
	return &c.At, &c.ID
}

func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}

// found turns "no row" into the domain's "no".
func found(err, unknown error, key any) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("%v: %w", key, unknown)
	}
	return fmt.Errorf("read %v: %w", key, err)
}
