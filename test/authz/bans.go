package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// bannedAtOnce is how many are banned at a time.
const bannedAtOnce = 3

// bans bans people who have a bid and an ask, and lifts it again.
func (p *proof) bans(ctx context.Context, m *measured) error {
	g, ctx := errgroup.WithContext(ctx)
	for range bannedAtOnce {
		g.Go(func() error { return p.banOne(ctx, m) })
	}
	return g.Wait()
}

func (p *proof) banOne(ctx context.Context, m *measured) error {
	who, err := p.join(ctx, "banned", "seller")
	if err != nil {
		return err
	}
	_, bids, err := p.newBid(ctx, who)
	if err != nil {
		return err
	}
	_, asks, err := p.newAsk(ctx, who)
	if err != nil {
		return err
	}
	outliving, err := p.outliving(who)
	if err != nil {
		return err
	}
	if err := ban(ctx, &asking{p.world, p.root, p.root, nil}, who.account); err != nil {
		return fmt.Errorf("ban: %w", err)
	}
	answered := clock.Monotonic()
	g, banCtx := errgroup.WithContext(ctx)
	for _, pr := range []probe{
		{at: "his bid is gone", try: p.open(bids), then: codes.NotFound},
		{at: "his ask is gone", try: p.open(asks), then: codes.NotFound},
		{at: "his token places no bid", try: p.place(who, bids), then: codes.Unauthenticated},
		{at: "a token of no known session places no bid", try: p.place(outliving, bids), then: codes.PermissionDenied},
		{at: "he does not sign in", try: p.login(who), then: codes.PermissionDenied, home: true},
	} {
		g.Go(func() error { return pr.watch(banCtx, m, "BanUser", answered) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return p.unban(ctx, m, who, bids)
}

func (p *proof) unban(ctx context.Context, m *measured, who *caller, market string) error {
	if _, err := p.user.UnbanUser(p.root.call(ctx), &userv1.UnbanUserRequest{UserId: who.account, Reason: reason}); err != nil {
		return fmt.Errorf("unban: %w", err)
	}
	answered := clock.Monotonic()
	back, err := p.signIn(ctx, who.kind, who.email)
	if err != nil {
		m.miss("UnbanUser", "he signs in", allow, verdictOf(err))
		return ctx.Err()
	}
	return probe{at: "he places a bid", try: p.place(back, market), then: codes.OK}.watch(ctx, m, "UnbanUser", answered)
}

// outliving is the account with a token whose session nobody has ended: as if the news
// of the session were lost, and only that of the ban arrives.
func (p *proof) outliving(who *caller) (*caller, error) {
	account, err := id.Parse("account", who.account)
	if err != nil {
		return nil, err
	}
	issuer, err := auth.NewIssuer(p.shop.keys, p.clock)
	if err != nil {
		return nil, err
	}
	token, _, err := issuer.Access(account, id.New(), []auth.Role{auth.RoleUser, auth.RoleSeller})
	if err != nil {
		return nil, err
	}
	return &caller{kind: who.kind, account: who.account, token: token}, nil
}

// open asks whether a market has an open bid or ask; NOT_FOUND when it has none.
func (p *proof) open(market string) func(context.Context) error {
	return func(ctx context.Context) error {
		r, err := p.bidding.GetMarketPrice(ctx, &biddingv1.GetMarketPriceRequest{MarketId: market})
		if err == nil && r.GetMarketPrice().GetOpenBids()+r.GetMarketPrice().GetOpenAsks() == 0 {
			return status.Error(codes.NotFound, "nothing is open")
		}
		return err
	}
}

// place places a bid that does not stay, so that it can be tried again and again.
func (p *proof) place(who *caller, market string) func(context.Context) error {
	return func(ctx context.Context) error {
		return only(p.bidding.PlaceBid(who.call(ctx), &biddingv1.PlaceBidRequest{
			MarketId: market, Price: price, OrderType: biddingv1.OrderType_IOC,
		}))
	}
}

func (p *proof) login(who *caller) func(context.Context) error {
	return func(ctx context.Context) error {
		return only(p.user.Login(ctx, &userv1.LoginRequest{Email: who.email, Password: password}))
	}
}
