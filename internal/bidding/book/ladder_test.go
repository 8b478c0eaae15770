package book

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// TestLadderFindsEveryPrice looks, among any number of levels, for each price that is there
// and for each that is not.
func TestLadderFindsEveryPrice(t *testing.T) {
	t.Parallel()
	for _, side := range []model.Side{model.Bid, model.Ask} {
		for size := range money.Minor(40) {
			l := ladder{side: side}
			for i := range size {
				l.ranks = append(l.ranks, l.rank(2+2*i))
			}
			slices.Sort(l.ranks)
			for price := range 2*size + 4 {
				at, there := slices.BinarySearch(l.ranks, l.rank(price))
				i, ok := l.find(price)
				require.Equal(t, at, i, "%d of %d", price, size)
				require.Equal(t, there, ok, "%d of %d", price, size)
			}
		}
	}
}
