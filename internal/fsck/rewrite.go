package fsck

import (
	"bytes"
	"context"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
)

// edit changes one row of the journal, or what it holds; false leaves it alone.
type edit func(r *row, b *journalv1.Batch) bool

// inEntry is an edit of the first entry that change takes.
func inEntry(change func(e *journalv1.Entry) bool) edit {
	return func(_ *row, b *journalv1.Batch) bool {
		for _, e := range b.GetEntries() {
			if change(e) {
				return true
			}
		}
		return false
	}
}

// inEvent is an edit of the first event that change takes.
func inEvent(change func(e *journalv1.Event) bool) edit {
	return inEntry(func(e *journalv1.Entry) bool {
		for _, ev := range e.GetEvents() {
			if change(ev) {
				return true
			}
		}
		return false
	})
}

// rewrite edits the first row that change takes, shard by shard, and seals it and
// all that follow again, as a forger would who knows how.
func rewrite(ctx context.Context, tx pgx.Tx, change edit) error {
	rows, err := tx.Query(ctx, `SELECT DISTINCT shard FROM bidding_journal ORDER BY shard`)
	if err != nil {
		return err
	}
	shards, err := pgx.CollectRows(rows, pgx.RowTo[int16])
	if err != nil {
		return err
	}
	for _, number := range shards {
		changed, err := rewriteShard(ctx, tx, number, change)
		if err != nil || changed {
			return err
		}
	}
	return errNothing
}

func rewriteShard(ctx context.Context, tx pgx.Tx, number int16, change edit) (changed bool, err error) {
	s := newShard(newExchange(&inspection{tx: tx}), number)
	for {
		page, err := s.page(ctx)
		if err != nil {
			return false, err
		}
		for n := range page {
			if changed, err = s.forge(ctx, &page[n], change, changed); err != nil {
				return false, err
			}
			s.last = page[n]
		}
		if len(page) < pageRows {
			break
		}
	}
	if !changed {
		return false, nil
	}
	_, err = tx.Exec(ctx, `UPDATE bidding_shards SET n = $2, hash = $3, at = to_timestamp($4::numeric / 1000000) WHERE shard = $1`,
		number, s.last.n, s.last.hash, int64(s.last.at))
	return true, err
}

// forge changes a row, unless one before was changed, and seals it if any was.
func (s *shard) forge(ctx context.Context, r *row, change edit, changed bool) (bool, error) {
	if !changed {
		var b journalv1.Batch
		if err := proto.Unmarshal(r.body, &b); err != nil {
			return false, err
		}
		before := bytes.Clone(r.body)
		if changed = change(r, &b); !changed {
			return false, nil
		}
		if bytes.Equal(before, r.body) {
			var err error
			if r.body, err = proto.Marshal(&b); err != nil {
				return false, err
			}
		}
	}
	if r.seq > 1 {
		r.prev = s.last.hash
	}
	d := r.digest()
	r.hash = d[:]
	_, err := s.tx.Exec(ctx, `UPDATE bidding_journal SET epoch = $3, at = to_timestamp($4::numeric / 1000000), n = $5, prev_hash = $6,
		hash = $7, body = $8 WHERE shard = $1 AND seq = $2`, s.number, r.seq, r.epoch, int64(r.at), r.n, r.prev, r.hash, r.body)
	return true, err
}
