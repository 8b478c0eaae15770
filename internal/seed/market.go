package seed

import (
	"time"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// What people do in a market. Prices are whole dollars, and stay near what the
// size is worth at that moment.

const (
	bid = biddingv1.Side_BID
	ask = biddingv1.Side_ASK

	nearEnough = 300 // basis points from the fair price at which somebody buys or sells at once
	firstAway  = 60  // basis points from the fair price to the best quote
	nextAway   = 170 // and between quotes
	stepAway   = 5   // dollars at most from the last quote to one beyond it
	stays      = 14 * day
)

// wantedLevels is how deep a market's sides are.
func (p *planner) wantedLevels(spot int) int {
	if p.shoes[p.spots[spot].shoe].wanted > 100 {
		return 4
	}
	return 2 + spot%2
}

// quote adds a level to each side, unless it is as deep as it should be.
func (p *planner) quote(spot int) {
	for _, side := range []biddingv1.Side{ask, bid} {
		if p.desks[spot].levels(side) < p.wantedLevels(spot) {
			p.rest(spot, side, p.quoted(spot, side))
		}
	}
}

// quoted is the price of one more level: beyond the last, and not across the other side.
func (p *planner) quoted(spot int, side biddingv1.Side) int64 {
	d := &p.desks[spot]
	fair := p.fair(&p.spots[spot])
	away := int64(firstAway + d.levels(side)*nextAway + p.r.IntN(nextAway/2))
	price := (fair + outward(side)*(fair*away/level+dollar)) / dollar * dollar
	if list := *d.side(side); len(list) > 0 {
		if worst := list[len(list)-1].price; !better(side, worst, price) {
			price = worst + outward(side)*dollar*int64(1+p.r.IntN(stepAway))
		}
	}
	return p.apart(spot, side, price)
}

// outward is the direction in which a side's prices get worse.
func outward(side biddingv1.Side) int64 {
	if side == bid {
		return -1
	}
	return 1
}

// apart moves a price off the other side, so that it rests.
func (p *planner) apart(spot int, side biddingv1.Side, price int64) int64 {
	switch other := p.desks[spot].best(opposite(side)); {
	case other == 0:
	case side == bid && price >= other:
		price = other - dollar
	case side == ask && price <= other:
		price = other + dollar
	}
	return max(price, dollar)
}

// rest plans a bid or ask that waits.
func (p *planner) rest(spot int, side biddingv1.Side, price int64) {
	a := action{
		deed: place, spot: spot, who: p.onShift(side), side: side, order: p.number(),
		price: price, quantity: 1, kind: biddingv1.OrderType_LIMIT, life: p.life(),
	}
	if p.often(25) {
		a.quantity += int32(1 + p.r.IntN(2)) //nolint:gosec // 1 or 2
	}
	if p.often(10) && p.apart(spot, side, price) == price {
		a.kind = biddingv1.OrderType_POST_ONLY
	}
	p.enter(a)
}

// life is how long somebody waits. What is there in the end stays for two weeks at
// least, so that the demo does.
func (p *planner) life() time.Duration {
	if p.often(14) {
		if brief := time.Duration(6+p.r.IntN(90)) * time.Hour; p.now+brief < p.last {
			return brief
		}
	}
	life := []time.Duration{0, 45 * day, 60 * day, 90 * day}[p.r.IntN(4)]
	if ends := p.now + max(life, bidLife); ends > p.last && ends < p.scale.span()+stays {
		return 90 * day
	}
	return life
}

// sell plans a sale: somebody takes the best bid or ask, one near the fair price
// being offered first when there is none.
func (p *planner) sell(spot int) {
	fair := p.fair(&p.spots[spot])
	d := &p.desks[spot]
	buys, sells := d.best(ask), d.best(bid)
	canBuy := buys > 0 && buys <= fair+fair*nearEnough/level
	canSell := sells > 0 && sells >= fair-fair*nearEnough/level
	side := bid // of the taker
	switch {
	case canBuy && canSell && p.often(40), canSell && !canBuy:
		side = ask
	case !canBuy && !canSell:
		if p.often(30) {
			side = ask
		}
		p.rest(spot, opposite(side), p.apart(spot, opposite(side), fair))
	}
	p.take(spot, side)
}

// take plans an order that meets the best of the other side.
func (p *planner) take(spot int, side biddingv1.Side) {
	first := (*p.desks[spot].side(opposite(side)))[0]
	a := action{
		deed: place, spot: spot, who: p.onShift(side), side: side, order: p.number(),
		price: first.price, quantity: 1, kind: biddingv1.OrderType_IOC, sale: true,
	}
	switch n := p.r.IntN(100); {
	case n < 45: // buy or sell now
	case n < 85:
		a.kind, a.life = biddingv1.OrderType_LIMIT, p.life()
	case n < 90:
		a.kind, a.quantity = biddingv1.OrderType_FOK, first.left
	default: // more than there is at once: an IOC is left with a rest, which is cancelled
		a.quantity = first.left + 1
	}
	switch {
	case side == bid && p.often(15): // ready to pay more, and need not (MATCH-003)
		a.price += dollar
	case side == ask && p.often(15): // asks for less than is offered, and gets less
		a.price -= min(dollar, a.price-dollar)
	}
	p.enter(a)
}

// tend lets somebody on shift change his mind about what he has resting here.
func (p *planner) tend(spot int) {
	side := bid
	if p.often(50) {
		side = ask
	}
	for _, o := range *p.desks[spot].side(side) {
		if !p.works(o.who) || len(*p.desks[spot].side(side)) < 2 {
			continue
		}
		p.change(spot, side, o)
		return
	}
}

// change plans a cancel, a smaller quantity or another price.
func (p *planner) change(spot int, side biddingv1.Side, o offer) {
	d := &p.desks[spot]
	a := action{spot: spot, who: o.who, side: side, order: o.order, price: o.price, quantity: o.left, kind: biddingv1.OrderType_LIMIT}
	switch n := p.r.IntN(100); {
	case n < 35:
		a.deed = cancel
		d.drop(side, o.order)
		p.lane = append(p.lane, a)
	case n < 80 && o.left > 1:
		a.deed, a.quantity = reduce, o.left-1
		list := *d.side(side)
		for i := range list {
			if list[i].order == o.order {
				list[i].left--
			}
		}
		p.lane = append(p.lane, a)
	default:
		d.drop(side, o.order)
		a.deed, a.replaces, a.order, a.life = replace, o.order, p.number(), o.ends-p.now
		if a.price = p.apart(spot, side, p.fair(&p.spots[spot])); a.price == o.price {
			a.price += outward(side) * dollar
		}
		p.enter(a)
	}
}
