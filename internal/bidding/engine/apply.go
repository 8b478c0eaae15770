package engine

import (
	"fmt"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/book"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// apply carries a request out in memory and puts its answer, not yet sent, into it.
// openElsewhere counts the account's open orders in other shards.
func (s *state) apply(b *batch, r *request, openElsewhere func(model.AccountID) int32) {
	b.requests = append(b.requests, r)
	b.items += len(r.items)
	for i := range r.items {
		s.carryOut(b, &r.items[i], openElsewhere)
	}
}

func (s *state) carryOut(b *batch, r *item, openElsewhere func(model.AccountID) int32) {
	r.reply, r.err = Reply{}, nil // of an earlier try
	c := &r.command
	switch c.Kind {
	case model.OpenMarket:
		s.applyOpen(b, r)
		return
	case model.ChangeLimits:
		s.limits[c.Account] = c.Limits
		b.add(c, model.Outcome{}, nil, 0)
		return
	case model.ChangeBan:
		s.applyBan(b, c)
		return
	case model.SetDeadMan:
		s.setDeadMan(b, c)
		return
	default: // for one market's book
	}
	m := s.marketOf(r)
	if m == nil {
		return
	}
	if old, ok := s.recent.find(b.at, c); ok {
		s.repeat(m, r, old)
		return
	}
	if c.Kind == model.ChangeListing && c.Listing.Version <= m.Listing.Version {
		return // what the market knows is as new
	}
	if c.Kind == model.ReverseMatch && s.isReversed(c.Reversal.Match.ID) {
		r.reply.Repeat = true
		return
	}
	if r.err = s.admit(m, c, openElsewhere); r.err != nil {
		return
	}
	s.submit(b, m, r)
}

// admit checks what a book cannot know: limits over all markets, the last sale
// and the version that settings were read at.
func (s *state) admit(m *market, c *model.Command, openElsewhere func(model.AccountID) int32) error {
	switch c.Kind {
	case model.Place:
		if s.banned(c.Account) {
			return model.ErrAccountBanned
		}
		c.Limits = s.limitsOf(c.Account)
		rests := c.Type == model.Limit || c.Type == model.PostOnly
		if rests && s.tally.of(c.Account)+openElsewhere(c.Account) >= c.Limits.Total {
			return model.ErrTooManyOpen
		}
		return usual(m, c)
	case model.Replace:
		if s.banned(c.Account) {
			return model.ErrAccountBanned
		}
		return usual(m, c)
	case model.ChangeSettings:
		if c.Settings.Version != m.Settings.Version {
			return model.ErrSettingsMoved
		}
	case model.ReverseMatch:
		return s.reversible(m, c.Reversal)
	default: // always allowed
	}
	return nil
}

// unusualTimes is how far from the last sale a price needs to be confirmed (MATCH-015).
const unusualTimes = 5

// usual wants a valid price far from the last sale confirmed; an invalid one is for the book to refuse.
func usual(m *market, c *model.Command) error {
	last := m.LastSale.Price
	valid := c.Price >= m.Settings.Tick && c.Price <= m.Settings.MaxPrice && c.Price%m.Settings.Tick == 0
	if last == 0 || c.Confirmed || !valid || (c.Price <= unusualTimes*last && unusualTimes*c.Price >= last) {
		return nil
	}
	return model.ErrPriceUnusual.On("price", fmt.Sprintf("the last sale was at %d; set confirm when more than %d times off is meant",
		last, unusualTimes))
}

// marketOf finds the market a command is for; a command about an order may leave
// it to the shard to know. When there is none the caller is told why.
func (s *state) marketOf(r *item) *market {
	c := &r.command
	if c.Order != 0 && c.Market == (model.MarketID{}) {
		m := s.orders[c.Order]
		if m == nil {
			r.err = model.ErrNotOpen
			return nil
		}
		c.Market = m.ID
		return m
	}
	m := s.markets[c.Market]
	if m == nil {
		r.err = model.ErrMarketNotFound
	}
	return m
}

// submit runs the command through the market's book and records what it did.
func (s *state) submit(b *batch, m *market, r *item) {
	c := s.effective(&r.command)
	e := m.book.Submit(b.at, c)
	changed := (c.Kind == model.ChangeSettings || c.Kind == model.ChangeListing) && e.Refusal == nil
	if len(e.Events) == 0 && !changed {
		s.answer(b, m, r, e, nil)
		return
	}
	switch {
	case !changed:
	case c.Kind == model.ChangeSettings:
		m.Settings = *c.Settings
	default:
		m.Listing = m.Listing.Follow(*c.Listing)
	}
	if changed || visible(e) {
		m.FeedSeq++
		b.touch(m)
	}
	recorded := c
	if e.Refusal != nil && e.Outcome.Order == 0 { // refused, but time has closed others
		recorded = &model.Command{Kind: model.Expire, Market: c.Market}
	}
	entry := b.add(recorded, e.Outcome, e.Events, m.FeedSeq)
	s.count(b, m, entry)
	s.answer(b, m, r, e, entry.Events)
	if e.Outcome.Order != 0 {
		s.recent.remember(b.at, c, e.Outcome)
	}
}

// effective is a command as it is carried out and journaled. The request stays as it
// came: it may be carried out again.
func (s *state) effective(c *model.Command) *model.Command {
	next := *c
	switch {
	case c.Kind == model.ChangeSettings:
		next.Settings = new(*c.Settings)
		next.Settings.Version++
	case c.Kind == model.ReverseMatch && s.banned(c.Reversal.Match.Seller):
		next.Reversal = new(*c.Reversal)
		next.Reversal.Ask = nil
	default:
		return c
	}
	return &next
}

// visible reports whether the effects change what market data shows; a rejected
// order alone does not.
func visible(e book.Effects) bool {
	return e.Outcome.Status != model.Rejected || len(e.Events) > 2
}

// count keeps what is known beside the books in step with the events.
func (s *state) count(b *batch, m *market, entry *model.Entry) {
	for i := range entry.Events {
		switch e := &entry.Events[i]; e.Kind {
		case model.OrderAccepted:
			s.tally.add(e.Account, 1)
			s.orders[e.Order] = m
		case model.OrderClosed:
			s.tally.add(e.Account, -1)
			delete(s.orders, e.Order)
		case model.OrderMatched:
			m.LastSale = model.Sale{Match: e.Match, Price: e.Price, Qty: e.Qty, At: b.at}
			b.sold = append(b.sold, sold{market: m, value: saleValue(e.Price, e.Qty), seq: m.FeedSeq, sale: m.LastSale})
		case model.MatchReversed:
			s.unsell(b, m, entry.Command.Reversal)
			e.LastSale = new(m.LastSale)
		case model.OrderReduced, model.OrderExpiring:
		}
	}
}

// answer fills a reply from what the book did.
func (s *state) answer(b *batch, m *market, r *item, e book.Effects, events []model.Event) {
	if e.Refusal != nil {
		r.err = e.Refusal
		return
	}
	c := &r.command
	switch c.Kind {
	case model.Place, model.Replace, model.Cancel:
		r.reply.Order = orderOf(m, c, e.Outcome, b.at)
		r.reply.Kept = e.Outcome.Kept
		r.reply.Matches = matchesOf(m, b.at, events)
	case model.CancelAll:
		for i := range events {
			if ev := &events[i]; ev.Kind == model.OrderClosed && ev.Reason == model.ReasonRequested {
				r.reply.Closed = append(r.reply.Closed, model.LimitOrder{ID: ev.Order, Side: ev.Side, Market: m.ID})
			}
		}
	case model.ChangeSettings:
		r.reply.Market = new(m.Market)
	default: // the writer's own; nobody waits for an answer
	}
}

// repeat answers a command that came before under the same client_order_id (MATCH-011).
func (s *state) repeat(m *market, r *item, old remembered) {
	switch o := old.outcome; {
	case old.content != r.command.Content:
		r.err = model.ErrClientOrderID.On("client_order_id", "must not be used again for another bid or ask within 24 hours")
	case o.Status == model.Rejected:
		r.err = model.Refusal(o.Reason)
	default:
		r.reply = Reply{Order: orderOf(m, &r.command, o, old.at), Kept: o.Kept, Repeat: true}
	}
}

func (s *state) applyOpen(b *batch, r *item) {
	c := &r.command
	m := s.markets[c.Market]
	if m == nil {
		m = s.open(model.Market{ID: c.Market, Listing: *c.Listing, Settings: *c.Settings})
		b.touch(m)
		b.add(c, model.Outcome{}, nil, 0)
	}
	r.reply.Market = new(m.Market)
}

// orderOf is the order a command was about, as far as market, command and outcome tell.
func orderOf(m *market, c *model.Command, o model.Outcome, at model.Instant) model.LimitOrder {
	order := model.LimitOrder{
		ID: o.Order, Market: c.Market, Account: c.Account, Side: c.Side, Type: c.Type, SelfTrade: c.SelfTrade,
		Price: c.Price, Qty: o.Qty, Open: o.Open, Status: o.Status, Reason: o.Reason,
		ClientOrderID: c.ClientOrderID, CreatedAt: at, ExpiresAt: o.Expires, Version: 1, Currency: m.Listing.Currency,
		Stock: c.Stock,
	}
	if c.Kind == model.Replace {
		order.Type, order.SelfTrade = model.Limit, model.CancelNewest
	}
	if !o.Status.Open() {
		order.ClosedAt = at
	}
	return order
}

// matchesOf turns a command's executions into matches.
func matchesOf(m *market, at model.Instant, events []model.Event) []model.Match {
	var out []model.Match
	for i := range events {
		if e := &events[i]; e.Kind == model.OrderMatched {
			match := MatchOf(m.ID, at, e)
			match.Currency = m.Listing.Currency
			out = append(out, match)
		}
	}
	return out
}

// MatchOf is the match an execution event records.
func MatchOf(market model.MarketID, at model.Instant, e *model.Event) model.Match {
	return model.Match{
		ID: e.Match, Market: market, Bid: e.Bid, Ask: e.Ask, Buyer: e.Buyer, Seller: e.Seller,
		Price: e.Price, BidPrice: e.BidPrice, Qty: e.Qty, Taker: e.Side, PriceRule: e.PriceRule, CreatedAt: at,
	}
}
