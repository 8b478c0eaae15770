package app

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// Settled waits until the exchange's tables show all of its journal, for programs that
// read them beside the services. Errors: of the database; ctx's cause.
func Settled(ctx context.Context, url string) error {
	conn, err := connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	return until(ctx, conn, clock.System{}, shown)
}

// shown says whether the tables show all of the journal.
const shown = `SELECT bool_and(s.seq = p.seq) FROM bidding_shards s JOIN bidding_projection p USING (shard)`

// consumed says whether the exchange has noted that it consumed every event: it does so
// after their effects, which is all that a client sees.
const consumed = `SELECT coalesce((SELECT seq FROM user_outbox_head) = (SELECT seq FROM bidding_positions WHERE source = 'user')
	AND (SELECT seq FROM product_outbox_head) = (SELECT seq FROM bidding_positions WHERE source = 'product'), false)`

// followed waits until the exchange has consumed every event and shows what came of it.
func followed(ctx context.Context, database string, c clock.Clock) error {
	conn, err := connect(ctx, database)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, errors.New("the exchange does not consume every event"))
	defer cancel()
	err = errors.Join(until(ctx, conn, c, consumed), until(ctx, conn, c, shown))
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == undefinedTable {
		return nil // services with databases of their own
	}
	return err
}

const undefinedTable = "42P01"

const followEvery = 20 * time.Millisecond

// until asks again and again until the answer is yes.
func until(ctx context.Context, conn *pgx.Conn, c clock.Clock, question string) error {
	for {
		var yes bool
		if err := conn.QueryRow(ctx, question).Scan(&yes); err != nil || yes {
			return err
		}
		select {
		case <-c.After(followEvery):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
