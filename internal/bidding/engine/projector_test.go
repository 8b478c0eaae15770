package engine_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// held keeps the tables from being written until it is released.
func (b *bundle) held() (release func()) {
	open := make(chan struct{})
	b.store.projecting(func(ctx context.Context, shard uint8, after int64, r []*engine.Record) error {
		select {
		case <-open:
			return b.store.Repository.Project(ctx, shard, after, r)
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	release = sync.OnceFunc(func() { close(open) })
	b.t.Cleanup(release)
	return release
}

func TestAnswersDoNotWaitForTheTablesAndReadersDo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	b.settle()
	release := b.held()
	r := b.place(order(market, model.Bid, id.New(), 100_00, 1))
	require.Equal(t, model.Active, r.Order.Status)
	require.Zero(t, b.now(`SELECT count(*) FROM bids`), "acknowledged, in the journal, in no table yet")
	require.EqualValues(t, 1, engine.Behind(b.engine), "and operators see it")

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, b.engine.Settled(ctx), context.DeadlineExceeded)
	waited := make(chan int, 1)
	go func() {
		if b.engine.Settled(context.Background()) == nil {
			waited <- b.now(`SELECT count(*) FROM bids`)
		}
	}()
	release()
	require.Equal(t, 1, <-waited, "whoever was answered sees his own doing")
	require.Zero(t, engine.Behind(b.engine))
}

func TestWhatAnOwnerLeftIsWrittenByTheNext(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	b.settle()
	b.held()
	ask := b.place(order(market, model.Ask, id.New(), 100_00, 2))
	b.clock.Advance(time.Minute)
	bid := b.place(order(market, model.Bid, id.New(), 100_00, 1))
	require.Len(t, bid.Matches, 1)
	b.store.projecting(func(context.Context, uint8, int64, []*engine.Record) error { return errBroken })
	cut := func() ([]uint8, error) { return []uint8{0, 1}, nil }
	b.store.renew.Store(&cut)
	_, err := b.pool.Exec(context.Background(), `UPDATE bidding_shards SET expires_at = clock_timestamp() - interval '1 s'`)
	require.NoError(t, err)
	second := repositoryEngine(b) // a process of its own would see the same database
	b.store.project.Store(nil)    // the first finds the tables moved
	require.Equal(t, 1, b.count(`SELECT count(*) FROM matches m JOIN bids b ON b.id = m.bid_id
		WHERE m.created_at = b.created_at AND b.status = 'matched'`), "each with the time of its batch")
	view, err := second.View(market)
	require.NoError(t, err)
	require.Equal(t, []model.Level{{Price: 100_00, Qty: 1}}, view.Asks)
	cancelled, err := second.Submit(context.Background(), model.Command{Kind: model.Cancel, Side: model.Ask, Order: ask.Order.ID, Account: ask.Order.Account})
	require.NoError(t, err)
	require.EqualValues(t, 1, cancelled.Order.Open)
}

// repositoryEngine is another engine on the bundle's database, without its faults.
func repositoryEngine(b *bundle) *engine.Engine {
	b.t.Helper()
	faults := b.store
	b.store = &faulty{Repository: faults.Repository}
	e, stop := b.another("without faults")
	b.store = faults
	b.t.Cleanup(stop)
	b.ready(e)
	return e
}

func TestTheWriterWaitsForTablesThatAreFarBehind(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	b.settle()
	release := b.held()
	var done atomic.Int64
	for range 4 {
		account := id.New()
		for range 3000 {
			go func() {
				c := order(market, model.Bid, account, 100_00, 1)
				c.Type, c.Price = model.FOK, 100_00 // rejected, and journaled all the same
				if _, err := b.engine.Submit(context.Background(), c); err != nil {
					done.Add(1)
				}
			}()
		}
	}
	require.Eventually(t, func() bool { return done.Load() >= engine.LagLimit }, 20*time.Second, time.Millisecond)
	require.Never(t, func() bool { return done.Load() == 12_000 }, 300*time.Millisecond, 10*time.Millisecond, "it takes in no more")
	release()
	require.Eventually(t, func() bool { return done.Load() == 12_000 }, 20*time.Second, 10*time.Millisecond, "and goes on")
	require.Equal(t, 12_000, b.count(`SELECT count(*) FROM bids WHERE status = 'rejected'`))
}

func TestAStepOfTheTablesWhoseOutcomeIsUnknownHappensOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	b.settle()
	var tries atomic.Int64
	b.store.projecting(func(ctx context.Context, shard uint8, after int64, r []*engine.Record) error {
		switch tries.Add(1) {
		case 1: // it never arrived
			return errBroken
		case 2: // it arrived and the answer was lost
			if err := b.store.Repository.Project(ctx, shard, after, r); err != nil {
				return err
			}
			return errBroken
		default:
			return b.store.Repository.Project(ctx, shard, after, r)
		}
	})
	b.place(order(market, model.Bid, id.New(), 100_00, 1))
	b.place(order(market, model.Bid, id.New(), 100_00, 1))
	require.Equal(t, 2, b.count(`SELECT count(*) FROM bids`))
}

func TestTablesThatRefuseABatchGoAsFarAsTheyCan(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market, culprit := b.open(), id.New()
	b.settle()
	var allow atomic.Bool
	release := make(chan struct{})
	b.store.projecting(func(ctx context.Context, shard uint8, after int64, r []*engine.Record) error {
		<-release // so that there are several batches in a step
		for _, x := range r {
			for _, e := range x.Entries {
				if e.Command.Account == culprit && !allow.Load() {
					return fmt.Errorf("%w: planted", engine.ErrData)
				}
			}
		}
		return b.store.Repository.Project(ctx, shard, after, r)
	})
	for i := range 9 {
		account := id.New()
		if i == 6 {
			account = culprit
		}
		b.place(order(market, model.Bid, account, 100_00, 1))
	}
	close(release)
	require.Eventually(t, func() bool { return b.now(`SELECT count(*) FROM bids`) == 6 }, 10*time.Second, time.Millisecond)
	allow.Store(true)
	require.Equal(t, 9, b.count(`SELECT count(*) FROM bids`))
}

func TestAWriterOfTheTablesThatWasOvertakenStops(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	b.settle()
	_, err := b.pool.Exec(context.Background(), `UPDATE bidding_projection SET seq = seq + 5`)
	require.NoError(t, err)
	epoch := b.now(`SELECT max(epoch) FROM bidding_shards`)
	_, err = b.engine.Submit(context.Background(), order(market, model.Bid, id.New(), 100_00, 1))
	require.NoError(t, err, "the journal is what counts")
	require.Eventually(t, func() bool { return b.now(`SELECT max(epoch) FROM bidding_shards`) > epoch }, 10*time.Second, time.Millisecond,
		"the shard is given up and claimed again")
}
