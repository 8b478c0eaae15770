package book

import (
	"cmp"
	"slices"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// close takes an open order out of the book and records why.
func (b *Book) close(slot int32, status model.Status, reason model.Reason) model.Outcome {
	n := &b.orders.nodes[slot]
	b.events = append(b.events, model.Event{
		Kind: model.OrderClosed, N: b.seq.next(), Order: n.id, Account: b.accounts.list[n.account].id, Side: n.side,
		Price: n.price, Status: status, Reason: reason, Open: n.open,
	})
	o := n.outcome(status, reason)
	b.ladders[n.side].remove(&b.orders, slot)
	b.accounts.unlink(&b.orders, slot)
	delete(b.index, n.id)
	b.orders.put(slot)
	return o
}

func (n *node) outcome(status model.Status, reason model.Reason) model.Outcome {
	return model.Outcome{
		Order: n.id, Side: n.side, Status: status, Reason: reason, Qty: n.qty, Open: n.open, Expires: n.expires,
	}
}

// own returns the slot of the caller's open order. A closed or unknown order is
// ErrNotOpen: the book forgets what left it, so the caller of the book tells
// matched from cancelled, expired and never there.
func (b *Book) own(c *model.Command) (int32, Effects) {
	slot, ok := b.index[c.Order]
	if !ok {
		return 0, Effects{Refusal: model.ErrNotOpen}
	}
	n := &b.orders.nodes[slot]
	if n.side != c.Side || b.accounts.list[n.account].id != c.Account {
		return 0, Effects{Refusal: model.NotFound(c.Side)}
	}
	return slot, Effects{}
}

func (b *Book) cancel(c *model.Command) Effects {
	slot, e := b.own(c)
	if e.Refusal == nil {
		e.Outcome = b.close(slot, model.Cancelled, model.ReasonRequested)
	}
	return e
}

// cancelAll closes the account's open orders, oldest first; c.Side 0 means both sides.
func (b *Book) cancelAll(c *model.Command) {
	reason := model.ReasonRequested
	if c.Reason != model.ReasonNone {
		reason = c.Reason
	}
	acct := b.accounts.find(c.Account)
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
func (b *Book) replace(c *model.Command) Effects {
	slot, e := b.own(c)
	if e.Refusal != nil {
		return e
	}
	if r := b.validate(c.Price, c.Qty); r != nil {
		return Effects{Refusal: r}
	}
	n := &b.orders.nodes[slot]
	if c.Price == n.price && c.Qty <= n.open {
		return b.shrink(n, n.open-c.Qty)
	}
	t := &taker{
		account: c.Account, side: n.side, kind: model.Limit, self: model.CancelNewest,
		price: c.Price, qty: c.Qty, open: c.Qty, expires: n.expires, replaces: n.id,
	}
	b.close(slot, model.Cancelled, model.ReasonReplaced)
	t.slot = b.accounts.find(c.Account)
	return b.enter(t)
}

// shrink takes by items off an open order, which keeps its place.
func (b *Book) shrink(n *node, by model.Qty) Effects {
	if by > 0 {
		b.ladders[n.side].reduce(n, by)
		n.qty -= by
		b.events = append(b.events, model.Event{
			Kind: model.OrderReduced, N: b.seq.next(), Order: n.id, Account: b.accounts.list[n.account].id,
			Side: n.side, Price: n.price, Qty: n.qty, Open: n.open,
		})
	}
	status := model.Active
	if n.open < n.qty {
		status = model.PartiallyMatched
	}
	o := n.outcome(status, model.ReasonNone)
	o.Kept = true
	return Effects{Outcome: o}
}
