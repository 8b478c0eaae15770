package book_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/book"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// lone places single items of strangers that live until the given instant.
func lone(b *book.Book, side model.Side, price money.Minor, until int64) book.Effects {
	return b.Submit(0, &model.Command{
		Kind: model.Place, Account: id.New(), Side: side, Type: model.Limit, SelfTrade: model.CancelNewest, Price: price, Qty: 1, Life: until,
	})
}

func TestMATCH_003_ASellerIsToldTheBidHeGaveUp(t *testing.T) {
	t.Parallel()
	for rule, want := range map[model.PriceRule]money.Minor{model.SellerAsk: 90_00, model.Resting: 100_00} {
		s := model.DefaultSettings()
		s.PriceRule = rule
		b := book.New(book.NewSequence(1, 0), s)
		lone(b, model.Bid, 100_00, 1)
		events := lone(b, model.Ask, 90_00, 1).Events
		at := slices.IndexFunc(events, func(e model.Event) bool { return e.Kind == model.OrderMatched })
		require.GreaterOrEqual(t, at, 0, rule)
		require.Equal(t, want, events[at].Price, rule)
		require.EqualValues(t, 100_00, events[at].BidPrice, rule)
	}
}

func TestMKT_001_AHighestPriceBelowWhatRestsIsRefused(t *testing.T) {
	t.Parallel()
	b := book.New(book.NewSequence(1, 0), model.DefaultSettings())
	lone(b, model.Ask, 100_00, 1)
	s := model.DefaultSettings()
	s.MaxPrice = 99_00
	require.Equal(t, model.ErrSettingsConflict, b.Submit(0, &model.Command{Kind: model.ChangeSettings, Settings: &s}).Refusal)
	require.Equal(t, model.DefaultSettings(), b.Settings(), "a refusal changes nothing")
	s.MaxPrice = 100_00
	require.Nil(t, b.Submit(0, &model.Command{Kind: model.ChangeSettings, Settings: &s}).Refusal)
}
