// Package seed fills a new marketplace with a demo: four accounts, a small
// catalogue and markets with live bids, asks and a few sales. It is a client of
// the public APIs and nothing else, and may be cut off and run again at any
// point: what is there already is left alone.
package seed

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// The accounts of the demo. The owner is made by the operator; the others register.
const (
	Owner  = "owner@sneakers.example"
	Seller = "seller@sneakers.example"
	Buyer1 = "anna@sneakers.example"
	Buyer2 = "ben@sneakers.example"
)

// ErrSignIn says that an account of the demo cannot sign in: most often this
// marketplace is somebody's own already.
var ErrSignIn = errors.New("its accounts cannot sign in")

// Client reaches the three services.
type Client struct {
	Users    userv1.UserServiceClient
	Products productv1.ProductServiceClient
	Bidding  biddingv1.BiddingServiceClient
}

// NewClient makes a Client of a connection to each service.
func NewClient(users, products, bidding grpc.ClientConnInterface) Client {
	return Client{userv1.NewUserServiceClient(users), productv1.NewProductServiceClient(products), biddingv1.NewBiddingServiceClient(bidding)}
}

// parallel is how many markets are filled at a time.
const parallel = 8

// Done reports whether the demo is complete, by looking at what is made last.
func Done(ctx context.Context, c Client) (bool, error) {
	last := shoes[len(shoes)-1]
	got, err := c.Products.GetProduct(ctx, &productv1.GetProductRequest{Key: &productv1.GetProductRequest_Sku{Sku: last.sku}})
	if status.Code(err) == codes.NotFound {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the demo: %w", err)
	}
	// The last step of Demo; only a complete demo has it.
	return got.GetProduct().GetDescription() == finished, nil
}

// Demo makes what is missing of the demo. The owner must exist with this password.
func Demo(ctx context.Context, c Client, password string) error {
	owner, err := signIn(ctx, c, Owner, password)
	if err != nil {
		return err
	}
	t, err := traders(ctx, c, password)
	if err != nil {
		return err
	}
	products := make([]*productv1.Product, len(shoes))
	for i, s := range shoes {
		if products[i], err = product(owner, c, s); err != nil {
			return fmt.Errorf("demo product %s: %w", s.sku, err)
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, p := range products {
		for j, size := range p.GetSizes() {
			g.Go(func() error { return t.fill(gctx, c, size.GetId(), shoes[i].market, i*len(sizes)+j) })
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return finish(owner, c, products[len(products)-1])
}

// traders makes and signs in those who trade.
func traders(ctx context.Context, c Client, password string) (*desk, error) {
	d := &desk{}
	for _, who := range []struct {
		email, first, last string
		token              *string
	}{
		{Seller, "Sam", "Seller", &d.seller},
		{Buyer1, "Anna", "Buyer", &d.buyers[0]},
		{Buyer2, "Ben", "Buyer", &d.buyers[1]},
	} {
		_, err := c.Users.Register(ctx, &userv1.RegisterRequest{Email: who.email, Password: password, FirstName: who.first, LastName: who.last})
		if err != nil && status.Code(err) != codes.AlreadyExists {
			return nil, fmt.Errorf("register %s: %w", who.email, err)
		}
		if *who.token, err = login(ctx, c, who.email, password); err != nil {
			return nil, err
		}
	}
	accepted, err := c.Users.AcceptSellerTerms(as(ctx, d.seller), &userv1.AcceptSellerTermsRequest{})
	if err != nil {
		return nil, fmt.Errorf("accept the seller terms: %w", err)
	}
	d.seller = accepted.GetAccessToken()
	return d, d.recall(ctx, c)
}

func signIn(ctx context.Context, c Client, email, password string) (context.Context, error) {
	token, err := login(ctx, c, email, password)
	return as(ctx, token), err
}

func login(ctx context.Context, c Client, email, password string) (string, error) {
	got, err := c.Users.Login(ctx, &userv1.LoginRequest{Email: email, Password: password})
	switch status.Code(err) {
	case codes.Unauthenticated, codes.PermissionDenied, codes.FailedPrecondition:
		return "", fmt.Errorf("%w: %s: %s", ErrSignIn, email, status.Convert(err).Message())
	case codes.OK:
		return got.GetAccessToken(), nil
	default:
		return "", fmt.Errorf("sign in as %s: %w", email, err)
	}
}

// as returns a context whose calls carry the token.
func as(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}
