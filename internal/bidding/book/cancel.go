package book

import (
	"cmp"
	"slices"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

// close takes an open order out of the book and records why.
func (b *Book) close(slot int32, status model.Status, reason model.Reason) {
	n := &b.orders.nodes[slot]
	e := b.recordOf(model.OrderClosed, n)
	e.Status, e.Reason = status, reason
	b.ladders[n.side].remove(&b.orders, slot)
	b.accounts.unlink(&b.orders, slot)
	b.index.drop(n.id, slot)
	b.orders.put(slot)
}

// tell says in o what became of an open order.
func (n *node) tell(o *model.Outcome, status model.Status, reason model.Reason) {
	o.Order, o.Side, o.Qty, o.Open, o.Expires = n.id, n.side, n.qty, n.open, n.expires
	o.Status, o.Reason = status, reason
}

// own returns the slot of the caller's open order. A closed or unknown order is
// ErrNotOpen: the book forgets what left it, so the caller of the book tells
// matched from cancelled, expired and never there.
func (b *Book) own(c *model.Command) (int32, *errs.Error) {
	slot := b.index.find(&b.orders, c.Order)
	if slot == 0 {
		return 0, model.ErrNotOpen
	}
	n := &b.orders.nodes[slot]
	if n.side != c.Side || b.accounts.list[n.account].id != c.Account {
		return 0, model.NotFound(c.Side)
	}
	return slot, nil
}

func (b *Book) cancel(c *model.Command, e *Effects) {
	slot, refusal := b.own(c)
	if e.Refusal = refusal; refusal != nil {
		return
	}
	b.orders.nodes[slot].tell(&e.Outcome, model.Cancelled, model.ReasonRequested)
	b.close(slot, model.Cancelled, model.ReasonRequested)
}

// cancelAll closes the account's open orders, oldest first; c.Side 0 means both sides.
func (b *Book) cancelAll(c *model.Command) {
	reason := model.ReasonRequested
	if c.Reason != model.ReasonNone {
		reason = c.Reason
	}
	acct := b.accounts.find(&c.Account)
	if acct == 0 {
		return
	}
	b.doomed = b.doomed[:0]
	for slot := b.accounts.list[acct].head; slot != 0; slot = b.orders.nodes[slot].acctNx {
		if c.Side == 0 || c.Side == b.orders.nodes[slot].side {
			b.doomed = append(b.doomed, slot)
		}
	}
	// A book that was read back has its orders in another sequence than they came in.
	slices.SortFunc(b.doomed, func(x, y int32) int { return cmp.Compare(b.orders.nodes[x].id, b.orders.nodes[y].id) })
	for _, slot := range b.doomed {
		b.close(slot, model.Cancelled, reason)
	}
}

// clear closes every open order of a market whose product is gone, bids first, the best first.
func (b *Book) clear() {
	for _, side := range []model.Side{model.Bid, model.Ask} {
		for l := b.ladders[side].best(); l != nil; l = b.ladders[side].best() {
			b.close(l.head, model.Cancelled, model.ReasonDelisted)
		}
	}
}

// replace changes an order (MATCH-012): less at the same price keeps its place,
// anything else closes it and enters a new one with the remaining life.
func (b *Book) replace(c *model.Command, e *Effects) {
	slot, refusal := b.own(c)
	if refusal == nil {
		refusal = b.validate(c.Price, c.Qty)
	}
	if e.Refusal = refusal; refusal != nil {
		return
	}
	n := &b.orders.nodes[slot]
	if c.Price == n.price && c.Qty <= n.open {
		b.shrink(n, n.open-c.Qty, &e.Outcome)
		return
	}
	t := taker{
		account: c.Account, slot: n.account, side: n.side, kind: model.Limit, self: model.CancelNewest,
		price: c.Price, qty: c.Qty, open: c.Qty, expires: n.expires, replaces: n.id,
	}
	b.close(slot, model.Cancelled, model.ReasonReplaced)
	b.enter(&t, e)
}

// shrink takes by items off an open order, which keeps its place.
func (b *Book) shrink(n *node, by model.Qty, o *model.Outcome) {
	if by > 0 {
		b.ladders[n.side].reduce(n, by)
		n.qty -= by
		b.recordOf(model.OrderReduced, n).Qty = n.qty
	}
	status := model.Active
	if n.open < n.qty {
		status = model.PartiallyMatched
	}
	n.tell(o, status, model.ReasonNone)
	o.Kept = true
}
