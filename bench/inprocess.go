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
	address, err := database(ctx, server, "bench_in_process")
	if err != nil {
		return nil, nil, err
	}
	cfg, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, nil, err
	}
	cfg.MaxConns = 8
	for k, v := range repository.CommitParameters() {
		cfg.ConnConfig.RuntimeParams[k] = v
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	p := &inProcess{market: id.New()}
	var stop func()
	p.engine, stop, err = start(ctx, engine.Options{
		Store: repository.New(pool, pool), Clock: clock.System{}, Node: engine.Node{Name: "bench", Addr: "memory"}, Log: zerolog.Nop(),
	})
	if err != nil {
		pool.Close()
		return nil, nil, err
	}
	end := func() { stop(); pool.Close() }
	if err := p.open(ctx); err != nil {
		end()
		return nil, nil, err
	}
	return p, end, nil
}

// database makes a database on a server and brings it to this version's schema.
func database(ctx context.Context, server, name string) (address string, err error) {
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
