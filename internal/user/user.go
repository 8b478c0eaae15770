// Package user is the user service: accounts, sessions, addresses and roles, served
// on :50051. This file wires its model, use cases, database and gRPC handlers.
package user

import (
	"context"
	"fmt"
	"runtime"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/user/handler"
	"github.com/sneakers-marketplace/marketplace/internal/user/repository"
	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/event"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// Name is the service's name on the network and in logs.
const Name = "user"

// New reads the settings from env and returns the service's tasks: its connections,
// the housekeeper and the server, which already holds its address.
// Errors name the variable that is wrong. It is a run.Build.
func New(ctx context.Context, env *run.Env) ([]run.Task, error) {
	cfg, err := config.Load[Config](env.Source, Prefix)
	if err != nil {
		return nil, fmt.Errorf("user service: %w", err)
	}
	log := env.Log.With().Str("service", Name).Logger()
	conn, err := connect(ctx, cfg, log)
	if err != nil {
		return nil, fmt.Errorf("user service: %w", err)
	}
	svc, err := newService(cfg, conn, env.Clock, log)
	if err != nil {
		return []run.Task{conn}, fmt.Errorf("user service: %w", err)
	}
	server, err := newServer(cfg, env, svc, conn, log)
	if err != nil {
		return []run.Task{conn}, err
	}
	return []run.Task{conn, &housekeeper{svc, env.Clock, log}, server}, nil
}

// CreateOwner makes the marketplace's first owner with the settings of env, without
// starting the service. Errors: model.ErrOwnerExists (reason OWNER_EXISTS) once there
// is one, and what registration refuses. Rule: USER-009.
func CreateOwner(ctx context.Context, env *run.Env, email, password string) error {
	cfg, err := config.Load[Config](env.Source, Prefix)
	if err != nil {
		return fmt.Errorf("create owner: %w", err)
	}
	cfg.Redis.URL = "" // nobody signs in here
	conn, err := connect(ctx, cfg, env.Log)
	if err != nil {
		return fmt.Errorf("create owner: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	svc, err := newService(cfg, conn, env.Clock, env.Log)
	if err != nil {
		return fmt.Errorf("create owner: %w", err)
	}
	return svc.CreateOwner(ctx, email, password)
}

// connections are what the service holds open; a task, so that they close last.
type connections struct {
	pool  *pgxpool.Pool
	redis *redis.Client // nil: not configured
}

func connect(ctx context.Context, cfg Config, log zerolog.Logger) (*connections, error) {
	cfg.DB.Name = "user-service"
	pool, err := database.Open(ctx, cfg.DB, log)
	if err != nil {
		return nil, err
	}
	client, err := database.OpenRedis(cfg.Redis)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &connections{pool, client}, nil
}

// Run implements run.Task.
func (c *connections) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Close implements run.Task.
func (c *connections) Close(context.Context) error {
	c.pool.Close()
	if c.redis == nil {
		return nil
	}
	return c.redis.Close()
}

func newService(cfg Config, conn *connections, clk clock.Clock, log zerolog.Logger) (*service.Service, error) {
	hasher, err := auth.NewHasher(cfg.BcryptCost, runtime.GOMAXPROCS(0)/2, clk)
	if err != nil {
		return nil, err
	}
	issuer, err := auth.NewIssuer(cfg.Auth, clk)
	if err != nil {
		return nil, err
	}
	refresher, err := auth.NewRefresher(cfg.Auth)
	if err != nil {
		return nil, err
	}
	var throttle service.Throttle = repository.NewMemoryThrottle()
	if conn.redis != nil {
		throttle = repository.FallbackThrottle{Shared: repository.NewRedisThrottle(conn.redis), Local: throttle, Log: log}
	}
	return service.New(service.Deps{
		Store: repository.New(conn.pool), Throttle: throttle, Hasher: hasher,
		Issuer: issuer, Refresher: refresher, Clock: clk,
	}, service.Options{RequireVerifiedEmail: cfg.RequireVerifiedEmail}), nil
}

func newServer(cfg Config, env *run.Env, svc *service.Service, conn *connections, log zerolog.Logger) (*rpc.Server, error) {
	verifier, err := auth.NewVerifier(cfg.Auth, env.Clock)
	if err != nil {
		return nil, fmt.Errorf("user service: %w", err)
	}
	if env.Metrics != nil {
		if err := env.Metrics.Register(database.NewCollector(conn.pool, Name)); err != nil {
			return nil, fmt.Errorf("user service: metrics: %w", err)
		}
	}
	return rpc.NewServer(rpc.ServerOptions{
		Service: Name, Listen: cfg.Listen, Config: cfg.RPC, Log: log, Clock: env.Clock,
		Network: env.Network, Metrics: env.Metrics, Verifier: verifier, Production: cfg.Production(),
		Register: func(r grpc.ServiceRegistrar) {
			handler.New(svc).Serve(r)
			event.NewServer(repository.New(conn.pool)).Serve(r)
		},
		Ready: func(ctx context.Context) error { return database.Health(ctx, conn.pool) },
	})
}
