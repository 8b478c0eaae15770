// Package repository keeps the catalogue and the stock in PostgreSQL.
package repository

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/sneakers-marketplace/marketplace/internal/product/repository/dbgen"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
)

// Store implements service.Store. Safe for concurrent use.
type Store struct {
	pool *pgxpool.Pool
	q    *dbgen.Queries
}

var _ service.Store = (*Store)(nil)

// New returns a store on pool, which stays the caller's to close.
func New(pool *pgxpool.Pool) *Store { return &Store{pool, dbgen.New(pool)} }

// tx runs fn in one transaction. op names it in errors.
func (s *Store) tx(ctx context.Context, op string, fn func(pgx.Tx, *dbgen.Queries) error) error {
	err := database.InTx(ctx, s.pool, func(tx pgx.Tx) error { return fn(tx, s.q.WithTx(tx)) })
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

// orMissing turns "no rows" into missing and names the operation in every error.
func orMissing(err, missing error, op string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("%s: %w", op, missing)
	}
	return fmt.Errorf("%s: %w", op, err)
}
