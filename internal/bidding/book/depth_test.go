package book_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

func TestDATA_002_DepthIsTheSumOfWhatRests(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	p := newPair(model.SellerAsk)
	levels := 0
	for range 2000 {
		p.step(t, p.command(r.IntN))
		sums := map[model.Side]map[money.Minor]int64{model.Bid: {}, model.Ask: {}}
		p.real.Each(func(o model.LimitOrder) { sums[o.Side][o.Price] += int64(o.Open) })
		for side, want := range sums {
			depth := p.real.Depth(side, 1000, nil)
			require.Len(t, depth, len(want))
			for _, l := range depth {
				require.Equal(t, want[l.Price], l.Qty)
			}
			levels += len(depth)
		}
	}
	require.Greater(t, levels, 2000, "there was something to sum up")
}
