package repository

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
)

// fenceRaised is the SQLSTATE that bidding_fence raises.
const fenceRaised = "SM001"

// Commit implements engine.Log: fence and journal row travel in one pipeline, which
// PostgreSQL runs as one transaction.
func (r *Repository) Commit(ctx context.Context, row *journal.Row) error {
	b := &pgx.Batch{}
	at := row.At.Time()
	b.Queue(`SELECT bidding_fence($1, $2, $3, $4, $5, $6)`,
		int16(row.Shard), row.Epoch, row.Seq, row.N, row.Hash[:], at)
	b.Queue(`INSERT INTO bidding_journal (shard, seq, epoch, at, n, prev_hash, hash, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		int16(row.Shard), row.Seq, row.Epoch, at, row.N, row.PrevHash[:], row.Hash[:], row.Body)
	if err := r.commits.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("commit batch %d of shard %d: %w", row.Seq, row.Shard, classify(err))
	}
	return nil
}

// classify tells what was certainly refused from what may have been done.
func classify(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code == fenceRaised:
			return engine.ErrFenced
		case strings.HasPrefix(pg.Code, "22"), strings.HasPrefix(pg.Code, "23"):
			return fmt.Errorf("%w: %w", engine.ErrData, err)
		}
	}
	return err
}

// Written implements engine.Log.
func (r *Repository) Written(ctx context.Context, shard uint8, seq int64) (int64, journal.Hash, bool, error) {
	var epoch int64
	var hash []byte
	err := r.pool.QueryRow(ctx, `SELECT epoch, hash FROM bidding_journal WHERE shard = $1 AND seq = $2`, int16(shard), seq).
		Scan(&epoch, &hash)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, journal.Hash{}, false, nil
	}
	if err != nil {
		return 0, journal.Hash{}, false, fmt.Errorf("read batch %d of shard %d: %w", seq, shard, err)
	}
	return epoch, journal.Hash(hash), true, nil
}
