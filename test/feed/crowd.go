package main

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// perConn is how many streams share a connection.
const perConn = 50

// crowd is many who watch one market.
type crowd struct {
	market string
	end    int64          // the last sequence
	asked  []atomic.Int64 // when the order of each step was sent, nanoseconds since began
	began  time.Time
	ready  chan struct{} // one message each who has his snapshot
}

// crowd has many watch a market that changes at an even rate, and measures from the moment
// an order is sent, which is before its commit, to the moment a watcher hears of it.
func (s *score) crowd(ctx context.Context, l *lab.Lab, market string, o options) error {
	account := id.New()
	if err := l.Lift(account); err != nil {
		return err
	}
	who := l.Caller(account)
	if _, err := l.Bidding.PlaceBid(who.Context(), bidAt(market, 0)); err != nil {
		return err
	}
	first, err := l.Bidding.GetDepth(ctx, &biddingv1.GetDepthRequest{MarketId: market})
	if err != nil {
		return err
	}
	steps := int64(o.rate) * int64(o.last/time.Second)
	c := &crowd{
		market: market, end: first.GetSeq() + steps, asked: make([]atomic.Int64, first.GetSeq()+steps+1),
		began: clock.Monotonic(), ready: make(chan struct{}, o.watchers),
	}
	copies, late := make([]*bookCopy, o.watchers), make([][]time.Duration, o.watchers)
	watching, watchCtx := errgroup.WithContext(ctx)
	for from := 0; from < o.watchers; from += perConn {
		conn, err := l.Dial("bidding")
		if err != nil {
			return err
		}
		for i := from; i < min(from+perConn, o.watchers); i++ {
			copies[i] = newCopy()
			watching.Go(func() (err error) {
				late[i], err = c.watch(watchCtx, biddingv1.NewBiddingServiceClient(conn), copies[i])
				return err
			})
		}
	}
	for range o.watchers {
		select {
		case <-c.ready:
		case <-watchCtx.Done():
			return watching.Wait()
		}
	}
	s.say("%d watch; %d changes a second for %s", o.watchers, o.rate, o.last)
	if err := c.change(ctx, l, who, steps, o.rate); err != nil {
		return err
	}
	if err := watching.Wait(); err != nil {
		return err
	}
	now, err := l.Bidding.GetDepth(ctx, &biddingv1.GetDepthRequest{MarketId: market, Levels: levels})
	if err != nil {
		return err
	}
	for _, copied := range copies {
		if !copied.is(now) {
			s.books++
		}
	}
	s.measure(slices.Concat(late...))
	return nil
}

// bidAt is order number i: each changes one of sixty levels.
func bidAt(market string, i int64) *biddingv1.PlaceBidRequest {
	return &biddingv1.PlaceBidRequest{MarketId: market, Price: (100 + i%60) * tick}
}

// change enters one order after the other, evenly.
func (c *crowd) change(ctx context.Context, l *lab.Lab, who *lab.Caller, steps int64, rate int) error {
	beat := time.NewTicker(time.Second / time.Duration(rate))
	defer beat.Stop()
	for i := range steps {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-beat.C:
		}
		c.asked[c.end-steps+i+1].Store(int64(clock.Since(c.began)))
		if _, err := l.Bidding.PlaceBid(who.Context(), bidAt(c.market, i)); err != nil {
			return err
		}
	}
	return nil
}

// watch follows the market to the end and returns how late each step was told.
func (c *crowd) watch(ctx context.Context, api biddingv1.BiddingServiceClient, copied *bookCopy) ([]time.Duration, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := api.WatchMarket(ctx, &biddingv1.WatchMarketRequest{MarketId: c.market, Levels: levels})
	if err != nil {
		return nil, err
	}
	var late []time.Duration
	for copied.seq < c.end {
		r, err := stream.Recv()
		if err != nil {
			return nil, fmt.Errorf("watch: %w", err)
		}
		now, before := clock.Since(c.began), copied.seq
		if !copied.take(r) {
			return nil, fmt.Errorf("a step from %d to %d came after %d", r.GetPrevSeq(), r.GetSeq(), before)
		}
		if r.GetSnapshot() {
			c.ready <- struct{}{}
			continue
		}
		for seq := before + 1; seq <= copied.seq; seq++ {
			late = append(late, now-time.Duration(c.asked[seq].Load()))
		}
	}
	return late, nil
}

func (s *score) measure(late []time.Duration) {
	if s.told = int64(len(late)); s.told == 0 {
		s.p99 = goal + 1
		return
	}
	slices.Sort(late)
	s.p50, s.p99, s.worst = late[len(late)/2], late[len(late)*99/100], late[len(late)-1]
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
