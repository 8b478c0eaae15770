package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// The load: as many callers as keep the exchange busy. An order that finds nobody ends
// after ten seconds, so that as many are open at the end as after the first ten.
const (
	callers  = 128
	conns    = 8
	life     = 10
	window   = 8 * time.Second
	measured = 2 * time.Second // of the machine alone, between two windows
)

// slice is what one window showed.
type slice struct {
	rate    float64 // orders a second
	machine float64 // what the machine did in a second with nothing else to do
	memory  float64 // in use afterwards, MB
}

type worked struct {
	orders int64
	took   time.Duration
	slices []slice
}

// work takes orders in for a while, window by window, and between them measures how fast
// the machine is: it is never equally fast twice.
func work(ctx context.Context, l *lab.Lab, markets []string, last time.Duration) (*worked, error) {
	clients := make([]biddingv1.BiddingServiceClient, conns)
	for i := range clients {
		conn, err := l.Dial("bidding")
		if err != nil {
			return nil, err
		}
		clients[i] = biddingv1.NewBiddingServiceClient(conn)
	}
	who := make([]*lab.Caller, callers)
	for i := range who {
		account := id.New()
		if err := l.Lift(account); err != nil {
			return nil, err
		}
		who[i] = l.Caller(account, auth.RoleSeller)
	}
	w := &worked{}
	for began := clock.Monotonic(); clock.Since(began) < last; w.took = clock.Since(began) {
		s := slice{machine: machine(measured)}
		start, before := clock.Monotonic(), w.orders
		if err := w.window(ctx, clients, who, markets); err != nil {
			return nil, err
		}
		s.rate = float64(w.orders-before) / clock.Since(start).Seconds()
		s.memory = inUse()
		w.slices = append(w.slices, s)
		_, _ = fmt.Fprintf(os.Stdout, "%4.0f s  %8.0f orders/s  memory %5.0f MB  machine %.2f\n", clock.Since(began).Seconds(), s.rate, s.memory, s.machine/w.slices[0].machine)
	}
	return w, nil
}

func (w *worked) window(ctx context.Context, clients []biddingv1.BiddingServiceClient, who []*lab.Caller, markets []string) error {
	over, cancel := context.WithTimeout(ctx, window)
	defer cancel()
	var done atomic.Int64
	var g errgroup.Group
	for i := range callers {
		g.Go(func() error {
			r := rand.New(rand.NewPCG(uint64(i), uint64(len(w.slices)))) //nolint:gosec // a load, no secret
			for over.Err() == nil {
				if err := place(who[i].Context(), clients[i%conns], markets[r.IntN(len(markets))], r); err != nil {
					return err
				}
				done.Add(1)
			}
			return nil
		})
	}
	err := errors.Join(g.Wait(), ctx.Err())
	w.orders += done.Load()
	return err
}

func place(ctx context.Context, c biddingv1.BiddingServiceClient, market string, r *rand.Rand) error {
	price := int64(200_00 + 100*(r.IntN(41)-20))
	var err error
	if r.IntN(2) == 0 {
		_, err = c.PlaceBid(ctx, &biddingv1.PlaceBidRequest{
			MarketId: market, Price: price, ExpiresIn: life, Confirm: true, SelfTrade: biddingv1.SelfTrade_CANCEL_OLDEST,
		})
	} else {
		_, err = c.PlaceAsk(ctx, &biddingv1.PlaceAskRequest{
			MarketId: market, Price: price, ExpiresIn: life, Confirm: true, SelfTrade: biddingv1.SelfTrade_CANCEL_OLDEST,
		})
	}
	if status.Code(err) == codes.FailedPrecondition {
		return nil // rejected, which is an answer
	}
	return err
}

// machine counts hashes on every core: what this machine can do right now.
func machine(d time.Duration) float64 {
	var done atomic.Int64
	var g errgroup.Group
	for range runtime.NumCPU() {
		g.Go(func() error {
			block := make([]byte, 64<<10)
			for began := clock.Monotonic(); clock.Since(began) < d; done.Add(1) {
				sum := sha256.Sum256(block)
				copy(block, sum[:])
			}
			return nil
		})
	}
	_ = g.Wait() // it never fails
	return float64(done.Load()) / d.Seconds()
}

// inUse is what is in use of the memory once it is tidied up, in MB.
func inUse() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse+m.StackInuse) / (1 << 20)
}

type score struct{ start, end, ratio, quarter, last float64 }

// score compares the first fifth of the windows, but the very first, with the last fifth.
func (w *worked) score() (s score) {
	n := max(1, len(w.slices)/5)
	first, last := w.slices[min(1, len(w.slices)-1):][:min(n, len(w.slices)-1)], w.slices[len(w.slices)-n:]
	rate := func(x slice) float64 { return x.rate }
	s.start, s.end = median(first, rate), median(last, rate)
	perMachine := func(x slice) float64 { return x.rate / x.machine }
	s.ratio = median(last, perMachine) / median(first, perMachine)
	memory := func(x slice) float64 { return x.memory }
	s.quarter, s.last = w.slices[len(w.slices)/4].memory, median(last, memory)
	return s
}

func median(list []slice, of func(slice) float64) float64 {
	v := make([]float64, len(list))
	for i, x := range list {
		v[i] = of(x)
	}
	slices.Sort(v)
	return v[len(v)/2]
}
