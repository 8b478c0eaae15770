package book

import (
	"slices"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// level is one price: its orders by priority and their sum.
type level struct {
	price      money.Minor
	qty        int64
	head, tail int32
}

// ladder is one side's levels, sorted with the best last, where most change happens.
type ladder struct {
	side   model.Side
	levels []level
	ranks  []money.Minor // of the levels, rising; apart, so that a search reads little
	orders int64
}

// rank turns a price into a number that is higher for a better price.
func (l *ladder) rank(price money.Minor) money.Minor {
	if l.side == model.Bid {
		return price
	}
	return -price
}

// better reports whether price a comes before price b on this side.
func (l *ladder) better(a, b money.Minor) bool {
	return l.rank(a) > l.rank(b)
}

// best returns the best level, nil when the side is empty.
func (l *ladder) best() *level {
	if n := len(l.levels); n > 0 {
		return &l.levels[n-1]
	}
	return nil
}

// crosses reports whether an order of the other side at price would match here.
func (l *ladder) crosses(price money.Minor) bool {
	best := l.best()
	return best != nil && !l.better(price, best.price)
}

// find returns where price is, or would be inserted.
func (l *ladder) find(price money.Minor) (int, bool) {
	rank := l.rank(price)
	if last := len(l.ranks) - 1; last >= 0 && l.ranks[last] == rank {
		return last, true
	}
	i := lowerBound(l.ranks, rank)
	return i, i < len(l.ranks) && l.ranks[i] == rank
}

// lowerBound returns where the first of rising ranks is that is not below rank. A processor
// guesses half of such a search's branches wrongly, so it has none: whether a rank is below
// is all ones or all zeros, the sign of a difference that prices are too small to overflow.
func lowerBound(ranks []money.Minor, rank money.Minor) int {
	first := 0
	for n := len(ranks); n > 0; {
		half := int(uint(n+1) / 2)
		below := int((ranks[first+half-1] - rank) >> 63)
		first += half & below
		n -= half
	}
	return first
}

// add links an order into its level by priority; nearly always that is the end.
func (l *ladder) add(s *slab, slot int32) {
	n := &s.nodes[slot]
	i, ok := l.find(n.price)
	if !ok {
		l.levels = slices.Insert(l.levels, i, level{price: n.price})
		l.ranks = slices.Insert(l.ranks, i, l.rank(n.price))
	}
	lv := &l.levels[i]
	after := lv.tail
	for after != 0 && s.nodes[after].priority > n.priority {
		after = s.nodes[after].prev
	}
	n.prev = after
	if after != 0 {
		n.next = s.nodes[after].next
		s.nodes[after].next = slot
	} else {
		n.next = lv.head
		lv.head = slot
	}
	if n.next != 0 {
		s.nodes[n.next].prev = slot
	} else {
		lv.tail = slot
	}
	lv.qty += int64(n.open)
	l.orders++
}

// remove unlinks an order, and its level when that is empty then.
func (l *ladder) remove(s *slab, slot int32) {
	n := &s.nodes[slot]
	i, _ := l.find(n.price)
	lv := &l.levels[i]
	if n.prev != 0 {
		s.nodes[n.prev].next = n.next
	} else {
		lv.head = n.next
	}
	if n.next != 0 {
		s.nodes[n.next].prev = n.prev
	} else {
		lv.tail = n.prev
	}
	lv.qty -= int64(n.open)
	l.orders--
	if lv.head == 0 {
		l.levels = slices.Delete(l.levels, i, i+1)
		l.ranks = slices.Delete(l.ranks, i, i+1)
	}
}

// reduce takes by items off an order that stays.
func (l *ladder) reduce(n *node, by model.Qty) {
	i, _ := l.find(n.price)
	l.levels[i].qty -= int64(by)
	n.open -= by
}
