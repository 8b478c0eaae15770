package seed

import (
	"math/rand/v2"
	"time"
)

const (
	dollar  = 100 // cents; also the tick of a market that nobody changed
	level   = 10_000
	calm    = 40  // basis points a price may move a day, at least
	lively  = 130 // and this much more at most
	homely  = 12  // how strongly it is drawn back, 1/n of the way a day
	fairest = 20 * dollar
)

// walk is a shoe's price by day, in basis points of what it was worth when the
// demo began. It wanders, and is drawn back from extremes.
func walk(r *rand.Rand, days int) []int64 {
	out := make([]int64, days+1)
	restless := int64(calm + r.IntN(lively))
	home := level + int64(r.IntN(3000)) - 1200
	at := int64(level)
	for i := range out {
		out[i] = at
		at += r.Int64N(2*restless+1) - restless + (home-at)/homely/4
	}
	return out
}

// fair is what a size is worth at a moment, in whole dollars.
func (p *planner) fair(m *spot) int64 {
	s := &p.shoes[m.shoe]
	steps := p.walks[m.shoe]
	today := int(p.now / day)
	from, to := steps[today], steps[min(today+1, len(steps)-1)]
	now := from + (to-from)*int64(p.now%day/time.Minute)/int64(day/time.Minute)
	cents := s.retail * s.worth / 100 * s.sizes[m.size].factor / 1000 * now / level
	return max(cents/dollar*dollar, fairest)
}
