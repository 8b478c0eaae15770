// Package lab runs a whole marketplace of its own for a proof or a benchmark: in
// a folder that is removed, on free ports, with callers whose tokens are made on
// the spot. The services check those tokens like any other.
package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/user"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// Lab is a running marketplace and the means to call it.
type Lab struct {
	Bidding     biddingv1.BiddingServiceClient
	Product     productv1.ProductServiceClient
	DatabaseURL string
	Verifier    *auth.Verifier // of the tokens that As makes

	issuer *auth.Issuer
	market *app.Marketplace
	conns  []*grpc.ClientConn
}

// Options are what a lab may want; the zero value is good.
type Options struct {
	Clock  clock.Clock   // nil: the machine's
	Source config.Source // variables on top of the environment, e.g. listen addresses
}

// ErrInterrupted says that the marketplace stopped before the work was done.
var ErrInterrupted = errors.New("interrupted before the work was done")

// Run starts a marketplace, does the work and takes everything down again.
// Errors: of the work; ErrInterrupted when ctx ended first, because a marketplace
// that is told to stop stops without an error, and half a proof is none.
func Run(ctx context.Context, o Options, work func(context.Context, *Lab) error) error {
	state, err := os.MkdirTemp("", "marketplace-lab-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(state) }()
	if err := os.Chmod(state, 0o711); err != nil { //nolint:gosec // the database's user walks through
		return err
	}
	src := config.Environ().With(config.Source{
		"USER_LISTEN": "127.0.0.1:0", "PRODUCT_LISTEN": "127.0.0.1:0", "BIDDING_LISTEN": "127.0.0.1:0", "LOG_LEVEL": "warn",
	}).With(o.Source)
	done := false
	options := app.Options{Source: src, State: state, Log: io.Discard, Notice: os.Stderr, Clock: o.Clock}
	err = app.Run(ctx, options, func(ctx context.Context, m *app.Marketplace) error {
		if err := m.Ready(ctx); err != nil {
			return err
		}
		l, err := open(m)
		if err != nil {
			return err
		}
		defer l.close()
		err = work(ctx, l)
		done = err == nil
		return err
	})
	if err == nil && !done {
		return ErrInterrupted
	}
	return err
}

func open(m *app.Marketplace) (*Lab, error) {
	keys := auth.Config{Keys: auth.DevelopmentKeys}
	issuer, err := auth.NewIssuer(keys, m.Env.Clock)
	if err != nil {
		return nil, err
	}
	verifier, err := auth.NewVerifier(keys, m.Env.Clock)
	if err != nil {
		return nil, err
	}
	l := &Lab{DatabaseURL: m.Env.Source["DATABASE_URL"], Verifier: verifier, issuer: issuer, market: m}
	b, err := l.Dial("bidding")
	if err != nil {
		return nil, err
	}
	p, err := l.Dial("product")
	if err != nil {
		return nil, err
	}
	l.Bidding, l.Product = biddingv1.NewBiddingServiceClient(b), productv1.NewProductServiceClient(p)
	return l, nil
}

// Dial returns a connection of its own to a service, over memory.
func (l *Lab) Dial(service string) (*grpc.ClientConn, error) {
	conn, err := l.market.Dial(service)
	if err == nil {
		l.conns = append(l.conns, conn)
	}
	return conn, err
}

// Orders returns the exchange as the order service calls it.
func (l *Lab) Orders() (biddingv1.BiddingServiceClient, error) {
	conn, err := l.market.DialAs("order", "bidding")
	if err != nil {
		return nil, err
	}
	l.conns = append(l.conns, conn)
	return biddingv1.NewBiddingServiceClient(conn), nil
}

func (l *Lab) close() {
	for _, c := range l.conns {
		_ = c.Close() // only this process hears of it
	}
}

// As returns a context whose calls come from an account with these roles. Its
// token lives as long as any other: 15 minutes on the marketplace's clock.
func (l *Lab) As(account id.UUID, roles ...auth.Role) context.Context {
	token, _, err := l.issuer.Access(account, id.New(), append(roles, auth.RoleUser))
	if err != nil {
		panic("lab: sign a token: " + err.Error()) // the development keys always sign
	}
	return rpc.Bearer(context.Background(), token)
}

// Caller is an account whose token is renewed for as long as it calls.
type Caller struct {
	lab     *Lab
	account id.UUID
	roles   []auth.Role

	mu    sync.Mutex
	ctx   context.Context //nolint:containedctx // what the account's calls carry now
	until time.Time
}

// Caller returns an account with these roles that calls for as long as it likes.
func (l *Lab) Caller(account id.UUID, roles ...auth.Role) *Caller {
	return &Caller{lab: l, account: account, roles: roles}
}

// renewEvery is well within the 15 minutes that a token lives.
const renewEvery = 5 * time.Minute

// Context returns a context whose calls come from the account.
func (c *Caller) Context() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.lab.market.Env.Clock.Now(); !now.Before(c.until) {
		c.ctx, c.until = c.lab.As(c.account, c.roles...), now.Add(renewEvery)
	}
	return c.ctx
}

// Owner makes the marketplace's first owner, for what signs in by itself.
func (l *Lab) Owner(ctx context.Context, email, password string) error {
	return user.CreateOwner(ctx, l.market.Env, email, password)
}

// Sizes makes products and n sizes of them, which are markets, and returns their ids.
func (l *Lab) Sizes(n int, stock int32) ([]string, error) {
	const perProduct = 10
	owner := l.As(id.New(), auth.RoleOwner)
	var sizes []string
	for len(sizes) < n {
		p, err := l.Product.CreateProduct(owner, &productv1.CreateProductRequest{Name: "Lab", Sku: id.New().String()})
		if err != nil {
			return nil, fmt.Errorf("make a product: %w", err)
		}
		for i := 0; i < perProduct && len(sizes) < n; i++ {
			s, err := l.Product.AddSize(owner, &productv1.AddSizeRequest{
				ProductId: p.GetProduct().GetId(), Label: strconv.Itoa(5 + i), Quantity: stock,
			})
			if err != nil {
				return nil, fmt.Errorf("make a size: %w", err)
			}
			sizes = append(sizes, s.GetSize().GetId())
		}
	}
	return sizes, nil
}

// Lift takes an account's caps away, through the settings that operators have.
func (l *Lab) Lift(account id.UUID) error {
	_, err := l.Bidding.SetAccountLimits(l.As(id.New(), auth.RoleOwner), &biddingv1.SetAccountLimitsRequest{
		Limits: &biddingv1.AccountLimits{AccountId: account.String(), MaxOpenPerMarket: 1_000_000, MaxOpenTotal: 10_000_000},
	})
	if err != nil {
		return fmt.Errorf("lift the caps of %s: %w", account, err)
	}
	return nil
}
