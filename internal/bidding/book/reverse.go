package book

import "github.com/sneakers-marketplace/marketplace/internal/bidding/model"

// reverse records that a match counts no longer and lets its ask come back: as an order
// that comes in, and may match, but rests with the place in the queue it had (ORDER-002).
// That it does not come back refuses nothing.
func (b *Book) reverse(at model.Instant, r *model.Reversal) Effects {
	m := &r.Match
	b.events = append(b.events, model.Event{
		Kind: model.MatchReversed, N: b.seq.next(), Match: m.ID, Bid: m.Bid, Ask: m.Ask, Price: m.Price, Qty: m.Qty,
		Buyer: m.Buyer, Seller: m.Seller,
	})
	if r.Ask == nil || !b.takesBack(at, r.Ask) {
		return Effects{}
	}
	e := b.enter(&taker{
		account: m.Seller, slot: b.accounts.find(m.Seller), side: model.Ask, kind: model.Limit, self: model.CancelNewest,
		price: r.Ask.Price, qty: m.Qty, open: m.Qty, expires: r.Ask.ExpiresAt, priority: r.Ask.Priority,
	})
	e.Refusal = nil
	return e
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
