// Package repository keeps the exchange in PostgreSQL: the engine's journal,
// ownership and recovery, the projection into tables, and what people list.
package repository

import (
	"github.com/jackc/pgx/v5/pgxpool"
)

// Repository implements engine.Store and service.Store.
type Repository struct {
	pool *pgxpool.Pool
}

// New returns a repository on a pool whose database has the bidding migrations.
func New(pool *pgxpool.Pool) *Repository { return &Repository{pool: pool} }
