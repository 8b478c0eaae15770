package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// history opens the markets and writes what they did in the three months before: a fifth of
// the rows are matches, each of a bid and an ask that it closed; what is left of the others
// expired. Then the shards' owner reads them back, to go on behind their numbers.
func history(ctx context.Context, l *lab.Lab, markets []string, rows int) error {
	someone := l.Caller(id.New(), auth.RoleSeller)
	for _, m := range markets { // the first bid opens a market
		r, err := l.Bidding.PlaceBid(someone.Context(), &biddingv1.PlaceBidRequest{MarketId: m, Price: 1_00})
		if err != nil {
			return err
		}
		if _, err := l.Bidding.CancelBid(someone.Context(), &biddingv1.CancelBidRequest{BidId: r.GetBid().GetId()}); err != nil {
			return err
		}
	}
	conn, err := pgx.Connect(ctx, l.DatabaseURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // what it did is committed
	if err := write(ctx, conn, rows); err != nil {
		return err
	}
	return comeBack(ctx, l, conn, markets)
}

// pace is how many numbers are written by one statement.
const pace = 250_000

func write(ctx context.Context, conn *pgx.Conn, rows int) error {
	const first = 1 << 24 // behind what the opening took
	// Of five numbers two are bids, two asks and one a match of the first two.
	const past = `WITH m AS (SELECT k.id, s.shard, row_number() OVER (ORDER BY k.id) - 1 AS place, count(*) OVER () AS markets
			FROM bidding_markets k JOIN bidding_slots s USING (slot)),
		n AS (SELECT g, m.id AS market, m.shard, now() - interval '90 days' + interval '86 days' * (g - $1) / $3 AS at
			FROM generate_series($2::bigint, $2::bigint + $4::bigint - 5, 5) g JOIN m ON m.place = g / 5 % m.markets) `
	const order = `INSERT INTO %s (id, market_id, user_id, price, quantity, open_quantity, status, order_type, self_trade, priority,
			created_at, expires_at, closed_at, closed_n, version, warned)
		SELECT (g + %d) * 256 + shard, market, md5((g %% %d)::text)::uuid, 20000, 1, %s, 'limit', 'cancel_newest', (g + %d) * 256 + shard,
			at, at + interval '1 hour', at, g + 4, 2, true FROM n`
	statements := []string{
		past + fmt.Sprintf(order, "bids", 0, 9973, "0, 'matched'", 0),
		past + fmt.Sprintf(order, "asks", 1, 9967, "0, 'matched'", 1),
		past + fmt.Sprintf(order, "bids", 2, 9949, "1, 'expired'", 2),
		past + fmt.Sprintf(order, "asks", 3, 9941, "1, 'expired'", 3),
		past + `INSERT INTO matches (id, market_id, bid_id, ask_id, buyer_id, seller_id, price, bid_price, quantity, taker, price_rule, created_at)
			SELECT (g + 4) * 256 + shard, market, g * 256 + shard, (g + 1) * 256 + shard, md5((g % 9973)::text)::uuid, md5((g % 9967)::text)::uuid,
				20000, 20000, 1, 'ask', 'seller_ask', at FROM n`,
	}
	for from := 0; from < rows; from += pace {
		for _, sql := range statements {
			if _, err := conn.Exec(ctx, sql, first, first+from, rows, min(pace, rows-from)); err != nil {
				return fmt.Errorf("write the past: %w", err)
			}
		}
		_, _ = fmt.Fprintf(os.Stdout, "  %d rows\n", min(from+pace, rows))
	}
	for _, sql := range []string{`VACUUM ANALYZE bids, asks, matches`, `CHECKPOINT`} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	_, err := conn.Exec(ctx, `UPDATE bidding_shards SET n = $1, epoch = epoch + 1, owner = '', expires_at = 'epoch'`, first+rows)
	return err
}

// comeBack waits until every market is served again.
func comeBack(ctx context.Context, l *lab.Lab, conn *pgx.Conn, markets []string) error {
	began, limit := time.After(0), time.After(2*time.Minute)
	for _, m := range markets {
		for {
			_, err := l.Bidding.GetDepth(ctx, &biddingv1.GetDepthRequest{MarketId: m})
			var owned bool
			if err == nil {
				err = conn.QueryRow(ctx, `SELECT bool_and(owner <> '') FROM bidding_shards`).Scan(&owned)
			}
			if err == nil && owned {
				break
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-limit:
				return fmt.Errorf("market %s does not come back: %w", m, err)
			case <-began:
				began = time.After(100 * time.Millisecond)
			}
		}
	}
	return nil
}

// disk is what the exchange's tables take.
type disk struct{ tables, journal, open int64 }

func sizes(ctx context.Context, address string) (d disk, err error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return d, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	err = conn.QueryRow(ctx, `SELECT pg_total_relation_size('bids') + pg_total_relation_size('asks') + pg_total_relation_size('matches'),
		pg_total_relation_size('bidding_journal'),
		(SELECT count(*) FROM bids WHERE status IN ('active', 'partially_matched')) + (SELECT count(*) FROM asks WHERE status IN ('active', 'partially_matched'))`).
		Scan(&d.tables, &d.journal, &d.open)
	return d, err
}
