// Command race lets 64 callers at a time run for one ask, and for one item of
// stock, over gRPC and in many markets at once: each may be had once (MATCH-006,
// PROD-005).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

const (
	callers = 64
	markets = 16
)

func main() {
	rounds := flag.Int("rounds", 5000, "races for an ask")
	stock := flag.Int("stock", 500, "races for an item of stock")
	flag.Parse()
	ctx, release := run.Signals(context.Background())
	err := lab.Run(ctx, lab.Options{}, func(ctx context.Context, l *lab.Lab) error { return races(ctx, l, *rounds, *stock) })
	release()
	if err != nil {
		fmt.Fprintln(os.Stderr, "race:", run.OneLine(err))
		os.Exit(1)
	}
}

// track is where races of one kind are run and counted.
type track struct {
	*lab.Lab
	runners []*lab.Caller
	sellers []*lab.Caller // one a market
	double  atomic.Int64  // races with more than one winner
	none    atomic.Int64  // races nobody won
}

func races(ctx context.Context, l *lab.Lab, rounds, stock int) error {
	t := &track{Lab: l}
	for range callers {
		t.runners = append(t.runners, l.Caller(id.New()))
	}
	for range markets {
		t.sellers = append(t.sellers, l.Caller(id.New(), auth.RoleSeller, auth.RoleCatalog))
	}
	if err := t.each(ctx, rounds, 0, "asks", t.ask); err != nil {
		return err
	}
	if err := t.each(ctx, stock, 1, "stock", t.reserve); err != nil {
		return err
	}
	if err := app.Settled(ctx, l.DatabaseURL); err != nil {
		return err
	}
	matches, err := count(ctx, l.DatabaseURL, `SELECT count(*) FROM matches`)
	if err != nil {
		return err
	}
	twice, err := count(ctx, l.DatabaseURL, `SELECT count(*) FROM (SELECT ask_id FROM matches GROUP BY 1 HAVING count(*) > 1) x`)
	if err != nil {
		return err
	}
	reserved, err := count(ctx, l.DatabaseURL, `SELECT coalesce(sum(reserved), 0)::bigint FROM sizes WHERE reserved <= quantity`)
	if err != nil {
		return err
	}
	fmt.Printf("race-match rounds=%d stock_rounds=%d callers=%d markets=%d double=%d unsold=%d matches=%d sold_twice=%d reserved=%d\n",
		rounds, stock, callers, markets, t.double.Load(), t.none.Load(), matches, twice, reserved)
	if t.double.Load()+t.none.Load()+twice != 0 || matches != int64(rounds) || reserved != int64(stock) {
		return fmt.Errorf("something was had twice, or by nobody")
	}
	return nil
}

// each runs the races spread over the markets, all of them at once.
func (t *track) each(ctx context.Context, rounds int, stock int32, name string, race func(context.Context, int, string) error) error {
	var sizes []string
	perMarket := func(m int) int { return rounds/markets + min(1, max(0, rounds%markets-m)) }
	for m := range markets {
		s, err := t.Sizes(1, stock*int32(perMarket(m))) //nolint:gosec // a few thousand
		if err != nil {
			return err
		}
		sizes = append(sizes, s...)
	}
	var done atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for m := range markets {
		g.Go(func() error {
			for range perMarket(m) {
				if err := race(ctx, m, sizes[m]); err != nil {
					return err
				}
				if n := done.Add(1); n%1000 == 0 {
					fmt.Printf("%s: %d of %d races\n", name, n, rounds)
				}
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}

// off starts every runner at once and counts the winners.
func (t *track) off(try func(runner context.Context) (bool, error)) error {
	var wins atomic.Int64
	var failed atomic.Pointer[error]
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for _, r := range t.runners {
		wg.Go(func() {
			<-begin
			won, err := try(r.Context())
			if err != nil {
				failed.Store(&err)
			}
			if won {
				wins.Add(1)
			}
		})
	}
	close(begin)
	wg.Wait()
	switch n := wins.Load(); {
	case n > 1:
		t.double.Add(1)
	case n == 0:
		t.none.Add(1)
	}
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// ask is a race of bids for one ask.
func (t *track) ask(_ context.Context, m int, size string) error {
	const price = 100_00
	if _, err := t.Bidding.PlaceAsk(t.sellers[m].Context(), &biddingv1.PlaceAskRequest{MarketId: size, Price: price}); err != nil {
		return fmt.Errorf("place the ask: %w", err)
	}
	return t.off(func(runner context.Context) (bool, error) {
		r, err := t.Bidding.PlaceBid(runner, &biddingv1.PlaceBidRequest{MarketId: size, Price: price, OrderType: biddingv1.OrderType_IOC})
		return r.GetBid().GetStatus() == biddingv1.Status_MATCHED, err
	})
}

// reserve is a race for the last item that is not reserved: one is left each
// time, because the size began with as many items as it has races and each race
// takes one, so all but one are taken beforehand.
func (t *track) reserve(_ context.Context, m int, size string) error {
	s, err := t.Product.GetSize(t.sellers[m].Context(), &productv1.GetSizeRequest{Id: size})
	if err != nil {
		return err
	}
	left := s.GetSize().GetQuantity() - s.GetSize().GetReserved()
	held := id.New().String()
	if left > 1 {
		if _, err := t.Product.ReserveInventory(t.sellers[m].Context(), &productv1.ReserveInventoryRequest{SizeId: size, Quantity: left - 1, Reference: held}); err != nil {
			return fmt.Errorf("hold the rest: %w", err)
		}
	}
	err = t.off(func(context.Context) (bool, error) {
		_, err := t.Product.ReserveInventory(t.sellers[m].Context(), &productv1.ReserveInventoryRequest{SizeId: size, Quantity: 1, Reference: id.New().String()})
		if status.Code(err) == codes.FailedPrecondition {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil || left <= 1 {
		return err
	}
	_, err = t.Product.ReleaseInventory(t.sellers[m].Context(), &productv1.ReleaseInventoryRequest{Reference: held})
	return err
}

func count(ctx context.Context, url, query string) (n int64, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(ctx) }()
	return n, conn.QueryRow(ctx, query).Scan(&n)
}
