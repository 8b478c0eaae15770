// Package bidding is the exchange as a service: it wires engine, tables,
// catalogue and gRPC together.
package bidding

import (
	"context"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/handler"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/peer"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/repository"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/service"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// Name is the service's name on the network.
const Name = "bidding"

// Config is the bidding service's settings; every field can be left out except
// the database's address.
type Config struct {
	config.Common
	Listen  string `env:"BIDDING_LISTEN" envDefault:"127.0.0.1:50053" doc:"address the bidding service listens on"`
	Product string `env:"PRODUCT_ADDRESS" envDefault:"127.0.0.1:50052" doc:"where other services reach the product service"`
	DB      database.Config
	Auth    auth.Config
	RPC     rpc.Config
}

// New builds the service's tasks: the engine, then the server in front of it.
func New(ctx context.Context, env *run.Env) ([]run.Task, error) {
	cfg, err := config.Load[Config](env.Source, "BIDDING_")
	if err != nil {
		return nil, err
	}
	if err := cfg.Auth.Check(cfg.Production(), auth.Loopback(cfg.Listen)); err != nil {
		return nil, err
	}
	verifier, err := auth.NewVerifier(cfg.Auth, env.Clock)
	if err != nil {
		return nil, err
	}
	pool, commits, tasks, err := pools(ctx, cfg.DB, env)
	if err != nil {
		return tasks, err
	}
	products, err := env.Network.Dial("product", cfg.Product)
	if err != nil {
		return tasks, fmt.Errorf("reach the product service at %s: %w", cfg.Product, err)
	}
	tasks = append(tasks, run.Closing("connection to product", func(context.Context) error { return products.Close() }))

	store := repository.New(pool, commits)
	exchange := engine.New(engine.Options{
		Store: store, Clock: env.Clock, Log: env.Log, Metrics: engine.NewMetrics(env.Metrics),
		Node: engine.Node{Name: nodeName(), Addr: cfg.Listen},
	})
	tasks = append(tasks, exchange)
	h := handler.New(service.New(exchange, store, peer.NewCatalogue(products)))
	server, err := rpc.NewServer(rpc.ServerOptions{
		Service: Name, Listen: cfg.Listen, Config: cfg.RPC, Log: env.Log, Clock: env.Clock, Network: env.Network,
		Metrics: env.Metrics, Verifier: verifier, Production: cfg.Production(), Ready: exchange.Ready,
		Register: func(s grpc.ServiceRegistrar) { biddingv1.RegisterBiddingServiceServer(s, h) },
	})
	if err != nil {
		return tasks, err
	}
	return append(tasks, server), nil
}

// commitConns is how many of the service's connections commit batches: more than
// there are shards on a machine, so that none waits for another.
const commitConns = 4

// pools opens the service's connections: some for commits, the rest for all else.
func pools(ctx context.Context, cfg database.Config, env *run.Env) (all, commits *pgxpool.Pool, tasks []run.Task, err error) {
	ours, theirs := cfg, cfg
	ours.Name, ours.MaxConns, ours.Parameters = Name+" commits", min(commitConns, max(1, cfg.MaxConns/2)), repository.CommitParameters()
	theirs.Name, theirs.MaxConns = Name, max(1, cfg.MaxConns-ours.MaxConns)
	ours.MinConns, theirs.MinConns = 0, min(theirs.MinConns, theirs.MaxConns)
	open := func(c database.Config) *pgxpool.Pool {
		if err != nil {
			return nil
		}
		var pool *pgxpool.Pool
		if pool, err = database.Open(ctx, c, env.Log); err != nil {
			return nil
		}
		tasks = append(tasks, run.Closing(c.Name+" connections", func(context.Context) error { pool.Close(); return nil }))
		err = env.Metrics.Register(database.NewCollector(pool, c.Name))
		return pool
	}
	all, commits = open(theirs), open(ours)
	return all, commits, tasks, err
}

// nodeName is unique to the process, so that a restarted one is another owner.
func nodeName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	return host + "-" + id.New().String()
}
