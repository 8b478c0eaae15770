// Command expiry proves that of very many open orders each ends on time: none is marked
// more than a second late, none stays open, and those that have a day left are announced
// once, as punctually (MATCH-009).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// options are what the flags say.
type options struct {
	orders, markets int
	spread          time.Duration
}

func main() {
	var o options
	flag.IntVar(&o.orders, "orders", 200_000, "orders that are open at once")
	flag.IntVar(&o.markets, "markets", 1000, "markets they are in")
	flag.DurationVar(&o.spread, "spread", 20*time.Second, "the time within which they end")
	flag.Parse()
	ctx, release := run.Signals(context.Background())
	err := lab.Run(ctx, lab.Options{}, func(ctx context.Context, l *lab.Lab) error { return prove(ctx, l, o) })
	release()
	if err != nil {
		fmt.Fprintln(os.Stderr, "expiry:", run.OneLine(err))
		os.Exit(1)
	}
}

// late is how late an order may be marked, or announced.
const late = time.Second

func prove(ctx context.Context, l *lab.Lab, o options) error {
	markets, err := l.Sizes(o.markets, 0)
	if err != nil {
		return err
	}
	p := &placing{lab: l, markets: markets, options: o, begins: clock.Monotonic().Add(time.Duration(o.orders) * fill)}
	if err := p.all(ctx); err != nil {
		return err
	}
	fmt.Printf("%d orders are open after %.0f s; half of them end within %s, a quarter has a day left then\n",
		o.orders, clock.Since(p.began).Seconds(), o.spread)
	select {
	case <-time.After(time.Until(p.begins) + o.spread + 3*late): //nolint:forbidigo // a monotonic time
	case <-ctx.Done():
		return ctx.Err()
	}
	r, err := read(ctx, l.DatabaseURL)
	if err != nil {
		return err
	}
	fmt.Printf("expiry orders=%d expired=%d late_ms_p99=%d late_ms_max=%d overdue=%d warned=%d warned_late_ms_max=%d warned_twice=%d kept=%d\n",
		o.orders, r.expired, r.p99.Milliseconds(), r.most.Milliseconds(), r.overdue, r.warned, r.warnedMost.Milliseconds(), r.twice, r.kept)
	if r.expired != p.ends.Load() || r.warned != p.warns.Load() || r.overdue > 0 || r.twice > 0 || r.most > late || r.warnedMost > late {
		return fmt.Errorf("%d should have ended and %d been announced, none more than %s late", p.ends.Load(), p.warns.Load(), late)
	}
	return nil
}

// fill is how much time there is to place one order before the first ends.
const fill = 150 * time.Microsecond

// placing fills the books.
type placing struct {
	options
	lab         *lab.Lab
	markets     []string
	began       time.Time
	begins      time.Time // when the first order ends
	ends, warns atomic.Int64
}

const (
	callers = 8
	batch   = 500
)

func (p *placing) all(ctx context.Context) error {
	p.began = clock.Monotonic()
	var left atomic.Int64
	left.Store(int64(p.orders))
	g, ctx := errgroup.WithContext(ctx)
	for n := range callers {
		g.Go(func() error {
			account := id.New()
			if err := p.lab.Lift(account); err != nil {
				return err
			}
			who, r := p.lab.Caller(account), rand.New(rand.NewPCG(uint64(n), 3)) //nolint:gosec // a load, no secret
			for left.Add(-batch) >= 0 {
				if err := p.batch(who.Context(), r); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if clock.Since(p.begins) > 0 {
		return errors.New("the machine is too slow: orders ended before all were placed")
	}
	return nil
}

// batch places bids that meet nobody: half end within the spread, a quarter is announced
// within it, a quarter stays.
func (p *placing) batch(ctx context.Context, r *rand.Rand) error {
	const day = 24 * time.Hour
	orders := make([]*biddingv1.NewOrder, batch)
	for i := range orders {
		life := -clock.Since(p.begins) + time.Second + time.Duration(r.Int64N(int64(p.spread)))
		switch i % 4 {
		case 0:
			life += day
			p.warns.Add(1)
		case 1:
			life = 30 * day
		default:
			p.ends.Add(1)
		}
		orders[i] = &biddingv1.NewOrder{
			Side: biddingv1.Side_BID, MarketId: p.markets[r.IntN(len(p.markets))], Price: int64(100_00 + 100*r.IntN(60)),
			ExpiresIn: int64(life / time.Second),
		}
	}
	out, err := p.lab.Bidding.PlaceBatch(ctx, &biddingv1.PlaceBatchRequest{Orders: orders})
	if err != nil {
		return err
	}
	for _, x := range out.GetResults() {
		if no := x.GetRefusal(); no != nil {
			return fmt.Errorf("an order was refused: %s", no.GetMessage())
		}
	}
	return nil
}
