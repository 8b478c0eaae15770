package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/internal/replay"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// The random run: a few markets, so that most commands meet others.
const (
	traders = 24
	markets = 12
	middle  = 200_00
	tick    = 100
)

// trade lets traders do everything there is to do, at random, and trades a file of sales.
func trade(ctx context.Context, l *lab.Lab, o options) error {
	sizes, err := l.Sizes(markets, 0)
	if err != nil {
		return err
	}
	orders, err := l.Orders()
	if err != nil {
		return err
	}
	var done atomic.Int64
	g, running := errgroup.WithContext(ctx)
	for i := range traders {
		g.Go(func() error {
			t := &trader{
				lab: l, orders: orders, caller: l.Caller(id.New(), auth.RoleSeller), owner: l.Caller(id.New(), auth.RoleOwner), markets: sizes,
				r: rand.New(rand.NewPCG(uint64(i), 7)), //nolint:gosec // a load, no secret
			}
			for range o.commands / traders {
				if err := t.act(); err != nil {
					return err
				}
				if n := done.Add(1); n%10_000 == 0 {
					fmt.Fprintf(os.Stderr, "%d of %d commands\n", n, o.commands)
				}
			}
			return running.Err()
		})
	}
	if err := g.Wait(); err != nil || o.sales == "" {
		return err
	}
	return sell(ctx, l, o)
}

// trader is somebody who does anything.
type trader struct {
	lab           *lab.Lab
	orders        biddingv1.BiddingServiceClient // as the order service
	caller, owner *lab.Caller
	markets       []string
	r             *rand.Rand
	bids, asks    []int64 // placed lately
	matches       []int64
}

// act does one thing. A refusal is an answer like any other.
func (t *trader) act() error {
	err := t.any(t.caller.Context(), t.markets[t.r.IntN(len(t.markets))])
	switch status.Code(err) { //nolint:exhaustive // the rest is trouble
	case codes.OK, codes.FailedPrecondition, codes.InvalidArgument, codes.NotFound, codes.ResourceExhausted, codes.AlreadyExists, codes.Aborted:
		return nil
	}
	return err
}

func (t *trader) any(ctx context.Context, market string) error {
	switch n := t.r.IntN(100); {
	case n < 38:
		return t.bid(ctx, market)
	case n < 76:
		return t.ask(ctx, market)
	case n < 84:
		_, err := t.lab.Bidding.CancelBid(ctx, &biddingv1.CancelBidRequest{BidId: lately(t.r, t.bids)})
		return err
	case n < 88:
		_, err := t.lab.Bidding.CancelAsk(ctx, &biddingv1.CancelAskRequest{AskId: lately(t.r, t.asks)})
		return err
	case n < 97:
		_, err := t.lab.Bidding.ReplaceBid(ctx, &biddingv1.ReplaceBidRequest{
			BidId: lately(t.r, t.bids), Price: t.price(), Quantity: 1 + t.r.Int32N(3), Confirm: true,
		})
		return err
	case n < 98:
		_, err := t.lab.Bidding.CancelAll(ctx, &biddingv1.CancelAllRequest{MarketId: market, Side: biddingv1.Side(t.r.IntN(3))})
		return err
	case n < 99:
		return t.reverse(ctx)
	default:
		return t.operate(market)
	}
}

// reverse undoes one of the last sales, sometimes one that was undone before.
func (t *trader) reverse(ctx context.Context) error {
	_, err := t.orders.ReverseMatch(ctx, &biddingv1.ReverseMatchRequest{
		MatchId: lately(t.r, t.matches), Reason: "PAYMENT_FAILED", ReinstateAsk: t.r.IntN(3) > 0,
	})
	return err
}

func lately(r *rand.Rand, ids []int64) int64 {
	if len(ids) == 0 {
		return 1
	}
	return ids[len(ids)-1-r.IntN(min(len(ids), 20))]
}

func (t *trader) price() int64 { return int64(middle + tick*(t.r.IntN(41)-20)) }

func (t *trader) bid(ctx context.Context, market string) error {
	a, err := t.lab.Bidding.PlaceBid(ctx, &biddingv1.PlaceBidRequest{
		MarketId: market, Price: t.price(), Quantity: new(1 + t.r.Int32N(5)), Confirm: true, ExpiresIn: 1 + t.r.Int64N(5),
		OrderType: biddingv1.OrderType(t.r.IntN(5)), SelfTrade: biddingv1.SelfTrade(t.r.IntN(4)),
	})
	t.bids = append(t.bids, a.GetBid().GetId())
	for _, m := range a.GetMatches() {
		t.matches = append(t.matches, m.GetId())
	}
	return err
}

