// Package repository keeps the exchange in PostgreSQL: the engine's journal,
// ownership and recovery, the projection into tables, and what people list.
package repository

import (
	"github.com/jackc/pgx/v5/pgxpool"
)

// Repository implements engine.Store and service.Store.
type Repository struct {
	pool    *pgxpool.Pool // for everything but commits
	commits *pgxpool.Pool
}

// New returns a repository on two pools of one database that has the bidding
// migrations. The connections of commits have CommitParameters; where it matters
// little, in tests, both may be the same pool.
func New(pool, commits *pgxpool.Pool) *Repository { return &Repository{pool: pool, commits: commits} }

// CommitParameters make every commit look its rows up by index. A commit's
// statements are prepared once, often while the tables are empty, and then a scan
// of the whole table looks cheapest; that plan would stay while the tables grow.
func CommitParameters() map[string]string {
	return map[string]string{"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
}
