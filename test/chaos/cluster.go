package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// patience is how long the drill waits for what should take seconds.
const patience = time.Minute

// cluster is a PostgreSQL and a marketplace, each of which can be killed.
type cluster struct {
	dir         string
	at          addresses
	issuer      *auth.Issuer
	postgres    *postgres
	marketplace *marketplace
	nodes       []*marketplace // of the exchange, when it has processes of its own
}

// newCluster starts both in a folder of their own.
func newCluster(ctx context.Context, binary string, offset int, severalNodes bool) (*cluster, error) {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	issuer, err := auth.NewIssuer(auth.Config{Keys: auth.DevelopmentKeys}, clock.System{})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "marketplace-crash-")
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir, issuer: issuer}
	if err := c.start(ctx, binary, offset, severalNodes); err != nil {
		return nil, errors.Join(err, c.stop(), os.RemoveAll(dir))
	}
	return c, nil
}

// diaries is the folder of what the clients write down.
func (c *cluster) diaries() string { return filepath.Join(c.dir, "diaries") }

func (c *cluster) start(ctx context.Context, binary string, offset int, severalNodes bool) error {
	if err := os.Chmod(c.dir, 0o711); err != nil { //nolint:gosec // the database's user walks through
		return err
	}
	err := os.Mkdir(c.diaries(), 0o700)
	if err != nil {
		return err
	}
	if c.postgres, err = startPostgres(ctx, filepath.Join(c.dir, "postgres")); err != nil {
		return err
	}
	if err := c.postgres.durable(ctx); err != nil {
		return err
	}
	if c.at, err = freeAddresses(ctx, offset); err != nil {
		return err
	}
	c.marketplace = newMarketplace(binary, c.dir, c.postgres.server.URL(), c.at)
	if err := c.marketplace.migrate(ctx); err != nil {
		return err
	}
	if severalNodes {
		c.nodes = []*marketplace{c.marketplace.only("bidding", "node-1", c.at.bidding), c.marketplace.only("bidding", "node-2", c.at.second)}
		c.marketplace = c.marketplace.only("user,product", "marketplace", c.at.bidding)
	}
	for _, m := range append(c.nodes, c.marketplace) {
		if err := m.start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// exchange lists where the exchange is reached.
func (c *cluster) exchange() []string {
	if len(c.nodes) > 1 {
		return []string{c.at.bidding, c.at.second}
	}
	return []string{c.at.bidding}
}

// stop ends both, the marketplace first.
func (c *cluster) stop() error {
	var err error
	for _, m := range append(c.nodes, c.marketplace) {
		if m != nil {
			err = errors.Join(err, m.stop())
		}
	}
	if c.postgres != nil {
		err = errors.Join(err, c.postgres.stop())
	}
	return err
}

// ready waits until every service says that it serves.
func (c *cluster) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, address := range append(c.exchange(), c.at.user, c.at.product) {
		conn, err := dial(address)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() // only this process hears of it
		for health := healthpb.NewHealthClient(conn); ; {
			r, err := health.Check(ctx, &healthpb.HealthCheckRequest{})
			if err == nil && r.GetStatus() == healthpb.HealthCheckResponse_SERVING {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("the marketplace at %s does not get ready: %w", address, errors.Join(ctx.Err(), err))
			case <-c.marketplace.gone:
				return errors.New("the marketplace stopped while it was starting")
			case <-clock.System{}.After(again):
			}
		}
	}
	return nil
}

// markets makes products and n sizes of them, each of which is a market.
func (c *cluster) markets(ctx context.Context, n int) ([]string, error) {
	const perProduct = 10
	conn, err := dial(c.at.product)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }() // only this process hears of it
	token, _, err := c.issuer.Access(id.New(), id.New(), []auth.Role{auth.RoleUser, auth.RoleOwner})
	if err != nil {
		return nil, fmt.Errorf("sign the owner in: %w", err)
	}
	ctx, cancel := context.WithTimeout(rpc.Bearer(ctx, token), patience)
	defer cancel()
	api := productv1.NewProductServiceClient(conn)
	var sizes []string
	var product string
	for len(sizes) < n {
		if len(sizes)%perProduct == 0 {
			p, err := api.CreateProduct(ctx, &productv1.CreateProductRequest{Name: "Crash", Sku: id.New().String()})
			if err != nil {
				return nil, fmt.Errorf("make a product: %w", err)
			}
			product = p.GetProduct().GetId()
		}
		s, err := api.AddSize(ctx, &productv1.AddSizeRequest{ProductId: product, Label: strconv.Itoa(5 + len(sizes)%perProduct)})
		if err != nil {
			return nil, fmt.Errorf("make a size: %w", err)
		}
		sizes = append(sizes, s.GetSize().GetId())
	}
	return sizes, nil
}
