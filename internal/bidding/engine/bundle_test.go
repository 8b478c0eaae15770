package engine_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/repository"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var start = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// bundle is an engine on a database of its own, with faults to inject.
type bundle struct {
	t      *testing.T
	pool   *pgxpool.Pool
	store  *faulty
	clock  *clock.Fake
	engine *engine.Engine
	stop   func()
}

// faulty is the real store with switches.
type faulty struct {
	*repository.Repository
	commit  atomic.Pointer[func(ctx context.Context, r *journal.Row) error] // instead of Commit
	written atomic.Pointer[error]
	load    atomic.Pointer[error]
	renew   atomic.Pointer[func() ([]uint8, error)]
	sights  atomic.Pointer[error]
	project atomic.Pointer[func(ctx context.Context, shard uint8, after int64, r []*engine.Record) error] // instead of Project
}

func (f *faulty) Project(ctx context.Context, shard uint8, after int64, r []*engine.Record) error {
	if p := f.project.Load(); p != nil {
		return (*p)(ctx, shard, after, r)
	}
	return f.Repository.Project(ctx, shard, after, r)
}

// projecting makes the tables be written by do.
func (f *faulty) projecting(do func(ctx context.Context, shard uint8, after int64, r []*engine.Record) error) {
	f.project.Store(&do)
}

func (f *faulty) Load(ctx context.Context, shard uint8, r engine.Restorer) (engine.Head, error) {
	if err := f.load.Load(); err != nil {
		return engine.Head{}, *err
	}
	return f.Repository.Load(ctx, shard, r)
}

func (f *faulty) Commit(ctx context.Context, r *journal.Row) error {
	if c := f.commit.Load(); c != nil {
		return (*c)(ctx, r)
	}
	return f.Repository.Commit(ctx, r)
}

func (f *faulty) Written(ctx context.Context, shard uint8, seq int64) (int64, journal.Hash, bool, error) {
	if err := f.written.Load(); err != nil {
		return 0, journal.Hash{}, false, *err
	}
	epoch, hash, ok, err := f.Repository.Written(ctx, shard, seq)
	return epoch, hash, ok, err
}

func (f *faulty) Renew(ctx context.Context, n engine.Node, l []engine.Lease, term time.Duration) ([]uint8, error) {
	if r := f.renew.Load(); r != nil {
		return (*r)()
	}
	return f.Repository.Renew(ctx, n, l, term)
}

func (f *faulty) Landscape(ctx context.Context, term time.Duration) (engine.Landscape, error) {
	if err := f.sights.Load(); err != nil {
		return engine.Landscape{}, *err
	}
	return f.Repository.Landscape(ctx, term)
}

// once makes the next commit do f, later ones are real again.
func (f *faulty) once(do func(ctx context.Context, r *journal.Row) error) {
	c := func(ctx context.Context, r *journal.Row) error {
		f.commit.Store(nil)
		return do(ctx, r)
	}
	f.commit.Store(&c)
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{t: t, pool: testkit.Database(t), clock: clock.NewFake(start)}
	b.store = &faulty{Repository: repository.New(b.pool, b.pool)}
	b.restart()
	return b
}

// restart ends the engine, if there is one, and starts another on the same database.
func (b *bundle) restart() {
	b.t.Helper()
	if b.stop != nil {
		b.stop()
	}
	b.engine, b.stop = b.another("node-" + id.New().String())
	b.t.Cleanup(b.stop)
	b.ready(b.engine)
}

func (b *bundle) another(name string) (*engine.Engine, func()) {
	e := engine.New(engine.Options{
		Store: b.store, Clock: b.clock, Node: engine.Node{Name: name, Addr: "memory"}, Log: zerolog.Nop(),
		Metrics: engine.NewMetrics(prometheus.NewRegistry()),
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = e.Run(ctx)
	}()
	return e, func() { cancel(); <-done }
}

func (b *bundle) ready(e *engine.Engine) {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return e.Ready(context.Background()) == nil }, 10*time.Second, 5*time.Millisecond)
}

func (b *bundle) open() model.MarketID {
	b.t.Helper()
	market := id.New()
	_, err := b.engine.Submit(context.Background(), model.Command{
		Kind: model.OpenMarket, Market: market, Settings: new(model.DefaultSettings()),
		Listing: &model.Listing{Product: id.New(), ProductName: "Shoe", SKU: "S-1", SizeLabel: "10", Currency: "USD"},
	})
	require.NoError(b.t, err)
	return market
}

func order(market model.MarketID, side model.Side, account model.AccountID, price money.Minor, qty model.Qty) model.Command {
	return model.Command{
		Kind: model.Place, Market: market, Account: account, Side: side, Type: model.Limit, SelfTrade: model.CancelNewest,
		Price: price, Qty: qty, Life: int64(30 * 24 * time.Hour / time.Microsecond), Confirmed: true,
	}
}

func (b *bundle) place(c model.Command) engine.Reply {
	b.t.Helper()
	r, err := b.engine.Submit(context.Background(), c)
	require.NoError(b.t, err)
	return r
}

// settle waits until the tables show what was committed.
func (b *bundle) settle() {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		var settled bool
		err := b.pool.QueryRow(context.Background(), `SELECT bool_and(s.seq = p.seq) FROM bidding_shards s JOIN bidding_projection p USING (shard)`).
			Scan(&settled)
		return err == nil && settled
	}, 10*time.Second, time.Millisecond, "the tables show what was committed")
}

// count asks the tables once they show what was committed.
func (b *bundle) count(query string, args ...any) int {
	b.t.Helper()
	b.settle()
	return b.now(query, args...)
}

// now asks the tables as they are.
func (b *bundle) now(query string, args ...any) int {
	b.t.Helper()
	var n int
	require.NoError(b.t, b.pool.QueryRow(context.Background(), query, args...).Scan(&n))
	return n
}

var errBroken = errors.New("connection reset")

// taken waits until the engine's writers have taken in n requests since it started.
func (b *bundle) taken(n int) {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return engine.Taken(b.engine) == n }, 10*time.Second, time.Millisecond)
}
