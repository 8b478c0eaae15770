package main

import (
	"context"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// patience is how long an answer may take that should take an instant.
const patience = 20 * time.Second

// servers are the processes.
var servers = []string{"user", "product", "bidding"}

// world is the marketplace under test as its clients see it.
type world struct {
	clock   clock.Clock
	conns   map[string]*grpc.ClientConn // by server
	user    userv1.UserServiceClient
	product productv1.ProductServiceClient
	bidding biddingv1.BiddingServiceClient
	root    *caller            // the first owner, who prepares what the others ask for
	people  map[string]*caller // by column, and the rival
	owners  owners
	count   atomic.Int64
}

// enter signs the first owner in, over connections to each server, and gathers the callers.
func enter(ctx context.Context, conns map[string]*grpc.ClientConn, keys auth.Config) (*world, error) {
	w := &world{
		clock: clock.System{}, conns: conns,
		user:    userv1.NewUserServiceClient(conns["user"]),
		product: productv1.NewProductServiceClient(conns["product"]),
		bidding: biddingv1.NewBiddingServiceClient(conns["bidding"]),
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	if w.root, err = w.signIn(ctx, "owner", ownerEmail); err != nil {
		return nil, err
	}
	return w, w.gather(ctx, keys)
}
