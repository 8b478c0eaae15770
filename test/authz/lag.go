package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

const (
	// within is how soon what was ended, or given, counts everywhere (USER-006).
	within = 5 * time.Second
	// giveUp is how long is waited for it, to tell how late it is.
	giveUp = 15 * time.Second
	// after is how long it is looked whether it stays so.
	after = time.Second
	poll  = 5 * time.Millisecond
)

// measured are lags, and what was not as it must be. Safe for concurrent use.
type measured struct {
	mu    sync.Mutex
	lags  []time.Duration
	found []finding
}

func (m *measured) add(lag time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lags = append(m.lags, lag)
}

func (m *measured) miss(what, who, expected, got string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.found = append(m.found, finding{what, who, expected, got})
}

// measuring is a part that measures how soon other processes know.
func (p *proof) measuring(run func(context.Context, *measured) error) func(context.Context) error {
	return func(ctx context.Context) error {
		m := &measured{}
		err := run(ctx, m)
		p.score.unexpected += p.report(m.found)
		p.score.lags = append(p.score.lags, m.lags...)
		some := score{lags: m.lags}
		p.say("    %d measured, median %d ms, worst %d ms", len(some.lags), some.median(), some.worst())
		return err
	}
}

// probe is a call at a process, and what it says once that process knows.
type probe struct {
	at   string
	try  func(context.Context) error
	then codes.Code // OK: it is admitted from then on
	home bool       // the user service itself, which knows at once; no lag is counted
}

// ending is one way in which a token stops to count, or begins to count for more.
type ending struct {
	what string
	// arrange makes people and what to look at.
	arrange func(context.Context) ([]probe, func(context.Context) error, error)
}

// endings measures each way several times; all ways at once, as on a busy day.
func (p *proof) endings(ctx context.Context, m *measured) error {
	for range p.options.rounds {
		g, ctx := errgroup.WithContext(ctx)
		for _, e := range p.ways() {
			g.Go(func() error { return e.measure(ctx, m) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	return nil
}

func (e ending) measure(ctx context.Context, m *measured) error {
	probes, act, err := e.arrange(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", e.what, err)
	}
	for _, pr := range probes {
		if err := pr.try(ctx); (err == nil) == (pr.then == codes.OK) {
			m.miss(e.what, pr.at, "the contrary before it happens", status.Code(err).String())
		}
	}
	if err := act(ctx); err != nil {
		return fmt.Errorf("%s: %w", e.what, err)
	}
	answered := clock.Monotonic()
	g, ctx := errgroup.WithContext(ctx)
	for _, pr := range probes {
		g.Go(func() error { return pr.watch(ctx, m, e.what, answered) })
	}
	return g.Wait()
}

// watch asks until the process knows, and then for a while whether it forgets again.
func (pr probe) watch(ctx context.Context, m *measured, what string, since time.Time) error {
	lag, tries, err := pr.turned(ctx, since)
	switch {
	case err != nil:
		m.miss(what, pr.at, "to count within "+within.String(), err.Error())
		return ctx.Err()
	case lag > within:
		m.miss(what, pr.at, "to count within "+within.String(), lag.String())
	case pr.home && tries > 1:
		m.miss(what, pr.at, "to count at once", lag.String())
	}
	if !pr.home {
		m.add(lag)
	}
	for settled := clock.Monotonic(); clock.Since(settled) < after; {
		if err := pr.try(ctx); status.Code(err) != pr.then {
			m.miss(what, pr.at, "that it stays "+pr.then.String(), status.Convert(err).String())
			break
		}
		if err := wait(ctx, poll); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// turned asks until the answer is what it is to be, and returns how long that took.
func (pr probe) turned(ctx context.Context, since time.Time) (lag time.Duration, tries int, err error) {
	for {
		tries++
		err := pr.try(ctx)
		lag = clock.Since(since)
		if status.Code(err) == pr.then {
			return lag, tries, nil
		}
		if lag > giveUp {
			return lag, tries, fmt.Errorf("still %s after %s", status.Convert(err).Code(), lag.Round(time.Millisecond))
		}
		if err := wait(ctx, poll); err != nil {
			return lag, tries, err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-clock.System{}.After(d):
		return nil
	}
}

// reads are calls with a token at product, at bidding and at the user service itself.
func (p *proof) reads(c *caller) []probe {
	return []probe{
		{at: "product", try: func(ctx context.Context) error {
			return only(p.product.ListProducts(rpc.Bearer(ctx, c.token), &productv1.ListProductsRequest{PageSize: 1}))
		}, then: codes.Unauthenticated},
		{at: "bidding", try: func(ctx context.Context) error {
			return only(p.bidding.ListMyBids(rpc.Bearer(ctx, c.token), &biddingv1.ListMyBidsRequest{PageSize: 1}))
		}, then: codes.Unauthenticated},
		{at: "bidding, writing", try: func(ctx context.Context) error {
			return only(p.bidding.CancelAll(rpc.Bearer(ctx, c.token), &biddingv1.CancelAllRequest{}))
		}, then: codes.Unauthenticated},
		{at: "user", try: func(ctx context.Context) error { return p.profile(ctx, c.token) }, then: codes.Unauthenticated, home: true},
	}
}

// editing is what needs the role catalog at product, and the role support at bidding.
func (p *proof) editing(c *caller, size string, then codes.Code) []probe {
	return []probe{
		{at: "product", try: func(ctx context.Context) error {
			return only(p.product.ListInventoryTransactions(rpc.Bearer(ctx, c.token), &productv1.ListInventoryTransactionsRequest{SizeId: size, PageSize: 1}))
		}, then: then},
		{at: "bidding", try: func(ctx context.Context) error {
			return only(p.bidding.GetMarketSettings(rpc.Bearer(ctx, c.token), &biddingv1.GetMarketSettingsRequest{MarketId: size}))
		}, then: then},
	}
}

// elsewhere leaves out the user service itself.
func elsewhere(probes []probe) []probe {
	return slices.DeleteFunc(probes, func(pr probe) bool { return pr.home })
}
