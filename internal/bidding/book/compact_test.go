package book_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/book"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// TestMATCH_009_CompactionForgetsNoExpiry cancels the order that ends first and so many
// others that the book drops the closed ones: of those that stay, the one that ends
// next was not behind the first.
func TestMATCH_009_CompactionForgetsNoExpiry(t *testing.T) {
	t.Parallel()
	b := book.New(book.NewSequence(1, 0), model.DefaultSettings())
	passing := func(until int64) {
		c := model.Command{Kind: model.Place, Account: model.AccountID{1}, Side: model.Bid, Type: model.Limit, SelfTrade: model.CancelNewest, Price: 100_00, Qty: 1, Life: until}
		b.Submit(0, &c)
		b.Submit(0, &model.Command{Kind: model.CancelAll, Account: c.Account})
	}
	passing(1)
	lone(b, model.Bid, 100_00, 100)
	lone(b, model.Bid, 100_00, 2)
	for range 100 {
		passing(1000)
	}
	next, ok := b.NextExpiry()
	require.True(t, ok)
	require.EqualValues(t, 2, next)
	b.Submit(2, &model.Command{Kind: model.Expire})
	require.EqualValues(t, 1, b.Count(model.Bid))
	b.Submit(100, &model.Command{Kind: model.Expire})
	require.Zero(t, b.Count(model.Bid))
}
