package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// tabs is how often two tabs refresh at once.
const tabs = 20

// replayed uses refresh tokens more often than they may be used (USER-005).
func (p *proof) replayed(ctx context.Context, c *corpus) error {
	late, err := p.chain(ctx, 1) // first, because its time has to pass
	if err != nil {
		return err
	}
	exchanged := p.clock.Now()
	for _, scene := range []func(context.Context, *corpus) error{p.twoTabs, p.grandparent, p.afterLogout, p.afterBan} {
		if err := scene(ctx, c); err != nil {
			return err
		}
	}
	if err := p.pause(ctx, auth.RefreshGrace+time.Second-p.clock.Now().Sub(exchanged)); err != nil {
		return err
	}
	p.reuse(ctx, c, "the parent after its grace", late.tokens[0])
	p.reuse(ctx, c, "the child of a parent reused", late.tokens[1])
	p.ended(ctx, c, "a session whose refresh token was reused", late.access)
	return nil
}

// chain is a session's refresh tokens, the oldest first, and its last access token.
type chain struct {
	of     *caller
	tokens []string
	access string
}

// chain signs somebody new in and refreshes n times.
func (p *proof) chain(ctx context.Context, n int) (chain, error) {
	who, err := p.join(ctx, "replayer")
	if err != nil {
		return chain{}, err
	}
	c := chain{who, []string{who.refresh}, who.token}
	for range n {
		r, err := p.user.RefreshToken(ctx, &userv1.RefreshTokenRequest{RefreshToken: c.tokens[len(c.tokens)-1]})
		if err != nil {
			return c, fmt.Errorf("refresh: %w", err)
		}
		c.tokens, c.access = append(c.tokens, r.GetRefreshToken()), r.GetAccessToken()
	}
	return c, nil
}

func (p *proof) reuse(ctx context.Context, c *corpus, name, token string) {
	c.refused(name, door{name: "user RefreshToken"}, p.exchange(ctx, token))
}

// ended tries an access token whose session is no more, at the service that knows at once.
func (p *proof) ended(ctx context.Context, c *corpus, name, token string) {
	c.refused(name, door{name: "user GetProfile"}, p.profile(ctx, token))
}

func (p *proof) profile(ctx context.Context, token string) error {
	return only(p.user.GetProfile(rpc.Bearer(ctx, token), &userv1.GetProfileRequest{}))
}

// grandparent uses a token whose child was used: no grace covers that.
func (p *proof) grandparent(ctx context.Context, c *corpus) error {
	s, err := p.chain(ctx, 2)
	if err != nil {
		return err
	}
	p.reuse(ctx, c, "the grandparent", s.tokens[0])
	p.reuse(ctx, c, "the parent after the grandparent", s.tokens[1])
	p.reuse(ctx, c, "the newest after the grandparent", s.tokens[2])
	p.ended(ctx, c, "a session whose grandparent was used", s.access)
	return nil
}

// twoTabs refresh with one token at once: both must stay signed in.
func (p *proof) twoTabs(ctx context.Context, c *corpus) error {
	for range tabs {
		s, err := p.chain(ctx, 0)
		if err != nil {
			return err
		}
		var got [2]*userv1.RefreshTokenResponse
		var g errgroup.Group
		for i := range got {
			g.Go(func() (err error) {
				got[i], err = p.user.RefreshToken(ctx, &userv1.RefreshTokenRequest{RefreshToken: s.tokens[0]})
				return err
			})
		}
		d := door{name: "user RefreshToken"}
		c.good("two tabs at once", d, g.Wait())
		if got[0].GetRefreshToken() != got[1].GetRefreshToken() {
			c.found = append(c.found, finding{d.name, "two tabs at once", "the same child", "two"})
		}
		for _, r := range got {
			c.good("a tab that refreshed", door{name: "user GetProfile"}, p.profile(ctx, r.GetAccessToken()))
		}
		c.good("the tabs' next refresh", d, p.exchange(ctx, got[0].GetRefreshToken()))
	}
	return nil
}

func (p *proof) afterLogout(ctx context.Context, c *corpus) error {
	s, err := p.chain(ctx, 1)
	if err != nil {
		return err
	}
	if _, err := p.user.Logout(rpc.Bearer(ctx, s.access), &userv1.LogoutRequest{}); err != nil {
		return fmt.Errorf("log out: %w", err)
	}
	p.reuse(ctx, c, "the newest after a logout", s.tokens[1])
	p.reuse(ctx, c, "the parent after a logout", s.tokens[0])
	p.ended(ctx, c, "a session that was left", s.access)
	return nil
}

func (p *proof) afterBan(ctx context.Context, c *corpus) error {
	s, err := p.chain(ctx, 1)
	if err != nil {
		return err
	}
	if err := ban(ctx, &asking{p.world, p.root, p.root, nil}, s.of.account); err != nil {
		return fmt.Errorf("ban: %w", err)
	}
	p.reuse(ctx, c, "the newest after a ban", s.tokens[1])
	c.refusedAs(codes.PermissionDenied, "a session of who is banned", door{name: "user GetProfile"}, p.profile(ctx, s.access))
	return nil
}
