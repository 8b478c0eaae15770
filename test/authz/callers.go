package main

import (
	"context"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc/metadata"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

const (
	password   = "nothing but shoes"
	ownerEmail = "owner@example.com"
)

// caller is an account that is signed in, a service, or nobody.
type caller struct {
	kind    string
	account string
	email   string
	session string
	token   string
	refresh string
	service *auth.ServiceCredential
}

// call returns a context whose calls come from the caller.
func (c *caller) call(ctx context.Context) context.Context {
	if c.service != nil {
		token, err := c.service.Token()
		if err != nil {
			panic("authz: sign a service token: " + err.Error()) // keys that were good a moment ago
		}
		return asService(ctx, token)
	}
	if c.token == "" {
		return ctx
	}
	return rpc.Bearer(ctx, c.token)
}

func asService(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "x-service-token", token)
}

// accounts are the roles of each kind of account, beside user.
var accounts = map[string][]string{
	"user": nil, "other": nil, "rival": {"seller"}, "seller": {"seller"}, "catalog": {"catalog"}, "admin": {"admin"}, "owner": {"owner"},
}

// gather makes a caller of every column, and a rival, who sells too.
func (w *world) gather(ctx context.Context, keys auth.Config) error {
	w.people = map[string]*caller{"anonymous": {kind: "anonymous"}}
	for _, name := range []string{"bidding", "order", "courier"} {
		credential, err := auth.NewServiceCredential(keys, name, w.clock)
		if err != nil {
			return err
		}
		w.people[name] = &caller{kind: name, service: credential}
	}
	for kind, roles := range accounts {
		c, err := w.join(ctx, kind, roles...)
		if err != nil {
			return err
		}
		w.people[kind] = c
	}
	return nil
}

// again is another caller of the same kind, for what its account would not outlive.
func (w *world) again(ctx context.Context, c *caller) (*caller, error) {
	if c.account == "" {
		return c, nil
	}
	return w.join(ctx, c.kind, accounts[c.kind]...)
}

// join registers somebody, has the owner give him roles, and signs him in.
func (w *world) join(ctx context.Context, kind string, roles ...string) (*caller, error) {
	email := fmt.Sprintf("%s-%d@example.com", kind, w.count.Add(1))
	_, err := w.user.Register(ctx, &userv1.RegisterRequest{Email: email, Password: password, FirstName: kind, LastName: "Caller"})
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	c, err := w.signIn(ctx, kind, email)
	if err != nil || len(roles) == 0 {
		return c, err
	}
	if err := w.setRoles(ctx, c, roles...); err != nil {
		return nil, err
	}
	return w.signIn(ctx, kind, email)
}

func (w *world) setRoles(ctx context.Context, c *caller, roles ...string) error {
	_, err := w.user.SetRoles(w.root.call(ctx), &userv1.SetRolesRequest{UserId: c.account, Roles: roles, Reason: "a proof"})
	if err != nil {
		return fmt.Errorf("give roles: %w", err)
	}
	return nil
}

// signIn opens one more session.
func (w *world) signIn(ctx context.Context, kind, email string) (*caller, error) {
	r, err := w.user.Login(ctx, &userv1.LoginRequest{Email: email, Password: password})
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	claims, err := claimsOf(r.GetAccessToken())
	if err != nil {
		return nil, err
	}
	session, _ := claims["sid"].(string)
	return &caller{
		kind: kind, account: r.GetUser().GetId(), email: email, session: session, token: r.GetAccessToken(), refresh: r.GetRefreshToken(),
	}, nil
}

// claimsOf reads a token as anybody can, without its key.
func claimsOf(token string) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(token, claims); err != nil {
		return nil, fmt.Errorf("read a token: %w", err)
	}
	return claims, nil
}
