package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// TestMATCH_011_AClientOrderIDIsItsAccountsAndMarketsOwn uses markets of one shard, which
// remembers the answers of all of them together.
func TestMATCH_011_AClientOrderIDIsItsAccountsAndMarketsOwn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mine := order(b.openOn(0), model.Bid, id.New(), 100_00, 1)
	mine.ClientOrderID, mine.Content = "number-1", 7
	elsewhere, theirs := mine, mine
	elsewhere.Market, theirs.Account = b.openOn(0), id.New()
	all := []model.Command{mine, elsewhere, theirs}
	var orders []model.OrderID
	for _, c := range all {
		r := b.place(c)
		require.False(t, r.Repeat)
		require.Equal(t, c.Account, r.Order.Account)
		orders = append(orders, r.Order.ID)
	}
	b.restart()
	for i, c := range all {
		r := b.place(c)
		require.True(t, r.Repeat)
		require.Equal(t, orders[i], r.Order.ID)
	}
	require.Equal(t, 3, b.count(`SELECT count(*) FROM bids`))
}
