package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// The mix: sides 50/50, prices within 20 ticks of the middle, which matches
// about a third of the orders.
const (
	callers = 256
	conns   = 8
	middle  = 200_00
	tick    = 100
	around  = 20
)

// load is 256 signed-in callers, each with an account of its own.
type load struct {
	clients []biddingv1.BiddingServiceClient
	traders []context.Context
	markets []string
}

// newLoad signs the callers in and lifts their caps.
func newLoad(l *lab.Lab, open []*grpc.ClientConn, markets []string) (*load, error) {
	out := &load{markets: markets}
	for _, c := range open {
		out.clients = append(out.clients, biddingv1.NewBiddingServiceClient(c))
	}
	for range callers {
		account := id.New()
		if err := l.Lift(account); err != nil {
			return nil, err
		}
		out.traders = append(out.traders, l.As(account, auth.RoleSeller))
	}
	return out, nil
}

// run places orders for d and returns how many a second were acknowledged.
// A rejected self-trade is an answer too: it is durable as the others are.
func (l *load) run(ctx context.Context, d time.Duration) (float64, error) {
	return together(ctx, d, callers, func(_ context.Context, i int, r *rand.Rand) (int, error) {
		return 1, l.place(l.traders[i], l.clients[i%len(l.clients)], r)
	})
}

// Batches are entered by fewer callers, each a batch at a time.
const (
	batchCallers = 16
	batchOrders  = 250
)

// batches places orders in batches for d and returns how many a second were acknowledged.
func (l *load) batches(ctx context.Context, d time.Duration) (float64, error) {
	return together(ctx, d, batchCallers, func(_ context.Context, i int, r *rand.Rand) (int, error) {
		orders := make([]*biddingv1.NewOrder, batchOrders)
		for n := range orders {
			orders[n] = &biddingv1.NewOrder{
				Side: biddingv1.Side(1 + r.IntN(2)), MarketId: l.markets[r.IntN(len(l.markets))], Price: price(r), Confirm: true,
				SelfTrade: biddingv1.SelfTrade_CANCEL_OLDEST,
			}
		}
		out, err := l.clients[i%len(l.clients)].PlaceBatch(l.traders[i], &biddingv1.PlaceBatchRequest{Orders: orders})
		if err != nil {
			return 0, fmt.Errorf("place a batch: %w", err)
		}
		for _, x := range out.GetResults() {
			if no := x.GetRefusal(); no != nil && no.GetCode() != int32(codes.FailedPrecondition) && no.GetCode() != int32(codes.ResourceExhausted) {
				return 0, fmt.Errorf("place in a batch: %s", no.GetMessage())
			}
		}
		return len(orders), nil
	})
}

// together lets n callers work for d and returns how many orders a second they placed.
func together(ctx context.Context, d time.Duration, n int, work func(ctx context.Context, caller int, r *rand.Rand) (int, error)) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	start := clock.Monotonic()
	for i := range n {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1)) //nolint:gosec // a load, no secret
			for ctx.Err() == nil {
				orders, err := work(ctx, i, r)
				if err != nil {
					failed.CompareAndSwap(nil, &err)
					cancel()
					return
				}
				done.Add(int64(orders))
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(done.Load()) / clock.Since(start).Seconds(), nil
}

func price(r *rand.Rand) int64 { return int64(middle + tick*(r.IntN(2*around+1)-around)) }

func (l *load) place(trader context.Context, c biddingv1.BiddingServiceClient, r *rand.Rand) error {
	market, price := l.markets[r.IntN(len(l.markets))], price(r)
	var err error
	if r.IntN(2) == 0 {
		_, err = c.PlaceBid(trader, &biddingv1.PlaceBidRequest{
			MarketId: market, Price: price, Confirm: true, SelfTrade: biddingv1.SelfTrade_CANCEL_OLDEST,
		})
	} else {
		_, err = c.PlaceAsk(trader, &biddingv1.PlaceAskRequest{
			MarketId: market, Price: price, Confirm: true, SelfTrade: biddingv1.SelfTrade_CANCEL_OLDEST,
		})
	}
	if code := status.Code(err); code == codes.FailedPrecondition || code == codes.ResourceExhausted {
		return nil // answered: rejected, or at the cap of open orders
	}
	if err != nil {
		return fmt.Errorf("place: %w", err)
	}
	return nil
}
