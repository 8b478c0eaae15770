package book

import "github.com/sneakers-marketplace/marketplace/internal/bidding/model"

// reverse records that a match counts no longer and lets its ask come back: as an order
// that comes in, and may match, but rests with the place in the queue it had (ORDER-002).
// That it does not come back refuses nothing.
func (b *Book) reverse(at model.Instant, r *model.Reversal, e *Effects) {
	m := &r.Match
	x := b.record(model.MatchReversed)
	x.Match, x.Bid, x.Ask, x.Price, x.Qty, x.Buyer, x.Seller = m.ID, m.Bid, m.Ask, m.Price, m.Qty, m.Buyer, m.Seller
	if r.Ask == nil || !b.takesBack(at, r.Ask) {
		return
	}
	b.enter(&taker{
		account: m.Seller, slot: b.accounts.find(&m.Seller), side: model.Ask, kind: model.Limit, self: model.CancelNewest,
		price: r.Ask.Price, qty: m.Qty, open: m.Qty, expires: r.Ask.ExpiresAt, priority: r.Ask.Priority,
	}, e)
	e.Refusal = nil
}

// takesBack reports whether an ask may come back: it has not expired and fits the market,
// which, unless it is open, takes only what would match nothing.
func (b *Book) takesBack(at model.Instant, ask *model.LimitOrder) bool {
	s := b.settings
	fits := ask.Price >= s.Tick && ask.Price <= s.MaxPrice && ask.Price%s.Tick == 0
	if b.delisted || ask.ExpiresAt <= at || !fits {
		return false
	}
	return s.State == model.MarketOpen || !b.ladders[model.Bid].crosses(ask.Price)
}
