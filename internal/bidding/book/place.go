package book

import (
	"fmt"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// taker is the order that comes in.
type taker struct {
	id       model.OrderID
	priority int64 // 0: its own, behind everybody
	account  model.AccountID
	slot     int32 // of its account; 0 when the book does not know it
	side     model.Side
	kind     model.OrderType
	self     model.SelfTrade
	price    money.Minor
	qty      model.Qty
	open     model.Qty
	expires  model.Instant
	replaces model.OrderID
	warned   bool // no warning of its end is due
}

func (b *Book) place(at model.Instant, c *model.Command, e *Effects) {
	if e.Refusal = b.validate(c.Price, c.Qty); e.Refusal != nil {
		return
	}
	rests := c.Type == model.Limit || c.Type == model.PostOnly
	slot := b.accounts.find(&c.Account)
	if rests && c.Limits.PerMarket > 0 && b.accounts.list[slot].open >= c.Limits.PerMarket {
		e.Refusal = model.ErrTooManyOpen
		return
	}
	b.enter(&taker{
		account: c.Account, slot: slot, side: c.Side, kind: c.Type, self: c.SelfTrade,
		price: c.Price, qty: c.Qty, open: c.Qty, expires: at + model.Instant(c.Life),
	}, e)
}

// validate refuses what MKT-001 does not allow; such a refusal leaves no row.
func (b *Book) validate(price money.Minor, qty model.Qty) *errs.Error {
	switch s := &b.settings; {
	case s.State == model.MarketHalted || b.delisted:
		return model.ErrMarketHalted
	case price < s.Tick || price > s.MaxPrice:
		return model.ErrPriceRange.On("price", fmt.Sprintf("must be %d to %d", s.Tick, s.MaxPrice))
	case price%s.Tick != 0:
		return model.ErrOffTick.On("price", fmt.Sprintf("must be a multiple of %d", s.Tick))
	case qty < 1 || qty > model.MaxQuantity:
		return model.ErrQuantityRange.On("quantity", fmt.Sprintf("must be 1 to %d", model.MaxQuantity))
	}
	return nil
}

// enter matches an order and lets the rest rest, or closes it (MATCH-002, MATCH-008).
func (b *Book) enter(t *taker, e *Effects) {
	opposite := &b.ladders[t.side.Opposite()]
	postOnly := t.kind == model.PostOnly || b.settings.State == model.MarketPostOnly
	refused := model.ReasonNone
	switch {
	case postOnly && opposite.crosses(t.price):
		refused = model.ReasonPostOnly
	case t.kind == model.FOK && !b.fillable(t, opposite):
		refused = model.ReasonFOK
	case t.self == model.CancelNewest && b.meetsOwn(t, opposite):
		refused = model.ReasonSelfTrade
	}
	b.accept(t)
	if refused != model.ReasonNone {
		e.Refusal = model.Refusal(refused)
		b.finish(t, &e.Outcome, model.Rejected, refused)
		return
	}
	stopped := b.match(t, opposite)
	switch {
	case t.open == 0:
		b.finish(t, &e.Outcome, model.Matched, model.ReasonNone)
	case stopped:
		b.finish(t, &e.Outcome, model.Cancelled, model.ReasonSelfTrade)
	case t.kind == model.IOC:
		b.finish(t, &e.Outcome, model.Cancelled, model.ReasonIOCRemainder)
	default:
		b.rest(t)
		t.tell(&e.Outcome, t.resting(), model.ReasonNone)
	}
}

// resting is the status of an order of which something comes to rest.
func (t *taker) resting() model.Status {
	if t.open < t.qty {
		return model.PartiallyMatched
	}
	return model.Active
}

// meetsOwn reports whether the first order in the way is the taker's own.
func (b *Book) meetsOwn(t *taker, opposite *ladder) bool {
	return t.slot != 0 && opposite.crosses(t.price) && b.orders.nodes[opposite.best().head].account == t.slot
}

// fillable reports whether a FOK would fill completely under its self-trade mode.
func (b *Book) fillable(t *taker, opposite *ladder) bool {
	need := t.qty
	for i := len(opposite.levels) - 1; i >= 0 && !opposite.better(t.price, opposite.levels[i].price); i-- {
		for slot := opposite.levels[i].head; slot != 0; slot = b.orders.nodes[slot].next {
			n := &b.orders.nodes[slot]
			if own := t.slot != 0 && n.account == t.slot; own {
				if t.self == model.CancelOldest {
					continue
				}
				return false
			}
			if need -= n.open; need <= 0 {
				return true
			}
		}
	}
	return false
}

// match fills the taker from the best order on; true when self-trade prevention ended it.
func (b *Book) match(t *taker, opposite *ladder) (stopped bool) {
	for t.open > 0 && opposite.crosses(t.price) {
		slot := opposite.best().head
		if t.slot != 0 && b.orders.nodes[slot].account == t.slot {
			if t.self != model.CancelNewest {
				b.close(slot, model.Cancelled, model.ReasonSelfTrade)
			}
			if t.self != model.CancelOldest {
				return true
			}
			continue
		}
		b.fill(t, slot)
	}
	return false
}

// fill executes the taker against one resting order.
func (b *Book) fill(t *taker, slot int32) {
	rest := &b.orders.nodes[slot]
	qty := min(t.open, rest.open)
	e := b.record(model.OrderMatched)
	e.Side, e.Match, e.Qty, e.PriceRule = t.side, model.MatchID(b.seq.id(e.N)), qty, b.settings.PriceRule
	owner := b.accounts.list[rest.account].id
	if t.side == model.Bid {
		e.Bid, e.Ask, e.Buyer, e.Seller = t.id, rest.id, t.account, owner
		e.Price, e.BidPrice = rest.price, t.price
	} else {
		e.Bid, e.Ask, e.Buyer, e.Seller = rest.id, t.id, owner, t.account
		e.Price, e.BidPrice = t.price, rest.price
	}
	if b.settings.PriceRule == model.Resting {
		e.Price = rest.price
	}
	t.open -= qty
	b.ladders[rest.side].reduce(rest, qty)
	e.BidOpen, e.AskOpen = t.open, rest.open
	if t.side == model.Ask {
		e.BidOpen, e.AskOpen = rest.open, t.open
	}
	if rest.open == 0 {
		b.close(slot, model.Matched, model.ReasonNone)
	}
}

// accept numbers the order and records that it came in.
func (b *Book) accept(t *taker) {
	e := b.record(model.OrderAccepted)
	t.warned = t.expires-b.at <= warnBefore
	t.id = model.OrderID(b.seq.id(e.N))
	if t.priority == 0 {
		t.priority = b.seq.id(e.N)
	}
	e.Order, e.Priority, e.Account, e.Side, e.Type, e.Self = t.id, t.priority, t.account, t.side, t.kind, t.self
	e.Price, e.Qty, e.Open, e.Expires, e.Replaces = t.price, t.qty, t.qty, t.expires, t.replaces
}

// finish closes an order that never rested.
func (b *Book) finish(t *taker, o *model.Outcome, status model.Status, reason model.Reason) {
	e := b.record(model.OrderClosed)
	e.Order, e.Account, e.Side, e.Price, e.Status, e.Reason, e.Open = t.id, t.account, t.side, t.price, status, reason, t.open
	t.tell(o, status, reason)
}

// tell says in o what became of the order.
func (t *taker) tell(o *model.Outcome, status model.Status, reason model.Reason) {
	o.Order, o.Side, o.Qty, o.Open, o.Expires = t.id, t.side, t.qty, t.open, t.expires
	o.Status, o.Reason = status, reason
}

// rest puts what is open of an order into the book.
func (b *Book) rest(t *taker) {
	if t.slot == 0 {
		t.slot = b.accounts.ensure(&t.account)
	}
	slot := b.orders.take()
	n := &b.orders.nodes[slot]
	n.id, n.priority, n.price, n.expires, n.qty, n.open = t.id, t.priority, t.price, t.expires, t.qty, t.open
	n.side, n.warned, n.account = t.side, t.warned, t.slot
	b.index.add(n.id, slot)
	b.ladders[n.side].add(&b.orders, slot)
	b.accounts.link(&b.orders, slot)
	b.watch(slot)
}
