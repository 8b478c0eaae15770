package main

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// margin is what the last news may be older than the outage, and what a poll takes.
const margin = time.Second

// away is how long the user service stays away, long enough that whoever looks for it
// has become slow to look again.
const away = 12 * time.Second

// outages puts the user service to sleep and wakes it, then kills and restarts it.
// While nobody can say which sessions have ended, nothing is changed, and reads go on.
func (p *proof) outages(ctx context.Context, m *measured) error {
	user := p.shop.services["user"]
	asleep := func(context.Context) error { return user.signal(syscall.SIGSTOP) }
	awake := func(context.Context) error { return user.signal(syscall.SIGCONT) }
	if err := p.outage(ctx, m, "the user service asleep", asleep, awake); err != nil {
		return err
	}
	killed := func(context.Context) error { return user.kill() }
	restarted := func(ctx context.Context) error {
		if err := user.start(ctx); err != nil {
			return err
		}
		return user.ready(ctx)
	}
	return p.outage(ctx, m, "the user service killed", killed, restarted)
}

func (p *proof) outage(ctx context.Context, m *measured, what string, down, up func(context.Context) error) error {
	leaver, err := p.join(ctx, "leaver")
	if err != nil {
		return err
	}
	writes, reads, err := p.working(ctx)
	if err != nil {
		return err
	}
	// He leaves when there is hardly time to tell anybody.
	if _, err := p.user.Logout(leaver.call(ctx), &userv1.LogoutRequest{}); err != nil {
		return fmt.Errorf("log out: %w", err)
	}
	if err := down(ctx); err != nil {
		return err
	}
	if err := p.while(ctx, m, what, writes, reads); err != nil {
		return err
	}
	if err := up(ctx); err != nil {
		return err
	}
	return p.afterwards(ctx, m, what, append(writes, elsewhere(p.reads(leaver))...))
}

// working is what a user and an editor read and write at product and bidding.
func (p *proof) working(ctx context.Context) (writes, reads []probe, err error) {
	user, err := p.join(ctx, "user")
	if err != nil {
		return nil, nil, err
	}
	editor := p.people["catalog"]
	_, size, err := p.newBid(ctx, p.people["rival"])
	if err != nil {
		return nil, nil, err
	}
	writes = []probe{
		{at: "product UpdateInventory", try: func(ctx context.Context) error {
			return only(p.product.UpdateInventory(editor.call(ctx), &productv1.UpdateInventoryRequest{SizeId: size, Delta: 1, Reason: reason}))
		}},
		{at: "bidding CancelAll", try: func(ctx context.Context) error {
			return only(p.bidding.CancelAll(user.call(ctx), &biddingv1.CancelAllRequest{}))
		}},
	}
	reads = []probe{
		{at: "product ListInventoryTransactions", try: func(ctx context.Context) error {
			return only(p.product.ListInventoryTransactions(editor.call(ctx), &productv1.ListInventoryTransactionsRequest{SizeId: size, PageSize: 1}))
		}},
		{at: "bidding ListMyBids", try: func(ctx context.Context) error {
			return only(p.bidding.ListMyBids(user.call(ctx), &biddingv1.ListMyBidsRequest{PageSize: 1}))
		}},
		{at: "bidding GetDepth", try: func(ctx context.Context) error {
			return only(p.bidding.GetDepth(ctx, &biddingv1.GetDepthRequest{MarketId: size}))
		}},
	}
	return writes, reads, nil
}

// while watches the marketplace without its user service, from the moment it is gone.
func (p *proof) while(ctx context.Context, m *measured, what string, writes, reads []probe) error {
	gone := clock.Monotonic()
	g, ctx := errgroup.WithContext(ctx)
	for _, w := range writes {
		g.Go(func() error { return w.starves(ctx, m, what, gone) })
	}
	for _, r := range reads {
		g.Go(func() error {
			for clock.Since(gone) < away {
				if err := r.try(ctx); err != nil {
					m.miss(what, r.at, "that reads go on", status.Convert(err).String())
					return ctx.Err()
				}
				if err := wait(ctx, tick); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// starves sees that a write is refused in time, with the right reason, and stays so.
func (pr probe) starves(ctx context.Context, m *measured, what string, gone time.Time) error {
	refused := false
	for clock.Since(gone) < away {
		asked := clock.Since(gone)
		err := pr.try(ctx)
		switch {
		case status.Code(err) == codes.Unavailable && reasonOf(err) == "REVOCATIONS_UNKNOWN":
			refused = true
		case err != nil:
			m.miss(what, pr.at, "UNAVAILABLE REVOCATIONS_UNKNOWN", status.Convert(err).String())
			return ctx.Err()
		case refused || asked > within+margin:
			m.miss(what, pr.at, "no write "+(within+margin).String()+" after it is gone", "one after "+asked.String())
			return nil
		}
		if err := wait(ctx, tick); err != nil {
			return err
		}
	}
	return nil
}

// afterwards measures how soon all is as before, and how soon what was missed is known.
func (p *proof) afterwards(ctx context.Context, m *measured, what string, probes []probe) error {
	back := clock.Monotonic()
	g, ctx := errgroup.WithContext(ctx)
	for _, pr := range probes {
		g.Go(func() error { return pr.watch(ctx, m, what+", and back", back) })
	}
	return g.Wait()
}