func (t *trader) ask(ctx context.Context, market string) error {
	a, err := t.lab.Bidding.PlaceAsk(ctx, &biddingv1.PlaceAskRequest{
		MarketId: market, Price: t.price(), Quantity: new(1 + t.r.Int32N(5)), Confirm: true,
		OrderType: biddingv1.OrderType(t.r.IntN(5)), SelfTrade: biddingv1.SelfTrade(t.r.IntN(4)),
	})
	t.asks = append(t.asks, a.GetAsk().GetId())
	return err
}

// operate does what an operator does: another rule, a halt, other limits.
func (t *trader) operate(market string) error {
	ctx := t.owner.Context()
	switch t.r.IntN(4) {
	case 0:
		return t.lab.Lift(id.New())
	case 3: // most are set again before they fire, some are switched off
		_, err := t.lab.Bidding.SetDeadManSwitch(t.caller.Context(), &biddingv1.SetDeadManSwitchRequest{Seconds: 5 * t.r.Int32N(3)})
		return err
	case 1:
		if _, err := t.lab.Bidding.HaltMarket(ctx, &biddingv1.HaltMarketRequest{MarketId: market}); err != nil {
			return err
		}
		_, err := t.lab.Bidding.ResumeMarket(ctx, &biddingv1.ResumeMarketRequest{MarketId: market})
		return err
	default:
		now, err := t.lab.Bidding.GetMarketSettings(ctx, &biddingv1.GetMarketSettingsRequest{MarketId: market})
		if err != nil {
			return err
		}
		s := now.GetSettings()
		s.PriceRule = biddingv1.PriceRule(1 + t.r.IntN(2))
		_, err = t.lab.Bidding.UpdateMarketSettings(ctx, &biddingv1.UpdateMarketSettingsRequest{
			Settings: s, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"price_rule"}},
		})
		return err
	}
}

// Of the account that the replay makes products with.
const ownerEmail, ownerPassword = "owner@rebuild.example", "a proof of the journal"

// sell trades a file of sales again.
func sell(ctx context.Context, l *lab.Lab, o options) error {
	file, err := replay.Read(o.sales)
	if err != nil {
		return err
	}
	if err := l.Owner(ctx, ownerEmail, ownerPassword); err != nil {
		return err
	}
	state, err := os.MkdirTemp("", "marketplace-rebuild-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(state) }()
	conns := make(map[string]*grpc.ClientConn)
	for _, service := range []string{"user", "product", "bidding"} {
		if conns[service], err = l.Dial(service); err != nil {
			return err
		}
	}
	report, err := replay.Run(ctx, file, replay.Options{
		Users: conns["user"], Products: conns["product"], Bidding: []grpc.ClientConnInterface{conns["bidding"]},
		OwnerEmail: ownerEmail, OwnerPassword: ownerPassword, State: state, Progress: os.Stdout,
	})
	if err != nil {
		return err
	}
	return report.Verdict()
}

// still waits until nothing happens any more by itself: what the traders left for a few
// seconds has expired, their switches have fired, and the tables show it.
func still(ctx context.Context, address string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	for {
		if err := app.Settled(ctx, address); err != nil {
			return err
		}
		var soon bool
		err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM bids WHERE closed_at IS NULL AND expires_at < now() + interval '1 hour')
			OR EXISTS (SELECT FROM bidding_dead_men)`).Scan(&soon)
		if err != nil || !soon {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// marketsOf lists the markets that were opened.
func marketsOf(ctx context.Context, address string) ([]string, error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	rows, err := conn.Query(ctx, `SELECT id::text FROM bidding_markets`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// booksOf asks the marketplace that traded for the book of every market.
func booksOf(ctx context.Context, l *lab.Lab) (map[string]string, error) {
	ids, err := marketsOf(ctx, l.DatabaseURL)
	if err != nil {
		return nil, err
	}
	books := make(map[string]string, len(ids))
	for _, m := range ids {
		d, err := l.Bidding.GetDepth(ctx, &biddingv1.GetDepthRequest{MarketId: m, Levels: 100})
		if err != nil {
			return nil, fmt.Errorf("depth of market %s: %w", m, err)
		}
		books[m] = picture(d.GetSeq(), d.GetChecksum(), len(d.GetBids()), len(d.GetAsks()))
	}
	return books, nil
}
