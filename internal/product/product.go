// Package product is the catalogue and stock service: it wires model, service,
// repository and handler into the tasks of a process.
package product

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/product/handler"
	"github.com/sneakers-marketplace/marketplace/internal/product/repository"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// Config is the product service's settings; every field can be left out except DATABASE_URL.
type Config struct {
	config.Common
	Listen        string        `env:"PRODUCT_LISTEN" envDefault:"127.0.0.1:50052" doc:"gRPC address of the product service"`
	Address       string        `env:"PRODUCT_ADDRESS" envDefault:"127.0.0.1:50052" doc:"where other services reach the product service"` // known here so that a .env of all services is no misspelling
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

// New builds the service's tasks: the database pool, the sweeper of overdue reservations
// and the gRPC server. It is a run.Build.
func New(ctx context.Context, env *run.Env) ([]run.Task, error) {
	cfg, err := config.Load[Config](env.Source, "PRODUCT_")
	if err != nil {
		return nil, fmt.Errorf("product service: %w", err)
	}
	if err := cfg.Auth.Check(cfg.Production(), cfg.Listen == "" || auth.Loopback(cfg.Listen)); err != nil {
		return nil, fmt.Errorf("product service: %w", err)
	}
	verifier, err := auth.NewVerifier(cfg.Auth, env.Clock)
	if err != nil {
		return nil, fmt.Errorf("product service: %w", err)
	}
	cfg.DB.Name = "product-service"
	pool, err := database.Open(ctx, cfg.DB, env.Log)
	if err != nil {
		return nil, fmt.Errorf("product service: %w", err)
	}
	tasks := []run.Task{run.Closing("product database", func(context.Context) error {
		pool.Close()
		return nil
	})}
	svc := service.New(repository.New(pool), env.Clock)
	server, err := newServer(cfg, env, pool, verifier, svc)
	if err != nil {
		return tasks, err
	}
	sweeper := sweeper{svc, env.Clock, cfg.SweepInterval, env.Log}
	return append(tasks, run.Working("product reservation sweeper", sweeper.run), server), nil
}

func newServer(
	cfg Config, env *run.Env, pool *pgxpool.Pool, verifier *auth.Verifier, svc *service.Service,
) (*rpc.Server, error) {
	if env.Metrics != nil {
		if err := env.Metrics.Register(database.NewCollector(pool, "product")); err != nil {
			return nil, fmt.Errorf("product service: metrics: %w", err)
		}
	}
	return rpc.NewServer(rpc.ServerOptions{
		Service: "product", Listen: cfg.Listen, ListenVariable: "PRODUCT_LISTEN", Config: cfg.RPC,
		Log: env.Log, Clock: env.Clock, Network: env.Network, Metrics: env.Metrics,
		Verifier: verifier, Production: cfg.Production(),
		Register: func(r grpc.ServiceRegistrar) { productv1.RegisterProductServiceServer(r, handler.New(svc)) },
		Ready:    func(ctx context.Context) error { return database.Health(ctx, pool) },
	})
}
