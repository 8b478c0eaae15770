package seed

import (
	"math/rand/v2"
	"slices"
	"time"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// planner thinks a demo through, moment by moment.
type planner struct {
	plan
	walks [][]int64
	desks []desk // by market
	r     *rand.Rand

	now   time.Duration
	last  time.Duration // the last moment
	shift shift
	lane  []action // being filled
}

// newPlan plans a demo that leads to the present until.
func newPlan(scale Scale, until time.Time) *plan { return &think(scale, until).plan }

func think(scale Scale, until time.Time) *planner {
	p := &planner{plan: plan{scale: scale, until: until, people: crew(scale)}, r: chance(chanceOfTrade)}
	p.shoes = shoes(scale.Products, p.begin())
	r := chance(chanceOfWalks)
	for i := range p.shoes {
		p.walks = append(p.walks, walk(r, scale.Days))
		for j := range p.shoes[i].sizes {
			p.spots = append(p.spots, spot{i, j})
		}
	}
	p.desks = make([]desk, len(p.spots))
	for _, at := range timeline(chance(chanceOfMoments), scale.Days) {
		p.moments = append(p.moments, moment{at: at})
		p.last = at
	}
	for i, list := range p.schedule() {
		p.shift = shiftOf(scale, i/momentsOfShift, len(p.moments)/momentsOfShift)
		p.carryOut(&p.moments[i], list)
	}
	return p
}

// carryOut turns what happens at a moment into actions.
func (p *planner) carryOut(m *moment, list []happening) {
	p.now = m.at
	for i, h := range list {
		if i == 0 || h.spot != list[i-1].spot {
			p.desks[h.spot].expire(p.now)
			p.lane = nil
		}
		switch h.why {
		case quoting:
			p.quote(h.spot)
		case selling:
			p.sell(h.spot)
			m.sales++
		case tending:
			p.tend(h.spot)
		}
		if i == len(list)-1 || h.spot != list[i+1].spot {
			if len(p.lane) > 0 {
				m.lanes = append(m.lanes, p.lane)
			}
		}
	}
	p.sales += m.sales
}

// enter plans a new bid or ask and what comes of it.
func (p *planner) enter(a action) {
	d := &p.desks[a.spot]
	var left int32
	a.fills, left = d.take(a.side, a.price, a.quantity)
	p.matches += len(a.fills)
	if rests := a.kind == biddingv1.OrderType_LIMIT || a.kind == biddingv1.OrderType_POST_ONLY; rests && left > 0 {
		d.rest(a.side, offer{a.order, a.who, a.price, left, p.ends(&a)})
	}
	p.lane = append(p.lane, a)
}

// number gives the next order its number.
func (p *planner) number() int {
	p.orders++
	return p.orders - 1
}

// The lives of bids and asks that are not given another (MATCH-009).
const (
	bidLife = 30 * day
	askLife = 365 * day
)

// ends is when an order expires.
func (p *planner) ends(a *action) time.Duration {
	switch {
	case a.life > 0:
		return p.now + a.life
	case a.side == biddingv1.Side_BID:
		return p.now + bidLife
	}
	return p.now + askLife
}

// onShift is somebody who can trade on a side.
func (p *planner) onShift(s biddingv1.Side) int {
	among := p.shift.buyers
	if s == biddingv1.Side_ASK {
		among = p.shift.sellers
	}
	return among[p.r.IntN(len(among))]
}

// works reports whether somebody is on shift.
func (p *planner) works(who int) bool {
	return slices.Contains(p.shift.buyers, who) || slices.Contains(p.shift.sellers, who)
}

// often is true so many times in a hundred.
func (p *planner) often(percent int) bool { return p.r.IntN(100) < percent }
