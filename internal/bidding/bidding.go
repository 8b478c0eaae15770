// Package bidding is the exchange as a service: it wires engine, tables,
// catalogue and gRPC together.
package bidding

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/cluster"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/consumer"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/dropcopy"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/handler"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/peer"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/repository"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/service"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/event"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/revocation"
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
	Address string `env:"BIDDING_ADDRESS" envDefault:"127.0.0.1:50053" doc:"where other services reach the bidding service"` // known here so that a .env of all services is no misspelling
	Product string `env:"PRODUCT_ADDRESS" envDefault:"127.0.0.1:50052" doc:"where other services reach the product service"`
	Node    string `env:"BIDDING_NODE_ADDRESS" doc:"where the other bidding nodes reach this one, when that is not where it listens"`
	Shards  string `env:"BIDDING_SHARD_DATABASES" secret:"true" doc:"databases of shards that are not in the first, such as 1=postgres://...,3=postgres://..."`
	Users   string `env:"USER_ADDRESS" envDefault:"127.0.0.1:50051" doc:"where other services reach the user service"`
	DB      database.Config
	Auth    auth.Config
	RPC     rpc.Config
}

// New builds the service's tasks: connections, the engine, what it follows of other
// services, and the server in front of it. It is a run.Build.
func New(ctx context.Context, env *run.Env) ([]run.Task, error) {
	cfg, err := config.Load[Config](env.Source, "BIDDING_")
	if err != nil {
		return nil, err
	}
	if err := cfg.Auth.Check(cfg.Production(), auth.Loopback(cfg.Listen)); err != nil {
		return nil, err
	}
	b := &builder{cfg: cfg, env: env}
	if err := b.build(ctx); err != nil {
		return b.tasks, fmt.Errorf("bidding service: %w", err)
	}
	return b.tasks, nil
}

// builder collects the service's tasks in the order in which they start.
type builder struct {
	cfg   Config
	env   *run.Env
	tasks []run.Task

	credential      *auth.ServiceCredential
	users, products *grpc.ClientConn
	revocations     *revocation.Follower
}

func (b *builder) add(tasks ...run.Task) { b.tasks = append(b.tasks, tasks...) }

func (b *builder) build(ctx context.Context) error {
	store, err := b.store(ctx)
	if err != nil {
		return err
	}
	if err := b.connect(); err != nil {
		return err
	}
	local := engine.New(engine.Options{
		Store: store, Clock: b.env.Clock, Log: b.env.Log, Metrics: engine.NewMetrics(b.env.Metrics), Node: b.node(),
	})
	exchange := cluster.New(local, func(address string) (*grpc.ClientConn, error) {
		return b.env.Network.Dial("another node of "+Name, address, rpc.AsService(b.credential))
	}, b.env.Log)
	svc := service.New(exchange, store, peer.NewCatalogue(b.products), peer.NewWarehouse(b.products), b.env.Clock)
	copies := dropcopy.New(store, b.env.Log)
	b.add(exchange, local, copies,
		event.NewConsumer("user", b.users, consumer.New(svc, "user"), b.env.Log),
		event.NewConsumer("product", b.products, consumer.New(svc, "product"), b.env.Log))
	b.add(run.Working("stock of asks", stocktaking{svc, b.env.Log}.run))
	server, err := b.server(local, svc, copies, store)
	if err != nil {
		return err
	}
	b.add(server)
	return nil
}

// store opens the databases that the shards are in.
func (b *builder) store(ctx context.Context) (*repository.Spread, error) {
	urls, err := shardDatabases(b.cfg.Shards)
	if err != nil {
		return nil, err
	}
	first, err := b.repository(ctx, b.cfg.DB, Name)
	if err != nil {
		return nil, err
	}
	elsewhere, opened := make(map[uint8]*repository.Repository, len(urls)), map[string]*repository.Repository{}
	for _, shard := range slices.Sorted(maps.Keys(urls)) {
		cfg := b.cfg.DB
		cfg.URL = urls[shard]
		if opened[cfg.URL] == nil {
			if opened[cfg.URL], err = b.repository(ctx, cfg, fmt.Sprint(Name, " shard ", shard)); err != nil {
				return nil, err
			}
		}
		elsewhere[shard] = opened[cfg.URL]
	}
	return repository.NewSpread(first, elsewhere), nil
}

