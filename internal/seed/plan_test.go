package seed

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 123_000, time.UTC)

// actions lists a plan's actions in order.
func actions(p *plan) []action {
	var out []action
	for _, m := range p.moments {
		for _, lane := range m.lanes {
			out = append(out, lane...)
		}
	}
	return out
}

func TestAPlanIsTheSameAllDay(t *testing.T) {
	t.Parallel()
	one, two := newPlan(Quick, noon), newPlan(Quick, noon.Add(11*time.Hour))
	require.Equal(t, one.shoes, two.shoes)
	require.Equal(t, one.people, two.people)
	require.Equal(t, one.moments, two.moments)
	require.Equal(t, one.instant(&one.moments[7]).Add(11*time.Hour), two.instant(&two.moments[7]), "its times are before the present")
}

func TestTheDemosAreAsLargeAsPromised(t *testing.T) {
	t.Parallel()
	for scale, matches := range map[Scale]int{Full: 3000, Quick: 800} {
		p := think(scale, noon)
		require.GreaterOrEqual(t, len(p.shoes), 200)
		require.InDelta(t, 2000, p.sizes(), 150)
		require.GreaterOrEqual(t, p.matches, matches)
		require.Equal(t, scale.Sales, p.sales)
		deep := 0
		for i := range p.desks {
			d := &p.desks[i]
			d.expire(scale.span() + stays)
			if d.levels(bid) > 1 && d.levels(ask) > 1 {
				deep++
			}
			if len(d.bids) > 0 && len(d.asks) > 0 {
				require.Less(t, d.best(bid), d.best(ask), "not crossed")
			}
		}
		require.Greater(t, deep, 800, "live books, two weeks on")
	}
}

func TestSalesSpreadOverTheDaysAndGoOnToThePresent(t *testing.T) {
	t.Parallel()
	p := newPlan(Full, noon)
	perDay := make([]int, Full.Days)
	last := 0
	for i := range p.moments {
		m := &p.moments[i]
		if i > 0 {
			require.Greater(t, m.at, p.moments[i-1].at, "the oldest first")
			require.Less(t, m.at-p.moments[i-1].at, day, "sessions and client order ids live on")
		}
		require.True(t, p.instant(m).Before(noon))
		perDay[m.at/day] += m.sales
		if m.at > Full.span()-time.Hour {
			last += m.sales
		}
	}
	require.NotContains(t, perDay, 0)
	require.Positive(t, last)
}

func TestSomeShoesTradeFarMoreThanOthersAndNearTheirWorth(t *testing.T) {
	t.Parallel()
	p := newPlan(Full, noon)
	sold := make([]int, len(p.shoes))
	for _, a := range actions(p) {
		shoe := p.spots[a.spot].shoe
		sold[shoe] += len(a.fills)
		for _, f := range a.fills {
			worth := p.shoes[shoe].retail * p.shoes[shoe].worth / 100
			require.InDelta(t, worth, f.price, float64(worth)*0.6) // counts cents
			require.Zero(t, f.price%dollar)
		}
	}
	slices.Sort(sold)
	require.Greater(t, sold[len(sold)-1], 20*max(sold[len(sold)/2], 1)/3)
}

func TestEverythingAnExchangeCanDoIsInThePlan(t *testing.T) {
	t.Parallel()
	p := newPlan(Full, noon)
	deeds, kinds, brief, several := map[deed]int{}, map[biddingv1.OrderType]int{}, 0, 0
	for _, a := range actions(p) {
		deeds[a.deed]++
		kinds[a.kind]++
		if a.life > 0 && a.life < 5*day {
			brief++
		}
		if a.sale && a.quantity > 1 {
			several++
		}
	}
	require.Len(t, deeds, 4)
	require.Len(t, kinds, 4)
	require.Greater(t, brief, 100)
	require.Greater(t, several, 100)
	for d, n := range deeds {
		require.Greater(t, n, 20, d)
	}
}

func TestOnlyWhoIsOnShiftTradesAndOnHisOwnSide(t *testing.T) {
	t.Parallel()
	p := newPlan(Full, noon)
	seen := map[int]bool{}
	for i, m := range p.moments {
		on := shiftOf(p.scale, i/momentsOfShift, len(p.moments)/momentsOfShift)
		for _, a := range slices.Concat(m.lanes...) {
			require.Contains(t, slices.Concat(on.sellers, on.buyers), a.who)
			require.Equal(t, a.side == ask, p.people[a.who].sells, "so nobody trades with himself")
			seen[a.who] = true
		}
	}
	require.Len(t, seen, Full.Sellers+Full.Buyers)
	require.Equal(t, len(p.people), len(slices.Compact(slices.Sorted(slices.Values(arrivals(Full))))))
}

func TestAMarketIsInOneLaneOfAMoment(t *testing.T) {
	t.Parallel()
	for _, m := range newPlan(Full, noon).moments {
		seen := map[int]bool{}
		for _, lane := range m.lanes {
			require.False(t, seen[lane[0].spot])
			seen[lane[0].spot] = true
			for _, a := range lane {
				require.Equal(t, lane[0].spot, a.spot)
			}
		}
	}
}

func TestShoesAreDistinctAndBeginWithTheSameOnes(t *testing.T) {
	t.Parallel()
	all := shoes(maxProducts, noon)
	require.Equal(t, all[:Full.Products], shoes(Full.Products, noon))
	codes, names := map[string]bool{}, map[string]bool{}
	brands, categories, systems := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, s := range all {
		require.False(t, codes[s.sku], s.sku)
		require.False(t, names[s.brand+s.name], s.name)
		codes[s.sku], names[s.brand+s.name] = true, true
		brands[s.brand], categories[s.category], systems[s.system] = true, true, true
		require.GreaterOrEqual(t, len(s.sizes), 6, s.name)
		require.LessOrEqual(t, len(s.sizes), 12, s.name)
		require.Positive(t, s.retail)
		require.Less(t, s.released, noon.Format(time.DateOnly))
	}
	require.Len(t, brands, len(makers))
	require.GreaterOrEqual(t, len(categories), 4)
	require.Len(t, systems, 3)
}

func TestAScaleHasBounds(t *testing.T) {
	t.Parallel()
	require.NoError(t, Full.Validate())
	require.NoError(t, Quick.Validate())
	require.ErrorContains(t, Scale{Products: 0, Days: 1, Sales: 1, Sellers: 1, Buyers: 2}.Validate(), "products: 0 must be 1 to 1000")
	require.ErrorContains(t, Scale{Products: 1, Days: 400, Sales: 1, Sellers: 1, Buyers: 2}.Validate(), "days")
	for _, s := range []Scale{{1, 1, 1, 1, 2}, {maxProducts, 1, 1, 1 + len(sellerNames), 2 + len(buyerNames)}} {
		require.NoError(t, s.Validate())
		require.NotEmpty(t, actions(newPlan(s, noon)))
	}
}

func TestAMarkIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, state := range []State{Begun, Complete} {
		m := Mark{state, Quick, noon}
		got, err := readMark(m.String())
		require.NoError(t, err)
		require.Equal(t, m, got)
	}
	begun := Mark{Begun, Quick, noon}
	require.Equal(t, begun, begun.Or(Full))
	for _, text := range []string{
		"", description, description + " Demo of 1 products, 1 days, 1 sales, 1 sellers and 2 buyers until noon: complete.",
		Mark{Begun, Scale{Products: maxProducts + 1}, noon}.String(),
	} {
		_, err := readMark(text)
		require.ErrorIs(t, err, ErrForeign, text)
	}
}
