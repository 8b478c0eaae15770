package app

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// followed waits until the exchange has noted that it consumed every event: it does so
// after their effects, which is all that a client sees.
func followed(ctx context.Context, database string, c clock.Clock) error {
	conn, err := connect(ctx, database)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, errors.New("the exchange does not consume every event"))
	defer cancel()
	for {
		var done bool
		err := conn.QueryRow(ctx, `SELECT coalesce((SELECT seq FROM user_outbox_head) = (SELECT seq FROM bidding_positions WHERE source = 'user')
			AND (SELECT seq FROM product_outbox_head) = (SELECT seq FROM bidding_positions WHERE source = 'product'), false)`).Scan(&done)
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == undefinedTable {
			return nil // services with databases of their own
		}
		if err != nil || done {
			return err
		}
		select {
		case <-c.After(followEvery):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

const undefinedTable = "42P01"

const followEvery = 20 * time.Millisecond
