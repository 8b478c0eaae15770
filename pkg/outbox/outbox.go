// Package outbox keeps a service's events in a table of its own, written in the
// transaction of what they tell (EVENT-001). Positions are given under a lock that
// ends with the transaction, so they are the order of commits and have no gaps.
package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/sneakers-marketplace/marketplace/pkg/event"
)

// Outbox is the pair of tables <name> (seq, at, kind, payload) and <name>_head (seq, one row).
type Outbox struct {
	append, after, since, head string // statements
}

// New returns the outbox in the tables of that name.
func New(name string) Outbox {
	table, head := pgx.Identifier{name}.Sanitize(), pgx.Identifier{name + "_head"}.Sanitize()
	return Outbox{
		append: `WITH head AS (UPDATE ` + head + ` SET seq = seq + $2 RETURNING seq)
			INSERT INTO ` + table + ` (seq, at, kind, payload)
			SELECT head.seq - $2 + e.place, $1, e.kind, e.payload
			FROM head, unnest($3::text[], $4::bytea[]) WITH ORDINALITY AS e (kind, payload, place)`,
		after: `SELECT seq, at, kind, payload FROM ` + table + ` WHERE seq > $1 ORDER BY seq LIMIT $2`,
		since: `SELECT seq, at, kind, payload FROM ` + table + ` WHERE at >= $1 ORDER BY seq`,
		head:  `SELECT seq FROM ` + head,
	}
}

// Append writes events at the end of the outbox. It should be the last thing a
// transaction does: other writers wait for it from here on.
func (o Outbox) Append(ctx context.Context, tx DB, at time.Time, events ...proto.Message) error {
	if len(events) == 0 {
		return nil
	}
	kinds, payloads := make([]string, len(events)), make([][]byte, len(events))
	for i, e := range events {
		raw, err := proto.Marshal(e)
		if err != nil {
			return fmt.Errorf("encode %s: %w", e.ProtoReflect().Descriptor().FullName(), err)
		}
		kinds[i], payloads[i] = string(e.ProtoReflect().Descriptor().FullName()), raw
	}
	rows, err := tx.Query(ctx, o.append, at, len(events), kinds, payloads)
	if err != nil {
		return fmt.Errorf("append to the outbox: %w", err)
	}
	rows.Close()
	if err := rows.Err(); err != nil {
		return fmt.Errorf("append to the outbox: %w", err)
	}
	return nil
}

// DB is a pool or a transaction.
type DB interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// After reads at most limit events behind a position, each a batch of its own.
func (o Outbox) After(ctx context.Context, db DB, seq int64, limit int) ([]event.Batch, error) {
	return read(ctx, db, o.after, seq, limit)
}

// Since reads every event at or after an instant.
func (o Outbox) Since(ctx context.Context, db DB, at time.Time) ([]event.Batch, error) {
	return read(ctx, db, o.since, at)
}

// Head is the position of the last event, 0 when there is none.
func (o Outbox) Head(ctx context.Context, db DB) (int64, error) {
	rows, err := db.Query(ctx, o.head)
	if err != nil {
		return 0, fmt.Errorf("head of the outbox: %w", err)
	}
	head, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[int64])
	if err != nil {
		return 0, fmt.Errorf("head of the outbox: %w", err)
	}
	return head, nil
}

const typePrefix = "type.googleapis.com/"

func read(ctx context.Context, db DB, sql string, args ...any) ([]event.Batch, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	var seq int64
	var at time.Time
	var kind string
	var payload []byte
	var out []event.Batch
	_, err = pgx.ForEachRow(rows, []any{&seq, &at, &kind, &payload}, func() error {
		packed := &anypb.Any{TypeUrl: typePrefix + kind, Value: append([]byte(nil), payload...)}
		out = append(out, event.Batch{Seq: seq, Events: []event.Event{{At: at, Payload: packed}}})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	return out, nil
}
