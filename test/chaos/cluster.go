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
	disk        *disk // of PostgreSQL alone; nil: it is on the machine's
	postgres    *postgres
	wire        *wire // between the exchange and PostgreSQL; nil: none that can be cut
	marketplace *marketplace
	nodes       []*marketplace // of the exchange, when it has processes of its own
}

// layout says what a cluster has that others have not.
type layout struct {
	severalNodes bool
	smallDisk    bool // PostgreSQL is on a disk that can be filled
	wire         bool // the exchange reaches PostgreSQL over a wire that can be cut
}

// newCluster starts both in a folder of their own.
func newCluster(ctx context.Context, binary string, offset int, l layout) (*cluster, error) {
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
	if err := c.start(ctx, binary, offset, l); err != nil {
		return nil, errors.Join(err, c.stop(), os.RemoveAll(dir))
	}
	return c, nil
}

// diaries is the folder of what the clients write down.
func (c *cluster) diaries() string { return filepath.Join(c.dir, "diaries") }

func (c *cluster) start(ctx context.Context, binary string, offset int, l layout) error {
	if err := os.Chmod(c.dir, 0o711); err != nil { //nolint:gosec // the database's user walks through
		return err
	}
	err := os.Mkdir(c.diaries(), 0o700)
	if err != nil {
		return err
	}
	if err := c.store(ctx, l); err != nil {
		return err
	}
	if c.at, err = freeAddresses(ctx, offset); err != nil {
		return err
	}
	c.marketplace = newMarketplace(binary, c.dir, c.postgres.server.URL(), c.at)
	if err := c.marketplace.migrate(ctx); err != nil {
		return err
	}
	if c.wire != nil {
		c.marketplace.variables = append(c.marketplace.variables, "BIDDING_DATABASE_URL="+c.wire.url(c.postgres.server.URL()))
	}
	if l.severalNodes {
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

// store starts PostgreSQL, and what lies below it and before it.
func (c *cluster) store(ctx context.Context, l layout) (err error) {
	folder := filepath.Join(c.dir, "postgres")
	if l.smallDisk {
		if c.disk, err = mountDisk(ctx, folder); err != nil {
			return err
		}
	}
	if c.postgres, err = startPostgres(ctx, folder); err != nil {
		return err
	}
	if l.wire {
		if c.wire, err = newWire(ctx, c.postgres.server.URL()); err != nil {
			return err
		}
	}
	return c.postgres.durable(ctx)
}

// exchange lists where the exchange is reached.
func (c *cluster) exchange() []string {
	if len(c.nodes) > 1 {
		return []string{c.at.bidding, c.at.second}
	}
	return []string{c.at.bidding}
}

// stop ends all of it, the marketplace first.
func (c *cluster) stop() error {
	var err error
	for _, m := range append(c.nodes, c.marketplace) {
		if m != nil {
			err = errors.Join(err, m.stop())
		}
	}
	if c.wire != nil {
		err = errors.Join(err, c.wire.close())
	}
	if c.postgres != nil {
		err = errors.Join(err, c.postgres.stop())
	}
	if c.disk != nil {
		err = errors.Join(err, c.disk.unmount())
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
