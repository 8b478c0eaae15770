package engine_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// openOn opens a market that lives in the given shard.
func (b *bundle) openOn(shard int) model.MarketID {
	b.t.Helper()
	for range 64 {
		m := b.open()
		if b.count(`SELECT shard FROM bidding_slots WHERE slot = $1`, engine.SlotOf(m)) == shard {
			return m
		}
	}
	b.t.Fatalf("no market fell into shard %d", shard)
	return model.MarketID{}
}

func TestMATCH_015_TheCapOverAllMarketsCountsEveryShard(t *testing.T) {
	t.Parallel()
	b := setup(t)
	here, there, account := b.openOn(0), b.openOn(1), id.New()
	require.NoError(t, b.engine.SubmitAll(context.Background(), model.Command{
		Kind: model.ChangeLimits, Account: account, Limits: model.AccountLimits{PerMarket: 2, Total: 2}, Actor: id.New(),
	}))
	try := func(m model.MarketID) error {
		_, err := b.engine.Submit(context.Background(), order(m, model.Bid, account, 10_00, 1))
		return err
	}
	require.NoError(t, try(here))
	require.NoError(t, try(there))
	require.ErrorIs(t, try(here), model.ErrTooManyOpen)
	require.ErrorIs(t, try(there), model.ErrTooManyOpen)
	b.place(model.Command{Kind: model.CancelAll, Market: there, Account: account})
	require.NoError(t, try(here), "what is closed in another shard makes room in this one")
}