// repository opens one database.
func (b *builder) repository(ctx context.Context, cfg database.Config, name string) (*repository.Repository, error) {
	pool, commits, tasks, err := pools(ctx, cfg, b.env, name)
	b.add(tasks...)
	if err != nil {
		return nil, err
	}
	return repository.New(pool, commits), nil
}

// shardDatabases reads "1=postgres://...,3=postgres://...".
func shardDatabases(text string) (map[uint8]string, error) {
	out := make(map[uint8]string)
	for part := range strings.SplitSeq(text, ",") {
		if text == "" {
			break
		}
		number, url, ok := strings.Cut(part, "=")
		shard, err := strconv.ParseUint(strings.TrimSpace(number), 10, 8)
		if !ok || err != nil || url == "" || out[uint8(shard)] != "" {
			return nil, config.Bad("BIDDING_SHARD_DATABASES", "...", "must be such as 1=postgres://...,3=postgres://..., each shard (0 to 255) once")
		}
		out[uint8(shard)] = url
	}
	return out, nil
}

// stocktaking gives back, once a second, what asks no longer need.
type stocktaking struct {
	service *service.Service
	log     zerolog.Logger
}

func (s stocktaking) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
		if _, err := s.service.SettleStock(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn().Err(err).Msg("what asks no longer need is not given back; trying again")
		}
	}
}

// connect reaches out to the other services, as this one.
func (b *builder) connect() error {
	var err error
	if b.credential, err = auth.NewServiceCredential(b.cfg.Auth, Name, b.env.Clock); err != nil {
		return err
	}
	for _, to := range []struct {
		service, address string
		conn             **grpc.ClientConn
	}{{"user", b.cfg.Users, &b.users}, {"product", b.cfg.Product, &b.products}} {
		conn, err := b.env.Network.Dial(to.service, to.address, rpc.AsService(b.credential))
		if err != nil {
			return err
		}
		*to.conn = conn
		b.add(run.Closing("connection to "+to.service, func(context.Context) error { return conn.Close() }))
	}
	b.revocations = revocation.NewFollower(b.users, b.env.Log)
	b.add(b.revocations)
	return nil
}

func (b *builder) server(
	local *engine.Engine, svc *service.Service, copies *dropcopy.Feed, store *repository.Spread,
) (*rpc.Server, error) {
	verifier, err := auth.NewVerifier(b.cfg.Auth, b.env.Clock)
	if err != nil {
		return nil, err
	}
	return rpc.NewServer(rpc.ServerOptions{
		Service: Name, Listen: b.cfg.Listen, Config: b.cfg.RPC, Log: b.env.Log, Clock: b.env.Clock, Network: b.env.Network,
		Metrics: b.env.Metrics, Verifier: verifier, Revocations: b.revocations.List, Production: b.cfg.Production(),
		Register: func(r grpc.ServiceRegistrar) {
			biddingv1.RegisterBiddingServiceServer(r, handler.New(svc, copies))
			cluster.NewServer(local, b.env.Log).Serve(r)
			event.NewServer(store).Serve(r)
		},
		Ready: func(ctx context.Context) error { return errors.Join(b.revocations.Ready(), local.Ready(ctx)) },
	})
}

// commitConns is how many of the service's connections commit batches: more than
// there are shards on a machine, so that none waits for another.
const commitConns = 4

// pools opens the service's connections: some for commits, the rest for all else.
func pools(ctx context.Context, cfg database.Config, env *run.Env, name string) (all, commits *pgxpool.Pool, tasks []run.Task, err error) {
	ours, theirs := cfg, cfg
	ours.Name, ours.MaxConns, ours.Parameters = name+" commits", min(commitConns, max(1, cfg.MaxConns/2)), repository.CommitParameters()
	theirs.Name, theirs.MaxConns = name, max(1, cfg.MaxConns-ours.MaxConns)
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

// node is this process among the others. Its name is unique, so that a restarted one is
// another owner.
func (b *builder) node() engine.Node {
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	return engine.Node{Name: host + "-" + id.New().String(), Addr: nodeAddress(&b.cfg, host)}
}

// nodeAddress is where the others reach this node: where it listens, on this machine's
// name when that is everywhere.
func nodeAddress(cfg *Config, host string) string {
	if cfg.Node != "" {
		return cfg.Node
	}
	listen, port, err := net.SplitHostPort(cfg.Listen)
	if ip := net.ParseIP(listen); err == nil && (listen == "" || ip.IsUnspecified()) {
		return net.JoinHostPort(host, port)
	}
	return cfg.Listen
}
