package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func TestCommitThatNeverArrivedIsUnavailableAndLeavesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	b.store.once(func(context.Context, *journal.Row) error { return errBroken })
	c := order(market, model.Bid, id.New(), 100_00, 1)
	c.ClientOrderID = "retry-me"
	_, err := b.engine.Submit(context.Background(), c)
	require.ErrorIs(t, err, model.ErrUnavailable)
	require.Zero(t, b.count(`SELECT count(*) FROM bids`))

	r := b.place(c) // the shard has recovered by itself; the same key is accepted anew
	require.False(t, r.Repeat)
	require.Equal(t, 1, b.count(`SELECT count(*) FROM bids`))
}

func TestCommitWhoseReplyWasLostIsAnsweredAsCommitted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	b.store.once(func(ctx context.Context, r *journal.Row) error {
		if err := b.store.Repository.Commit(ctx, r); err != nil {
			return err
		}
		return errBroken
	})
	c := order(market, model.Bid, id.New(), 100_00, 1)
	c.ClientOrderID = "lost-reply"
	r := b.place(c)
	require.Equal(t, model.Active, r.Order.Status)
	again := b.place(c)
	require.True(t, again.Repeat)
	require.Equal(t, r.Order.ID, again.Order.ID)
	require.Equal(t, 1, b.count(`SELECT count(*) FROM bids`))
}

func TestBatchOnTopOfABrokenOneIsNeverAcknowledged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	reached, goOn := make(chan struct{}), make(chan struct{})
	b.store.once(func(context.Context, *journal.Row) error {
		close(reached)
		<-goOn
		return errBroken
	})
	results := make(chan error, 3)
	submit := func(c model.Command) {
		go func() {
			_, err := b.engine.Submit(context.Background(), c)
			results <- err
		}()
	}
	submit(order(market, model.Ask, id.New(), 100_00, 1))
	<-reached
	submit(order(market, model.Bid, id.New(), 100_00, 1)) // matches the ask that will never be
	submit(order(market, model.Bid, id.New(), 100_50, 1)) // a refusal rests on it too
	b.taken(4)
	require.Empty(t, results, "nothing leaves before the batch below it is durable")
	close(goOn)
	for range 3 {
		require.ErrorIs(t, <-results, model.ErrUnavailable)
	}
	require.Zero(t, b.count(`SELECT count(*) FROM bids`)+b.count(`SELECT count(*) FROM asks`))
}

func TestOnlyTheOffenderOfADataErrorFails(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market, culprit := b.open(), id.New()
	refuse := func(ctx context.Context, r *journal.Row) error {
		entries, err := journal.Decode(r.Body)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Command.Account == culprit {
				return fmt.Errorf("%w: planted", engine.ErrData)
			}
		}
		return b.store.Repository.Commit(ctx, r)
	}
	reached, goOn := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	hold := func(ctx context.Context, r *journal.Row) error {
		if first.CompareAndSwap(false, true) {
			close(reached)
			<-goOn
		}
		return refuse(ctx, r)
	}
	b.store.commit.Store(&hold)
	var wg sync.WaitGroup
	errs := make([]error, 9)
	for i := range errs {
		account := id.New()
		if i == 4 {
			account = culprit
		}
		if i == 1 {
			<-reached
		}
		wg.Go(func() {
			_, errs[i] = b.engine.Submit(context.Background(), order(market, model.Bid, account, 100_00, 1))
		})
	}
	b.taken(10)
	close(goOn)
	wg.Wait()
	for i, err := range errs {
		if i == 4 {
			require.ErrorIs(t, err, engine.ErrData)
			continue
		}
		require.NoError(t, err, i)
	}
	require.Equal(t, 8, b.count(`SELECT count(*) FROM bids`))
}

func TestWhatIsCarriedOutASecondTimeIsAnsweredAsTheFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market, account, culprit := b.open(), id.New(), id.New()
	for range 2 {
		b.place(order(market, model.Bid, account, 100_00, 1))
	}
	reached, goOn := make(chan struct{}), make(chan struct{})
	var first atomic.Bool
	refuse := func(ctx context.Context, r *journal.Row) error {
		if first.CompareAndSwap(false, true) {
			close(reached)
			<-goOn
		} else if entries, err := journal.Decode(r.Body); err != nil || entries[0].Command.Account == culprit || len(entries) > 1 {
			return errors.Join(fmt.Errorf("%w: planted", engine.ErrData), err)
		}
		return b.store.Repository.Commit(ctx, r)
	}
	b.store.commit.Store(&refuse)
	var wg sync.WaitGroup
	submit := func(c model.Command) (r *engine.Reply, err *error) {
		r, err = new(engine.Reply), new(error)
		wg.Go(func() { *r, *err = b.engine.Submit(context.Background(), c) })
		return r, err
	}
	submit(order(market, model.Bid, id.New(), 90_00, 1))
	<-reached
	_, offender := submit(order(market, model.Bid, culprit, 100_00, 1))
	b.taken(5) // in this order
	settings := model.DefaultSettings()
	settings.State, settings.Version = model.MarketHalted, 1
	cancelled, cancelErr := submit(model.Command{Kind: model.CancelAll, Market: market, Account: account})
	b.taken(6)
	halted, haltErr := submit(model.Command{Kind: model.ChangeSettings, Market: market, Settings: &settings})
	b.taken(7)
	close(goOn)
	wg.Wait()
	require.ErrorIs(t, *offender, engine.ErrData)
	require.NoError(t, *cancelErr)
	require.Len(t, cancelled.Closed, 2)
	require.NoError(t, *haltErr)
	require.EqualValues(t, 2, halted.Market.Settings.Version)
}

