package main

import (
	"context"
	"fmt"
	"maps"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	eventv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/event/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// tokens sends every service what must not count as a token.
func (p *proof) tokens(ctx context.Context) error {
	c := &corpus{}
	err := p.swapped(ctx, c)
	if err == nil {
		err = p.forged(ctx, c)
	}
	if err == nil {
		err = p.replayed(ctx, c)
	}
	p.score.tokens, p.score.tokensAccepted = c.sent, c.accepted
	p.score.unexpected += p.report(c.found)
	p.say("    %d sent, %d accepted", c.sent, c.accepted)
	return err
}

// doors are, at each service, a call that needs a user and one that anybody may make:
// there too a liar is refused.
func (p *proof) doors(ctx context.Context) ([]door, error) {
	_, size, err := p.newBid(ctx, p.people["rival"])
	if err != nil {
		return nil, err
	}
	return []door{
		{"user GetProfile", func(ctx context.Context) error { return only(p.user.GetProfile(ctx, &userv1.GetProfileRequest{})) }},
		{"user Login", func(ctx context.Context) error {
			return only(p.user.Login(ctx, &userv1.LoginRequest{Email: ownerEmail, Password: password}))
		}},
		{"product ListInventoryTransactions", func(ctx context.Context) error {
			return only(p.product.ListInventoryTransactions(ctx, &productv1.ListInventoryTransactionsRequest{SizeId: size}))
		}},
		{"product ListProducts", func(ctx context.Context) error {
			return only(p.product.ListProducts(ctx, &productv1.ListProductsRequest{}))
		}},
		{"bidding ListMyBids", func(ctx context.Context) error {
			return only(p.bidding.ListMyBids(ctx, &biddingv1.ListMyBidsRequest{}))
		}},
		{"bidding GetHighestBid", func(ctx context.Context) error {
			return only(p.bidding.GetHighestBid(ctx, &biddingv1.GetHighestBidRequest{MarketId: size}))
		}},
	}, nil
}

// serviceDoors are calls that a service token opens.
func (p *proof) serviceDoors() []door {
	var doors []door
	for _, name := range servers {
		log := eventv1.NewEventLogClient(p.conns[name])
		doors = append(doors, door{name + " ListPartitions", func(ctx context.Context) error {
			return only(log.ListPartitions(ctx, &eventv1.ListPartitionsRequest{}))
		}})
	}
	return doors
}

// forged sends tokens that are wrong in one thing.
func (p *proof) forged(ctx context.Context, c *corpus) error {
	ctx, cancel := context.WithTimeout(ctx, 3*patience)
	defer cancel()
	doors, err := p.doors(ctx)
	if err != nil {
		return err
	}
	access, err := p.accessCorpus()
	if err != nil {
		return err
	}
	service, err := p.serviceCorpus()
	if err != nil {
		return err
	}
	for _, d := range doors {
		c.send(ctx, d, "access token", access, rpc.Bearer)
	}
	for _, d := range p.serviceDoors() {
		c.send(ctx, d, "service token", service, asService)
	}
	return ctx.Err()
}

// accessCorpus is made from the first owner's token: nobody has more to lose.
func (p *proof) accessCorpus() (map[string]string, error) {
	claims, err := claimsOf(p.root.token)
	if err != nil {
		return nil, err
	}
	out, err := p.write(claims, []byte(signingKey), accessForgeries())
	if err != nil {
		return nil, err
	}
	user, err := claimsOf(p.people["user"].token)
	if err != nil {
		return nil, err
	}
	user["roles"] = []string{"user", "owner"}
	changed, err := tampered(p.people["user"].token, user)
	if err != nil {
		return nil, err
	}
	maps.Copy(out, changed)
	return out, nil
}

func (p *proof) serviceCorpus() (map[string]string, error) {
	token, err := p.people["bidding"].service.Token()
	if err != nil {
		return nil, err
	}
	claims, err := claimsOf(token)
	if err != nil {
		return nil, err
	}
	return p.write(claims, serviceKey(signingKey), serviceForgeries())
}

// write makes the forgeries, and one token that is none.
func (p *proof) write(claims map[string]any, key []byte, more []forgery) (map[string]string, error) {
	all, err := forgeries(p.clock.Now())
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, f := range append(append(all, more...), forgery{name: honest}) {
		if out[f.name], err = f.token(claims, key); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// swapped sends good tokens where others belong.
func (p *proof) swapped(ctx context.Context, c *corpus) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	doors, err := p.doors(ctx)
	if err != nil {
		return err
	}
	service, err := p.people["bidding"].service.Token()
	if err != nil {
		return err
	}
	another, err := auth.NewServiceCredential(auth.Config{Keys: auth.DevelopmentKeys}, "bidding", p.clock)
	if err != nil {
		return err
	}
	known, err := another.Token()
	if err != nil {
		return err
	}
	for _, d := range doors {
		c.send(ctx, d, "authorization", map[string]string{"a refresh token": p.root.refresh, "a service token": service}, rpc.Bearer)
		c.refused("authorization twice", d, d.try(rpc.Bearer(rpc.Bearer(ctx, p.root.token), p.root.token)))
		c.refused("an honest access token beside a service token that is an access token", d, d.try(asService(rpc.Bearer(ctx, p.root.token), p.root.token)))
	}
	for _, d := range p.serviceDoors() {
		c.send(ctx, d, "x-service-token", map[string]string{
			"an owner's access token": p.root.token, "a refresh token": p.root.refresh, "a token of the development key": known,
		}, asService)
		c.refused("a service token as authorization", d, d.try(rpc.Bearer(ctx, service)))
		c.refused("a service token twice", d, d.try(asService(asService(ctx, service), service)))
	}
	refresh := door{name: "user RefreshToken"}
	for name, token := range map[string]string{"an access token": p.root.token, "a service token": service} {
		c.refusedAs(codes.InvalidArgument, name+", which is too long", refresh, p.exchange(ctx, token))
		c.refused("the beginning of "+name, refresh, p.exchange(ctx, token[:200]))
	}
	for name, token := range map[string]string{"a made-up one": "x", "a shortened one": p.root.refresh[1:], "a longer one": p.root.refresh + "A"} {
		c.refused(name, refresh, p.exchange(ctx, token))
	}
	return ctx.Err()
}

// exchange uses a refresh token.
func (p *proof) exchange(ctx context.Context, token string) error {
	return only(p.user.RefreshToken(ctx, &userv1.RefreshTokenRequest{RefreshToken: token}))
}

// pause waits, or is interrupted.
func (p *proof) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait: %w", ctx.Err())
	case <-p.clock.After(d):
		return nil
	}
}
