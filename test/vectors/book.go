package main

import (
	"fmt"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/book"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

const second = int64(time.Second / time.Microsecond)

// bookMarket plays scenarios through the pure book and keeps what the book
// forgets: what became of orders that left it.
type bookMarket struct {
	book     *book.Book
	refs     map[string]model.OrderID
	names    map[model.OrderID]string
	accounts map[string]model.AccountID
	orders   map[model.OrderID]*model.LimitOrder
	lastSale *int64
}

func newBookMarket(v vector) (market, error) {
	settings := model.DefaultSettings()
	settings.Tick = money.Minor(v.Market.Tick)
	rule, ok := model.ParsePriceRule(v.Market.PriceRule)
	if !ok {
		return nil, fmt.Errorf("%s: unknown price rule %q", v.Name, v.Market.PriceRule)
	}
	settings.PriceRule = rule
	return &bookMarket{
		book: book.New(book.NewSequence(1, 0), settings), refs: map[string]model.OrderID{}, names: map[model.OrderID]string{},
		accounts: map[string]model.AccountID{}, orders: map[model.OrderID]*model.LimitOrder{},
	}, nil
}

func (m *bookMarket) do(at int64, s step) (answer, error) {
	e := m.book.Submit(model.Instant(at*second), m.command(s))
	a := m.record(s, e)
	if m.book.Crossed() {
		return a, fmt.Errorf("the book is crossed")
	}
	if e.Refusal != nil {
		a.Error = m.refusal(s, e)
	}
	a.Status, a.Open, a.Reason = e.Outcome.Status.String(), int32(e.Outcome.Open), string(e.Outcome.Reason)
	if s.Op == "replace" {
		a.Kept = &e.Outcome.Kept
	}
	return a, nil
}

func (m *bookMarket) command(s step) *model.Command {
	life := int64(model.DefaultAskLife / time.Microsecond)
	if s.TTL != nil {
		life = *s.TTL * second
	}
	c := &model.Command{
		Account: m.account(s.User), Price: money.Minor(s.Price), Qty: model.Qty(s.Qty), Life: life, Order: m.refs[s.Ref],
		Kind: map[string]model.CommandKind{"place": model.Place, "cancel": model.Cancel, "replace": model.Replace, "cancel_all": model.CancelAll}[s.Op],
		Side: map[string]model.Side{"bid": model.Bid, "ask": model.Ask}[s.Side],
		Type: map[string]model.OrderType{"": model.Limit, "LIMIT": model.Limit, "IOC": model.IOC, "FOK": model.FOK, "POST_ONLY": model.PostOnly}[s.Type],
		SelfTrade: map[string]model.SelfTrade{
			"": model.CancelNewest, "CANCEL_NEWEST": model.CancelNewest, "CANCEL_OLDEST": model.CancelOldest, "CANCEL_BOTH": model.CancelBoth,
		}[s.STP],
	}
	if o := m.orders[c.Order]; o != nil && s.Side == "" {
		c.Side = o.Side
	}
	return c
}

func (m *bookMarket) account(user string) model.AccountID {
	if _, ok := m.accounts[user]; !ok {
		m.accounts[user] = id.New()
	}
	return m.accounts[user]
}

// record applies the events to what is known of the orders.
func (m *bookMarket) record(s step, e book.Effects) (a answer) {
	for i := range e.Events {
		switch ev := &e.Events[i]; ev.Kind {
		case model.OrderAccepted:
			name := s.Ref
			if s.Op == "replace" {
				name = s.New
			}
			m.refs[name], m.names[ev.Order] = ev.Order, name
			m.orders[ev.Order] = &model.LimitOrder{Side: ev.Side, Account: ev.Account, Open: ev.Open, Status: model.Active}
		case model.OrderMatched:
			with := ev.Ask
			if ev.Side == model.Ask {
				with = ev.Bid
			}
			a.Matches = append(a.Matches, fill{m.names[with], int64(ev.Price), int32(ev.Qty)})
			price := int64(ev.Price)
			m.lastSale = &price
			for _, o := range []*model.LimitOrder{m.orders[ev.Bid], m.orders[ev.Ask]} {
				o.Open -= ev.Qty
				o.Status = model.PartiallyMatched
			}
		case model.OrderClosed:
			m.orders[ev.Order].Status = ev.Status
			aside := s.Op == "cancel_all" || ev.Reason == model.ReasonSelfTrade && ev.Order != e.Outcome.Order
			if ev.Status == model.Cancelled && aside {
				a.Cancelled = append(a.Cancelled, m.names[ev.Order])
			}
		case model.OrderReduced:
			m.orders[ev.Order].Open = ev.Open
		case model.MatchReversed, model.OrderExpiring: // no scenario has one
		}
	}
	return a
}

// refusal names what the caller hears. Of a closed order the book knows only that
// it is not open; the tables know the rest.
func (m *bookMarket) refusal(s step, e book.Effects) string {
	switch e.Refusal {
	case model.ErrBidNotFound, model.ErrAskNotFound:
		return "NOT_FOUND"
	case model.ErrNotOpen:
		o := m.orders[m.refs[s.Ref]]
		if o == nil || o.Account != m.account(s.User) {
			return "NOT_FOUND"
		}
		if o.Status == model.Matched {
			return model.ErrAlreadyMatched.Reason
		}
	}
	return e.Refusal.Reason
}

func (m *bookMarket) end(at int64) (final, error) {
	m.record(step{}, m.book.Submit(model.Instant(at*second), &model.Command{Kind: model.Expire}))
	f := final{LastSale: m.lastSale, Orders: map[string]state{}}
	for _, l := range m.book.Depth(model.Bid, 1000, nil) {
		f.Bids = append(f.Bids, [2]int64{int64(l.Price), l.Qty})
	}
	for _, l := range m.book.Depth(model.Ask, 1000, nil) {
		f.Asks = append(f.Asks, [2]int64{int64(l.Price), l.Qty})
	}
	for ref, order := range m.refs {
		f.Orders[ref] = state{m.orders[order].Status.String(), int32(m.orders[order].Open)}
	}
	return f, nil
}
