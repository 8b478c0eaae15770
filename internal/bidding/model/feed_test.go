package model_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// side draws one side of a book, best first.
func side(t *rapid.T, s model.Side) (out []model.Level) {
	held := rapid.MapOf(rapid.Int64Range(1, 12), rapid.Int64Range(1, 3)).Draw(t, "levels")
	for i := range int64(12) {
		price := i + 1
		if s == model.Bid {
			price = 12 - i
		}
		if held[price] > 0 {
			out = append(out, model.Level{Price: money.Minor(price), Qty: held[price]})
		}
	}
	return out
}

func TestDATA_003_WhatChangedTurnsOneBookIntoTheOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom([]model.Side{model.Bid, model.Ask}).Draw(t, "side")
		from, to := side(t, s), side(t, s)
		book := map[money.Minor]int64{}
		for _, l := range from {
			book[l.Price] = l.Qty
		}
		changed := model.ChangedLevels(s, from, to)
		for i, l := range changed {
			require.NotEqual(t, book[l.Price], l.Qty, "only what changed")
			if book[l.Price] = l.Qty; l.Qty == 0 {
				delete(book, l.Price)
			}
			if i > 0 {
				require.Equal(t, s == model.Ask, changed[i-1].Price < l.Price, "best first")
			}
		}
		want := map[money.Minor]int64{}
		for _, l := range to {
			want[l.Price] = l.Qty
		}
		require.Equal(t, want, book)
	})
}
