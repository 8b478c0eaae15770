// Package product is the catalogue and stock service: it wires model, service,
// repository and handler into the tasks of a process.
package product

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/product/consumer"
	"github.com/sneakers-marketplace/marketplace/internal/product/handler"
	"github.com/sneakers-marketplace/marketplace/internal/product/repository"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/event"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/revocation"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// Name is the service's name on the network and in its credential.
const Name = "product"

// Config is the product service's settings; every field can be left out except DATABASE_URL.
type Config struct {
	config.Common
	Listen        string        `env:"PRODUCT_LISTEN" envDefault:"127.0.0.1:50052" doc:"gRPC address of the product service"`
	Address       string        `env:"PRODUCT_ADDRESS" envDefault:"127.0.0.1:50052" doc:"where other services reach the product service"` // known here so that a .env of all services is no misspelling
	Users         string        `env:"USER_ADDRESS" envDefault:"127.0.0.1:50051" doc:"where other services reach the user service"`
	Bidding       string        `env:"BIDDING_ADDRESS" envDefault:"127.0.0.1:50053" doc:"where other services reach the bidding service"`
	SweepInterval time.Duration `env:"PRODUCT_SWEEP_INTERVAL" envDefault:"1s" doc:"how often overdue stock reservations are looked for"`
	DB            database.Config
	Auth          auth.Config
	RPC           rpc.Config
}

// Validate names the variable that is out of range.
func (c Config) Validate() error {
	if c.SweepInterval < 100*time.Millisecond || c.SweepInterval > time.Hour {
		return config.Bad("PRODUCT_SWEEP_INTERVAL", c.SweepInterval, "must be 100ms to 1h")
	}
	return nil
}

// New builds the service's tasks: the connections, what it follows of other services, the
// sweepers of overdue reservations and old sales, and the gRPC server. It is a run.Build.
func New(ctx context.Context, env *run.Env) ([]run.Task, error) { return build(ctx, env, false) }

// NewAlone builds the service for one process that nobody else can reach: it listens over
// memory only, and follows nobody, since all its tokens are made on the spot.
func NewAlone(ctx context.Context, env *run.Env) ([]run.Task, error) { return build(ctx, env, true) }

func build(ctx context.Context, env *run.Env, alone bool) ([]run.Task, error) {
	cfg, err := config.Load[Config](env.Source, "PRODUCT_")
	if err != nil {
		return nil, fmt.Errorf("product service: %w", err)
	}
	if err := cfg.Auth.Check(cfg.Production(), cfg.Listen == "" || auth.Loopback(cfg.Listen)); err != nil {
		return nil, fmt.Errorf("product service: %w", err)
	}
	b := &builder{cfg: cfg, env: env}
	if alone {
		b.cfg.Listen = ""
	} else if err := b.follow(); err != nil {
		return b.tasks, fmt.Errorf("product service: %w", err)
	}
	if err := b.build(ctx); err != nil {
		return b.tasks, fmt.Errorf("product service: %w", err)
	}
	return b.tasks, nil
}

// builder collects the service's tasks in the order in which they start.
type builder struct {
	cfg   Config
	env   *run.Env
	tasks []run.Task

	pool        *pgxpool.Pool
	revocations *revocation.Follower // nil: alone
	bidding     *grpc.ClientConn     // nil: alone
}

func (b *builder) add(tasks ...run.Task) { b.tasks = append(b.tasks, tasks...) }

func (b *builder) build(ctx context.Context) (err error) {
	b.cfg.DB.Name = "product-service"
	if b.pool, err = database.Open(ctx, b.cfg.DB, b.env.Log); err != nil {
		return err
	}
	b.add(run.Closing("product database", func(context.Context) error { b.pool.Close(); return nil }))
	store := repository.New(b.pool)
	svc := service.New(store, b.env.Clock)
	b.add(b.sweepers(svc)...)
	if b.bidding != nil {
		b.add(event.NewConsumer(consumer.Source, b.bidding, consumer.New(svc), b.env.Log))
	}
	server, err := b.server(svc, store)
	if err != nil {
		return err
	}
	b.add(server)
	return nil
}

// follow connects to the services whose news this one needs.
func (b *builder) follow() error {
	credential, err := auth.NewServiceCredential(b.cfg.Auth, Name, b.env.Clock)
	if err != nil {
		return err
	}
	users, err := b.dial("user", b.cfg.Users, credential)
	if err != nil {
		return err
	}
	b.revocations = revocation.NewFollower(users, b.env.Log)
	b.add(b.revocations)
	b.bidding, err = b.dial(consumer.Source, b.cfg.Bidding, credential)
	return err
}

func (b *builder) dial(service, address string, credential *auth.ServiceCredential) (*grpc.ClientConn, error) {
	conn, err := b.env.Network.Dial(service, address, rpc.AsService(credential))
	if err != nil {
		return nil, err
	}
	b.add(run.Closing("connection to "+service, func(context.Context) error { return conn.Close() }))
	return conn, nil
}

// sweepers are the service's housekeeping.
func (b *builder) sweepers(svc *service.Service) []run.Task {
	reservations := sweeper{"expire reservations", svc.ExpireReservations, b.env.Clock, b.cfg.SweepInterval, b.env.Log}
	sales := sweeper{"forget old sales", svc.ForgetSales, b.env.Clock, salesSweepInterval, b.env.Log}
	return []run.Task{
		run.Working("product reservation sweeper", reservations.run),
		run.Working("product activity sweeper", sales.run),
	}
}

func (b *builder) server(svc *service.Service, store *repository.Store) (*rpc.Server, error) {
	verifier, err := auth.NewVerifier(b.cfg.Auth, b.env.Clock)
	if err != nil {
		return nil, err
	}
	if b.env.Metrics != nil {
		if err := b.env.Metrics.Register(database.NewCollector(b.pool, Name)); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	options := rpc.ServerOptions{
		Service: Name, Listen: b.cfg.Listen, Config: b.cfg.RPC,
		Log: b.env.Log, Clock: b.env.Clock, Network: b.env.Network, Metrics: b.env.Metrics,
		Verifier: verifier, Production: b.cfg.Production(),
		Register: func(r grpc.ServiceRegistrar) {
			productv1.RegisterProductServiceServer(r, handler.New(svc))
			event.NewServer(store).Serve(r)
		},
		Ready: func(ctx context.Context) error { return database.Health(ctx, b.pool) },
	}
	if f := b.revocations; f != nil {
		options.Revocations = f.List
		options.Ready = func(ctx context.Context) error { return errors.Join(f.Ready(), database.Health(ctx, b.pool)) }
	}
	return rpc.NewServer(options)
}
