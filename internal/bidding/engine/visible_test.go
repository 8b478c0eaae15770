package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func TestDATA_001_NothingIsShownBeforeItsCommit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	reached, goOn := make(chan struct{}), make(chan struct{})
	release := sync.OnceFunc(func() { close(goOn) })
	defer release()
	b.store.once(func(ctx context.Context, r *journal.Row) error {
		close(reached)
		<-goOn
		return b.store.Repository.Commit(ctx, r)
	})
	result := make(chan error, 1)
	go func() {
		_, err := b.engine.Submit(context.Background(), order(market, model.Bid, id.New(), 100_00, 1))
		result <- err
	}()
	<-reached
	p, err := b.engine.Price(market)
	require.NoError(t, err)
	require.Zero(t, p.BestBid, "the bid is on its way and may yet come to nothing")
	require.Zero(t, p.OpenBids)
	release()
	require.NoError(t, <-result)
	p, err = b.engine.Price(market)
	require.NoError(t, err)
	require.Equal(t, model.Level{Price: 100_00, Qty: 1}, p.BestBid)
}

// TestDATA_001_ReadsStopWhenTheLeaseCannotBeRenewed: another writer may have taken over
// by then, and nothing tells this one.
func TestDATA_001_ReadsStopWhenTheLeaseCannotBeRenewed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	cut := func() ([]uint8, error) { return nil, errBroken }
	b.store.renew.Store(&cut)
	require.Eventually(t, func() bool {
		_, err := b.engine.View(market)
		return errors.Is(err, model.ErrUnavailable)
	}, 10*time.Second, 20*time.Millisecond)
	require.Error(t, b.engine.Ready(context.Background()))
	b.store.renew.Store(nil)
	b.ready(b.engine)
}
