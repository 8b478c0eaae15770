package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// What is traded meanwhile: more levels than a client sees, and about a third matches.
const (
	traders = 4
	middle  = 500
	around  = 80
	tick    = 100
)

// follow has one client follow a market in which several trade as fast as they can.
func (s *score) follow(ctx context.Context, l *lab.Lab, market string, o options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if _, err := l.Bidding.PlaceBid(l.As(id.New()), bidAt(market, 0)); err != nil {
		return err
	}
	c := &client{score: s, lab: l, market: market, copy: newCopy(), told: map[int64]bool{}}
	if err := c.session(ctx, 1); err != nil { // before anything is sold, so that every sale is told
		return err
	}
	stop := make(chan struct{})
	trading, tradeCtx := errgroup.WithContext(ctx)
	for i := range traders {
		account := id.New()
		if err := l.Lift(account); err != nil {
			return err
		}
		trading.Go(func() error {
			return trade(tradeCtx, l, l.Caller(account, auth.RoleSeller), market, o.batch, uint64(i), stop)
		})
	}
	if err := c.until(ctx, o); err != nil {
		return err
	}
	close(stop)
	if err := trading.Wait(); err != nil {
		return err
	}
	now, err := l.Bidding.GetDepth(ctx, &biddingv1.GetDepthRequest{MarketId: market, Levels: levels})
	if err != nil {
		return err
	}
	if err := c.session(ctx, now.GetSeq()); err != nil {
		return err
	}
	s.steps, s.trades = c.copy.seq, int64(len(c.told))
	if !c.copy.is(now) {
		s.books++
		s.say("at %d the client's book is not that of GetDepth at %d", c.copy.seq, now.GetSeq())
	}
	return c.compare(ctx, l.DatabaseURL)
}

// trade enters orders until stop is closed.
func trade(ctx context.Context, l *lab.Lab, who *lab.Caller, market string, batch int, seed uint64, stop <-chan struct{}) error {
	dice := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a load, no secret
	for {
		select {
		case <-stop:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		default:
		}
		r := &biddingv1.PlaceBatchRequest{}
		for range batch {
			qty := 1 + dice.Int32N(3)
			side, lean := biddingv1.Side_BID, int64(-around/2)
			if dice.IntN(2) == 0 {
				side, lean = biddingv1.Side_ASK, around/2
			}
			r.Orders = append(r.Orders, &biddingv1.NewOrder{
				MarketId: market, Side: side, Price: (middle + lean + dice.Int64N(2*around) - around) * tick, Quantity: &qty, Confirm: true,
				SelfTrade: biddingv1.SelfTrade_CANCEL_OLDEST,
			})
		}
		if _, err := l.Bidding.PlaceBatch(who.Context(), r); err != nil {
			return fmt.Errorf("trade: %w", err)
		}
	}
}

// client follows the feed and loses its connection now and then.
type client struct {
	*score
	lab    *lab.Lab
	market string
	copy   *bookCopy
	told   map[int64]bool // trades
}

// until follows the feed for all its steps.
func (c *client) until(ctx context.Context, o options) error {
	for c.copy.seq < o.steps {
		if err := c.session(ctx, min(o.steps, c.copy.seq+o.steps/(o.cuts+1))); err != nil {
			return err
		}
		c.cuts++
	}
	return nil
}

// session follows the feed to a sequence, and loses the connection there.
func (c *client) session(ctx context.Context, to int64) error {
	conn, err := c.lab.Dial("bidding")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // that is the loss
	stream, err := biddingv1.NewBiddingServiceClient(conn).WatchMarket(ctx, &biddingv1.WatchMarketRequest{
		MarketId: c.market, AfterSeq: c.copy.seq, Levels: levels,
	})
	if err != nil {
		return err
	}
	for first := true; first || c.copy.seq < to; first = false {
		r, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("watch: %w", err)
		}
		c.take(r)
	}
	return nil
}

func (c *client) take(r *biddingv1.WatchMarketResponse) {
	c.deltas++
	if !c.copy.take(r) {
		c.gaps++
	}
	if c.copy.checksum() != r.GetChecksum() {
		c.wrong++
	}
	if r.GetTradesMissed() {
		c.missed++
	}
	for _, t := range r.GetTrades() {
		if c.told[t.GetMatchId()] {
			c.doubled++
		}
		c.told[t.GetMatchId()] = true
	}
}

// compare holds the copy against what the tables hold, read by nobody of the exchange.
func (c *client) compare(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	var seq, sold int64
	for seq < c.copy.seq {
		if err := conn.QueryRow(ctx, `SELECT feed_seq FROM bidding_markets WHERE id = $1`, c.market).Scan(&seq); err != nil {
			return err
		}
		if seq < c.copy.seq {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	bids, asks := c.copy.sides()
	for _, side := range []struct {
		table, order string
		want         []model.Level
	}{{"bids", "DESC", bids}, {"asks", "", asks}} {
		rows, err := conn.Query(ctx, `SELECT price, sum(open_quantity)::bigint FROM `+side.table+` WHERE market_id = $1
			AND status IN ('active', 'partially_matched') GROUP BY price ORDER BY price `+side.order+` LIMIT $2`, c.market, levels)
		if err != nil {
			return err
		}
		got, err := pgx.CollectRows(rows, pgx.RowToStructByPos[model.Level])
		if err != nil {
			return err
		}
		if seq != c.copy.seq || !slices.Equal(got, side.want) {
			c.books++
			c.say("at %d the client's %s are not those of the database at %d", c.copy.seq, side.table, seq)
		}
	}
	if err := conn.QueryRow(ctx, `SELECT count(*) FROM matches WHERE market_id = $1`, c.market).Scan(&sold); err != nil {
		return err
	}
	if told := int64(len(c.told)); told > sold || (c.missed == 0 && told < sold) {
		c.wrong++
		c.say("%d trades were told of %d", told, sold)
	}
	return nil
}
