package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/repository"
	"github.com/sneakers-marketplace/marketplace/migrations"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

const innerCallers = 1024

// inProcess is an engine without gRPC before it, on a database of its own of the same server.
type inProcess struct {
	engine   *engine.Engine
	accounts []model.AccountID
	market   model.MarketID
}

func newInProcess(ctx context.Context, server string) (*inProcess, func(), error) {
	address, err := newDatabase(ctx, server, "bench_in_process")
	if err != nil {
		return nil, nil, err
	}
	pool, err := connect(ctx, address, nil)
	if err != nil {
		return nil, nil, err
	}
	commits, err := connect(ctx, address, repository.CommitParameters())
	if err != nil {
		pool.Close()
		return nil, nil, err
	}
	p := &inProcess{market: id.New()}
	var stop func()
	p.engine, stop, err = start(ctx, engine.Options{
		Store: repository.New(pool, commits), Clock: clock.System{}, Node: engine.Node{Name: "bench", Addr: "memory"}, Log: zerolog.Nop(),
	})
	if err != nil {
		commits.Close()
		pool.Close()
		return nil, nil, err
	}
	end := func() { stop(); commits.Close(); pool.Close() }
	if err := p.open(ctx); err != nil {
		end()
		return nil, nil, err
	}
	return p, end, nil
}

// connect opens connections as the exchange has them.
func connect(ctx context.Context, address string, parameters map[string]string) (*pgxpool.Pool, error) {
	return database.Open(ctx, database.Config{URL: address, MaxConns: 4, ConnectTimeout: 5 * time.Second, Parameters: parameters}, zerolog.Nop())
}

// newDatabase makes a database on a server and brings it to this version's schema.
func newDatabase(ctx context.Context, server, name string) (address string, err error) {
	if err := execute(ctx, server, `CREATE DATABASE `+name); err != nil {
		return "", err
	}
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), migrations.Up(ctx, u.String())
}

// forget drops a database and lets the server write down what it has in memory, so that
// nothing that is measured afterwards pays for what is over.
func forget(ctx context.Context, server, name string) error {
	if err := execute(ctx, server, `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
		return err
	}
	return execute(ctx, server, `CHECKPOINT`)
}

// open opens a market and lets a thousand accounts trade without caps.
func (p *inProcess) open(ctx context.Context) error {
	_, err := p.engine.Submit(ctx, model.Command{
		Kind: model.OpenMarket, Market: p.market, Settings: new(model.DefaultSettings()),
		Listing: &model.Listing{Product: id.New(), ProductName: "Bench", SKU: "BENCH", SizeLabel: "10", Currency: "USD", Version: 1},
	})
	for range innerCallers {
		account := id.New()
		err = errors.Join(err, p.engine.SubmitAll(ctx, model.Command{
			Kind: model.ChangeLimits, Account: account, Limits: model.AccountLimits{PerMarket: 1_000_000, Total: 10_000_000},
		}))
		p.accounts = append(p.accounts, account)
	}
	return err
}

// run places orders for d and returns how many a second were acknowledged.
func (p *inProcess) run(ctx context.Context, d time.Duration) (float64, error) {
	return together(ctx, d, innerCallers, func(ctx context.Context, i int, r *rand.Rand) (int, error) {
		_, err := p.engine.Submit(context.WithoutCancel(ctx), model.Command{
			Kind: model.Place, Market: p.market, Account: p.accounts[i], Side: model.Side(1 + r.IntN(2)), Type: model.Limit,
			SelfTrade: model.CancelOldest, Price: money.Minor(price(r)), Qty: 1, Life: 30 * 24 * time.Hour.Microseconds(), Confirmed: true,
		})
		if kind := errs.KindOf(err); err != nil && kind != errs.FailedPrecondition && kind != errs.ResourceExhausted {
			return 0, fmt.Errorf("place: %w", err)
		}
		return 1, nil
	})
}
