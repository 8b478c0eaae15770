package naive

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// connections are as many as the database serves well with two cores, and then some.
const connections = 20

// Serve serves a naive exchange on a database, with the marketplace's own interceptors;
// stop ends it.
func Serve(ctx context.Context, listen, database string, verifier *auth.Verifier, clk clock.Clock) (stop func(), err error) {
	cfg, err := pgxpool.ParseConfig(database)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = connections
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	exchange, err := New(ctx, pool, clk)
	if err != nil {
		pool.Close()
		return nil, err
	}
	s, err := rpc.NewServer(rpc.ServerOptions{
		Service: "naive", Listen: listen, Verifier: verifier, Clock: clk, Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(),
		Register: func(r grpc.ServiceRegistrar) { biddingv1.RegisterBiddingServiceServer(r, exchange) },
	})
	if err != nil {
		pool.Close()
		return nil, err
	}
	running, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Run(running)
	}()
	return func() {
		cancel()
		<-done
		_ = s.Close(context.Background())
		pool.Close()
	}, nil
}
