package book

import (
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// warnBefore is how long before its end an order's owner is warned (MATCH-009).
const warnBefore = model.Instant(model.WarnBefore / time.Microsecond)

// expiry says when the order in a slot ends, or its owner is to be warned of that, if it
// is still that order.
type expiry struct {
	at    model.Instant
	order model.OrderID
	slot  int32
}

// expiryHeap is a min-heap by time. Closed orders stay in it until their time
// comes or until they are more than half of it.
type expiryHeap []expiry

func (a expiry) before(b expiry) bool { return a.at < b.at || (a.at == b.at && a.order < b.order) }

func (h *expiryHeap) push(e expiry) {
	s := append(*h, e)
	i := len(s) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !s[i].before(s[parent]) {
			break
		}
		s[i], s[parent] = s[parent], s[i]
		i = parent
	}
	*h = s
}

func (h *expiryHeap) pop() {
	s := *h
	last := len(s) - 1
	s[0] = s[last]
	*h = s[:last]
	h.down(0)
}

func (h expiryHeap) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if r := child + 1; r < len(h) && h[r].before(h[child]) {
			child = r
		}
		if !h[child].before(h[i]) {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

// NextExpiry returns when the next open order may expire, or be warned of; false when nothing is open.
// It may name an order that has closed since, never miss one that is open.
func (b *Book) NextExpiry() (model.Instant, bool) {
	if len(b.expiries) == 0 {
		return 0, false
	}
	return b.expiries[0].at, true
}

func (b *Book) live(e expiry) bool { return b.orders.nodes[e.slot].id == e.order }

// watch remembers when a resting order ends.
func (b *Book) watch(slot int32) {
	n := &b.orders.nodes[slot]
	if len(b.expiries) > 64 && len(b.expiries) > 2*b.index.taken {
		b.compact()
	}
	at := n.expires
	if !n.warned {
		at -= warnBefore
	}
	b.expiries.push(expiry{at, n.id, slot})
}

// compact drops closed orders from the heap.
func (b *Book) compact() {
	kept := b.expiries[:0]
	for _, e := range b.expiries {
		if b.live(e) {
			kept = append(kept, e)
		}
	}
	b.expiries = kept
	for i := len(kept)/2 - 1; i >= 0; i-- {
		kept.down(i)
	}
}

// expire closes every order whose time has come, expires <= at, and warns of those that
// have a day left.
func (b *Book) expire(at model.Instant) {
	for len(b.expiries) > 0 && b.expiries[0].at <= at {
		e := b.expiries[0]
		b.expiries.pop()
		if !b.live(e) {
			continue
		}
		if n := &b.orders.nodes[e.slot]; !n.warned && n.expires > at {
			b.warn(e.slot)
		} else {
			b.close(e.slot, model.Expired, model.ReasonNone)
		}
	}
}

// warn says that an order has a day left. One that was over before anybody could be
// warned just expires.
func (b *Book) warn(slot int32) {
	n := &b.orders.nodes[slot]
	n.warned = true
	e := b.recordOf(model.OrderExpiring, n)
	e.Qty, e.Expires = n.qty, n.expires
	b.expiries.push(expiry{n.expires, n.id, slot})
}
