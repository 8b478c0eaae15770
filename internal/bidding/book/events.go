package book

import (
	"slices"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// record adds an event for the caller to fill in, where it stays: events are large, and are
// not copied.
func (b *Book) record(kind model.EventKind) *model.Event {
	n := len(b.events)
	b.events = slices.Grow(b.events, 1)[:n+1]
	e := &b.events[n]
	*e = model.Event{}
	e.Kind, e.N = kind, b.seq.next()
	return e
}

// recordOf adds an event about an open order.
func (b *Book) recordOf(kind model.EventKind, n *node) *model.Event {
	e := b.record(kind)
	e.Order, e.Account, e.Side, e.Price, e.Open = n.id, b.accounts.list[n.account].id, n.side, n.price, n.open
	return e
}
