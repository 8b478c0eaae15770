package main

import (
	"context"

	"google.golang.org/grpc/codes"

	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// ways are all in which a token stops to count, or begins to count for more.
func (p *proof) ways() []ending {
	session := func(what string, act func(ctx context.Context, first, second *caller) error) ending {
		return ending{what, func(ctx context.Context) ([]probe, func(context.Context) error, error) {
			one, err := p.join(ctx, "leaver")
			if err != nil {
				return nil, nil, err
			}
			two, err := p.signIn(ctx, one.kind, one.email)
			return p.reads(one), func(ctx context.Context) error { return act(ctx, one, two) }, err
		}}
	}
	return []ending{
		session("Logout", func(ctx context.Context, first, _ *caller) error {
			return only(p.user.Logout(first.call(ctx), &userv1.LogoutRequest{}))
		}),
		session("ChangePassword", func(ctx context.Context, _, second *caller) error {
			return only(p.user.ChangePassword(second.call(ctx), &userv1.ChangePasswordRequest{Password: password, NewPassword: password + " now"}))
		}),
		session("RevokeSession", func(ctx context.Context, first, second *caller) error {
			return only(p.user.RevokeSession(second.call(ctx), &userv1.RevokeSessionRequest{SessionId: first.session}))
		}),
		session("RevokeAllSessions", func(ctx context.Context, _, second *caller) error {
			return only(p.user.RevokeAllSessions(second.call(ctx), &userv1.RevokeAllSessionsRequest{}))
		}),
		session("a refresh token used twice", func(ctx context.Context, first, _ *caller) error {
			token := first.refresh
			for range 2 {
				r, err := p.user.RefreshToken(ctx, &userv1.RefreshTokenRequest{RefreshToken: token})
				if err != nil {
					return err
				}
				token = r.GetRefreshToken()
			}
			_ = p.exchange(ctx, first.refresh) // its refusal is looked at elsewhere; here it is the alarm
			return nil
		}),
		{"BanUser", func(ctx context.Context) ([]probe, func(context.Context) error, error) {
			who, err := p.join(ctx, "leaver")
			if err != nil {
				return nil, nil, err
			}
			return elsewhere(p.reads(who)), func(ctx context.Context) error {
				return ban(ctx, &asking{p.world, p.root, p.root, nil}, who.account)
			}, nil
		}},
		p.roleWay("SetRoles (taken)", []string{"catalog", "support"}, nil, codes.PermissionDenied),
		p.roleWay("SetRoles (given)", nil, []string{"catalog", "support"}, codes.OK),
	}
}

// roleWay gives or takes roles; the token is from before.
func (p *proof) roleWay(what string, before, next []string, then codes.Code) ending {
	return ending{what, func(ctx context.Context) ([]probe, func(context.Context) error, error) {
		who, err := p.join(ctx, "editor", before...)
		if err != nil {
			return nil, nil, err
		}
		_, size, err := p.newBid(ctx, p.people["rival"])
		return p.editing(who, size, then), func(ctx context.Context) error { return p.setRoles(ctx, who, next...) }, err
	}}
}
