package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// result is what the tables and the journal say.
type result struct {
	expired, overdue, kept int64
	p99, most              time.Duration
	warned, twice          int64
	warnedMost             time.Duration
}

func read(ctx context.Context, address string) (r result, err error) {
	if err := app.Settled(ctx, address); err != nil {
		return r, err
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return r, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	const late = `1000000 * extract(epoch FROM closed_at - expires_at)`
	var p99, most int64
	err = conn.QueryRow(ctx, `SELECT count(*) FILTER (WHERE status = 'expired'), count(*) FILTER (WHERE status = 'active' AND expires_at < now()),
			count(*) FILTER (WHERE status = 'active'), coalesce(percentile_cont(0.99) WITHIN GROUP (ORDER BY `+late+`), 0)::bigint,
			coalesce(max(`+late+`), 0)::bigint FROM bids`).
		Scan(&r.expired, &r.overdue, &r.kept, &p99, &most)
	if err != nil {
		return r, err
	}
	r.p99, r.most = time.Duration(p99)*time.Microsecond, time.Duration(most)*time.Microsecond
	return r, r.warnings(ctx, conn)
}

// warnings reads what the journal says of orders that have a day left.
func (r *result) warnings(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `SELECT at, body FROM bidding_journal ORDER BY shard, seq`)
	if err != nil {
		return err
	}
	const day = model.Instant(model.WarnBefore / time.Microsecond)
	seen := make(map[model.OrderID]bool)
	var at time.Time
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&at, &body}, func() error {
		entries, err := journal.Decode(body)
		for i := range entries {
			for _, e := range entries[i].Events {
				if e.Kind != model.OrderExpiring {
					continue
				}
				if seen[e.Order] {
					r.twice++
				}
				seen[e.Order] = true
				r.warnedMost = max(r.warnedMost, time.Duration(model.At(at)-(e.Expires-day))*time.Microsecond)
			}
		}
		return err
	})
	r.warned = int64(len(seen))
	return err
}