func TestSecondEngineTakesOverAndTheFirstAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	b.place(order(market, model.Ask, id.New(), 100_00, 1))
	// The first engine is cut off: it cannot renew and does not notice.
	cut := func() ([]uint8, error) { return []uint8{0, 1}, nil }
	b.store.renew.Store(&cut)
	_, err := b.pool.Exec(context.Background(), `UPDATE bidding_shards SET expires_at = clock_timestamp() - interval '1 s'`)
	require.NoError(t, err)
	second, stop := b.another("second")
	defer stop()
	b.ready(second)
	_, err = second.Submit(context.Background(), order(market, model.Bid, id.New(), 100_00, 1))
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err = b.engine.Submit(ctx, order(market, model.Bid, id.New(), 100_00, 1))
	require.Equal(t, errs.Unavailable, errs.KindOf(err), "its batch fails at the fence: %v", err)
	require.Equal(t, 1, b.count(`SELECT count(*) FROM bids`))
	require.Equal(t, 1, b.count(`SELECT count(*) FROM matches`))
	_, err = b.engine.View(market)
	require.Equal(t, errs.Unavailable, errs.KindOf(err), "and it serves no more reads, whether it knows by now who does: %v", err)
}

func TestLostLeaseStopsTheShard(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	none := func() ([]uint8, error) { return nil, nil }
	b.store.renew.Store(&none)
	epoch := b.count(`SELECT max(epoch) FROM bidding_shards`)
	require.Eventually(t, func() bool { return b.count(`SELECT max(epoch) FROM bidding_shards`) > epoch }, 10*time.Second, 20*time.Millisecond)
	b.store.renew.Store(nil)
	require.Eventually(t, func() bool {
		_, err := b.engine.Submit(context.Background(), order(market, model.Bid, id.New(), 100_00, 1))
		return err == nil
	}, 10*time.Second, 20*time.Millisecond, "it claims the shard again")
}

func TestDatabaseThatDiesInTheMiddleIsUnavailableUntilItIsBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	down := func(context.Context, *journal.Row) error { return errBroken }
	gone := errBroken
	b.store.commit.Store(&down)
	b.store.written.Store(&gone)
	for range 3 {
		_, err := b.engine.Submit(context.Background(), order(market, model.Bid, id.New(), 100_00, 1))
		require.ErrorIs(t, err, model.ErrUnavailable)
	}
	b.store.commit.Store(nil)
	b.store.written.Store(nil)
	require.Eventually(t, func() bool {
		_, err := b.engine.Submit(context.Background(), order(market, model.Bid, id.New(), 100_00, 1))
		return err == nil
	}, 10*time.Second, 20*time.Millisecond)
	require.Equal(t, 1, b.count(`SELECT count(*) FROM bids`))
}

func TestStopAnswersWhatWasTakenIn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	reached, goOn := make(chan struct{}), make(chan struct{})
	b.store.once(func(ctx context.Context, r *journal.Row) error {
		close(reached)
		<-goOn
		return b.store.Repository.Commit(ctx, r)
	})
	results := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := b.engine.Submit(context.Background(), order(market, model.Bid, id.New(), 100_00, 1))
			results <- err
		}()
	}
	<-reached
	b.taken(3)
	go close(goOn)
	b.stop()
	require.NoError(t, <-results)
	require.NoError(t, <-results)
	require.Equal(t, 2, b.count(`SELECT count(*) FROM bids`))
	require.Equal(t, 2, b.count(`SELECT count(*) FROM bidding_shards WHERE owner = ''`), "leases are given up at once")
	_, err := b.engine.Submit(context.Background(), order(market, model.Bid, id.New(), 100_00, 1))
	require.ErrorIs(t, err, model.ErrUnavailable)
	require.Error(t, b.engine.Ready(context.Background()))
}

func TestEngineWithoutADatabaseWaitsForIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.stop()
	_, err := b.pool.Exec(context.Background(), `ALTER TABLE bidding_slots RENAME TO hidden`)
	require.NoError(t, err)
	e, stop := b.another("patient")
	defer stop()
	require.Error(t, e.Ready(context.Background()))
	_, err = e.Submit(context.Background(), order(id.New(), model.Bid, id.New(), 100_00, 1))
	require.ErrorIs(t, err, model.ErrUnavailable)
	require.ErrorIs(t, e.SubmitAll(context.Background(), model.Command{Kind: model.ChangeLimits}), model.ErrUnavailable)
	_, err = b.pool.Exec(context.Background(), `ALTER TABLE hidden RENAME TO bidding_slots`)
	require.NoError(t, err)
	b.ready(e)
}

func TestWhoeverWasAnsweredBeforeTheEngineStopsIsNotAnsweredAgain(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{"a batch that cannot be stored": engine.ErrData, "a batch that never arrived": errBroken} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			market := b.open()
			refuse := func(context.Context, *journal.Row) error { return cause }
			b.store.load.Store(&errBroken) // the shard does not come back
			b.store.commit.Store(&refuse)
			_, err := b.engine.Submit(context.Background(), order(market, model.Bid, id.New(), 100_00, 1))
			require.Error(t, err)
			b.stop()
		})
	}
}
