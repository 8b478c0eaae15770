package fsck

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// bookChecks need every market's book played again.
var bookChecks = []check{
	{"I06", "a match took the best order that was open: best price first, then by priority (MATCH-001)", ""},
	{"X01", "no book was ever crossed when the next order came in (MATCH-004)", ""},
}

// books plays each market again from the tables, one market in memory at a time.
func (i *inspection) books(ctx context.Context) error {
	rows, err := i.tx.Query(ctx, `
		SELECT market_id, 'bid' AS kind, id, price, priority, coalesce(closed_n, 0) AS closed_n, 0 AS bid_id, 0 AS ask_id, '' AS taker FROM bids
		UNION ALL
		SELECT market_id, 'ask', id, price, priority, coalesce(closed_n, 0), 0, 0, '' FROM asks
		UNION ALL
		SELECT market_id, 'match', id, 0, 0, 0, bid_id, ask_id, taker FROM matches
		ORDER BY market_id`)
	if err != nil {
		return err
	}
	b := newBook(i, id.None)
	var market id.UUID
	var kind, taker string
	var r resting
	var m taken
	_, err = pgx.ForEachRow(rows, []any{&market, &kind, &r.id, &r.price, &r.priority, &r.closed, &m.bid, &m.ask, &taker}, func() error {
		if market != b.market {
			b.play()
			b = newBook(i, market)
		}
		if kind == "match" {
			m.id = r.id
			b.match(m, taker)
		} else {
			r.bid = kind == "bid"
			b.order(r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	b.play()
	return nil
}

// resting is a bid or ask as the book holds it.
type resting struct {
	id, price, priority int64
	closed              int64 // the number of its closing; 0 = open to this day
	bid, gone           bool
}

// sooner reports whether an order is before another of its price. An ask that came back
// has the priority of the one it stands for, and is behind what is left of that.
func (r *resting) sooner(than *resting) bool {
	return r.priority < than.priority || (r.priority == than.priority && r.id < than.id)
}

// taken is a match, and which side it took from.
type taken struct {
	id, bid, ask int64
	fromBids     bool
}

// moment is one thing that happened to a book, by its number.
type moment struct {
	n     int64
	order *resting // came in, or left
	left  bool
	match *taken
}

// book is one market on its way through time.
type book struct {
	*inspection
	market     id.UUID
	moments    []moment
	bids, asks heap
	crossed    bool
}

func newBook(i *inspection, market id.UUID) *book {
	return &book{
		inspection: i, market: market,
		bids: heap{before: func(a, b *resting) bool { return a.price > b.price || (a.price == b.price && a.sooner(b)) }},
		asks: heap{before: func(a, b *resting) bool { return a.price < b.price || (a.price == b.price && a.sooner(b)) }},
	}
}

func (b *book) order(r resting) {
	o := &r
	b.moments = append(b.moments, moment{n: o.id >> 8, order: o})
	if o.closed != 0 {
		b.moments = append(b.moments, moment{n: o.closed, order: o, left: true})
	}
}

func (b *book) match(m taken, taker string) {
	m.fromBids = taker == "ask"
	b.moments = append(b.moments, moment{n: m.id >> 8, match: &m})
}

// play goes through everything that happened in the order of the numbers.
func (b *book) play() {
	slices.SortStableFunc(b.moments, func(x, y moment) int { return cmp.Compare(x.n, y.n) })
	for _, m := range b.moments {
		switch {
		case m.match != nil:
			b.took(m.match)
		case m.left:
			m.order.gone = true
		default:
			b.enter(m.order)
		}
	}
}

// enter puts an order in. Everything before it is settled by then, so the book
// must not be crossed.
func (b *book) enter(o *resting) {
	bid, ask := b.bids.best(), b.asks.best()
	crossed := bid != nil && ask != nil && bid.price >= ask.price
	if crossed && !b.crossed {
		b.found("X01", "market_id=%s bid_id=%d bid_price=%d ask_id=%d ask_price=%d before_order=%d", b.market, bid.id, bid.price, ask.id, ask.price, o.id)
	}
	b.crossed = crossed
	if o.bid {
		b.bids.push(o)
	} else {
		b.asks.push(o)
	}
}

// took compares the order a match took with the best one open.
func (b *book) took(m *taken) {
	side, maker := &b.asks, m.ask
	if m.fromBids {
		side, maker = &b.bids, m.bid
	}
	switch best := side.best(); {
	case best == nil:
		b.found("I06", "match_id=%d market_id=%s maker_id=%d: nothing was open on its side", m.id, b.market, maker)
	case best.id != maker:
		b.found("I06", "match_id=%d market_id=%s maker_id=%d better_id=%d better_price=%d", m.id, b.market, maker, best.id, best.price)
	}
}

// heap is one side of a book, the best order first; those gone are dropped when
// they come up.
type heap struct {
	before func(a, b *resting) bool
	list   []*resting
}

func (h *heap) push(o *resting) {
	h.list = append(h.list, o)
	for at := len(h.list) - 1; at > 0; {
		up := (at - 1) / 2
		if !h.before(h.list[at], h.list[up]) {
			return
		}
		h.list[at], h.list[up] = h.list[up], h.list[at]
		at = up
	}
}

// best returns the first order that is still there, nil when there is none.
func (h *heap) best() *resting {
	for len(h.list) > 0 && h.list[0].gone {
		h.pop()
	}
	if len(h.list) == 0 {
		return nil
	}
	return h.list[0]
}

func (h *heap) pop() {
	last := len(h.list) - 1
	h.list[0] = h.list[last]
	h.list[last] = nil
	h.list = h.list[:last]
	for at := 0; ; {
		next := at
		for _, down := range []int{2*at + 1, 2*at + 2} {
			if down < last && h.before(h.list[down], h.list[next]) {
				next = down
			}
		}
		if next == at {
			return
		}
		h.list[at], h.list[next] = h.list[next], h.list[at]
		at = next
	}
}
