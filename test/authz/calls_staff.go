package main

import (
	"context"

	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

const reason = "a proof"

// staffCalls are what administrators ask the user service about others.
func staffCalls() map[string]ask {
	return map[string]ask{
		users + "ListUsers": func(ctx context.Context, a *asking) error {
			return only(a.user.ListUsers(a.me(ctx), &userv1.ListUsersRequest{}))
		},
		users + "GetUser": func(ctx context.Context, a *asking) error {
			return only(a.user.GetUser(a.me(ctx), &userv1.GetUserRequest{UserId: a.people["user"].account}))
		},
		users + "BanUser":                 given(somebody(), ban),
		users + "BanUser (an owner)":      given(somebody("owner"), ban),
		users + "BanUser (himself)":       given(himself, ban),
		users + "SetRoles (to seller)":    given(somebody(), roles("seller")),
		users + "SetRoles (to admin)":     given(somebody(), roles("admin")),
		users + "SetRoles (his own)":      given(himself, roles("seller")),
		users + "SetRoles (from finance)": given(somebody("finance"), roles()),
		users + "UnbanUser": given(banned, func(ctx context.Context, a *asking, account string) error {
			return only(a.user.UnbanUser(a.me(ctx), &userv1.UnbanUserRequest{UserId: account, Reason: reason}))
		}),
	}
}

// somebody is a new account with roles.
func somebody(roles ...string) func(context.Context, *asking) (string, error) {
	return func(ctx context.Context, a *asking) (string, error) {
		c, err := a.join(ctx, "somebody", roles...)
		if err != nil {
			return "", err
		}
		return c.account, nil
	}
}

// himself is the caller's account; for who has none, that of a user.
func himself(_ context.Context, a *asking) (string, error) {
	if a.caller.account == "" {
		return a.people["user"].account, nil
	}
	return a.caller.account, nil
}

func banned(ctx context.Context, a *asking) (string, error) {
	account, err := somebody()(ctx, a)
	if err != nil {
		return "", err
	}
	return account, ban(ctx, &asking{a.world, a.root, a.root, a.conn}, account)
}

func ban(ctx context.Context, a *asking, account string) error {
	return only(a.user.BanUser(a.me(ctx), &userv1.BanUserRequest{UserId: account, Reason: reason}))
}

func roles(names ...string) func(context.Context, *asking, string) error {
	return func(ctx context.Context, a *asking, account string) error {
		return only(a.user.SetRoles(a.me(ctx), &userv1.SetRolesRequest{UserId: account, Roles: names, Reason: reason}))
	}
}
