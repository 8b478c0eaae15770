package repository

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// Project implements engine.Projection. The transaction does not wait for the disk:
// what a crash takes of it is in the journal and is written again.
func (r *Repository) Project(ctx context.Context, shard uint8, after int64, records []*engine.Record) error {
	to := records[len(records)-1].Row.Seq
	f := foldRecords(records)
	fresh := newRows(f)
	b := &pgx.Batch{}
	b.Queue(`SELECT set_config('synchronous_commit', 'off', true)`)
	b.Queue(`SELECT bidding_projected($1, $2, $3)`, int16(shard), after, to)
	f.write(b, int16(shard))
	err := pgx.BeginFunc(ctx, r.commits, func(tx pgx.Tx) error {
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		for _, rows := range fresh {
			if err := rows.send(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("project batches %d to %d of shard %d: %w", after+1, to, shard, classify(err))
	}
	return nil
}

// Behind implements engine.Projection.
func (r *Repository) Behind(ctx context.Context, shard uint8, limit int) (int64, []journal.Row, error) {
	var after int64
	err := r.pool.QueryRow(ctx, `SELECT seq FROM bidding_projection WHERE shard = $1`, int16(shard)).Scan(&after)
	if err != nil {
		return 0, nil, fmt.Errorf("how far the tables of shard %d are: %w", shard, err)
	}
	behind, err := r.Rows(ctx, shard, after, limit)
	if err == nil && len(behind) > 0 && behind[0].Seq != after+1 {
		err = fmt.Errorf("the tables of shard %d show batch %d, and the next one in the journal is %d: the rows between are to be restored",
			shard, after, behind[0].Seq)
	}
	return after, behind, err
}

// Lag implements engine.Projection.
func (r *Repository) Lag(ctx context.Context, shard uint8) (head, projected int64, err error) {
	err = r.pool.QueryRow(ctx, `SELECT s.seq, p.seq FROM bidding_shards s JOIN bidding_projection p USING (shard) WHERE shard = $1`, int16(shard)).
		Scan(&head, &projected)
	if err != nil {
		return 0, 0, fmt.Errorf("how far shard %d and its tables are: %w", shard, err)
	}
	return head, projected, nil
}

const rowColumns = `shard, seq, epoch, at, n, prev_hash, hash, body`

func scanRow(row pgx.CollectableRow) (journal.Row, error) {
	var r journal.Row
	var shard int16
	var prev, hash []byte
	var at time.Time
	if err := row.Scan(&shard, &r.Seq, &r.Epoch, &at, &r.N, &prev, &hash, &r.Body); err != nil {
		return r, err
	}
	r.Shard, r.At, r.PrevHash, r.Hash = uint8(shard), model.At(at), journal.Hash(prev), journal.Hash(hash)
	return r, nil
}
