package repository

import (
	"cmp"
	"slices"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// change is what batches leave of an order that was there before them.
type change struct {
	id       model.OrderID
	qty      model.Qty // 0 = as it was
	open     model.Qty
	status   model.Status
	reason   model.Reason
	closedN  int64 // 0 = still open
	closedAt model.Instant
	warned   bool
	changes  int64
}

// entered is an order that came in with the batches, as they leave it.
type entered struct {
	model.LimitOrder
	closedN int64
}

// opened is a market that came with the batches.
type opened struct {
	model.Market
	at model.Instant
}

// moved is what batches leave of a market.
type moved struct {
	at       model.Instant
	feedSeq  int64
	lastSale *model.Sale // nil: as it was
	settings *model.Settings
	listing  *model.Listing
}

// undone is a match that was reversed.
type undone struct {
	match model.MatchID
	why   model.Reason
	ask   model.OrderID // that came back; 0: none
	at    model.Instant
}

// limited is what batches leave of an account's limits.
type limited struct {
	model.Command
	at model.Instant
}

// banned is what batches leave of an account's ban.
type banned struct {
	model.Ban
	at model.Instant
}

// fold is what batches that follow each other did, summed up to one row per order,
// match and market: however often they touch an order, the tables are written once.
type fold struct {
	at      model.Instant // of the batch at hand
	entered [3][]*entered // by model.Side
	changed [3][]*change
	matches []model.Match
	undone  []undone
	opened  []opened
	moved   map[model.MarketID]*moved
	limits  map[model.AccountID]limited
	bans    map[model.AccountID]banned
	deadMen map[model.AccountID]model.Instant // 0: not set any longer

	fresh map[model.OrderID]*entered
	known map[model.OrderID]*change
}

func foldRecords(records []*engine.Record) *fold {
	f := &fold{
		moved:  make(map[model.MarketID]*moved),
		limits: make(map[model.AccountID]limited), bans: make(map[model.AccountID]banned),
		deadMen: make(map[model.AccountID]model.Instant),
		fresh:   make(map[model.OrderID]*entered), known: make(map[model.OrderID]*change),
	}
	for _, r := range records {
		f.at = r.Row.At
		for i := range r.Entries {
			f.entry(&r.Entries[i])
		}
	}
	f.undone = slices.DeleteFunc(f.undone, f.undoFresh)
	return f
}

// undoFresh marks a match that came with the same batches; the others are in the table.
// Matches come in the order of their ids.
func (f *fold) undoFresh(u undone) bool {
	i, fresh := slices.BinarySearchFunc(f.matches, u.match, func(m model.Match, id model.MatchID) int { return cmp.Compare(m.ID, id) })
	if fresh {
		f.matches[i].ReversedAt, f.matches[i].Reversal, f.matches[i].Reinstated = u.at, u.why, u.ask
	}
	return fresh
}

func (f *fold) entry(e *model.Entry) {
	c := &e.Command
	switch c.Kind {
	case model.OpenMarket:
		f.opened = append(f.opened, opened{model.Market{ID: c.Market, Listing: *c.Listing, Settings: *c.Settings}, f.at})
		return
	case model.ChangeLimits:
		f.limits[c.Account] = limited{*c, f.at}
		return
	case model.ChangeBan:
		f.bans[c.Account] = banned{c.Ban, f.at}
		return
	case model.SetDeadMan:
		f.deadMen[c.Account] = c.Ends
		return
	default: // about one market
	}
	m := f.moved[c.Market]
	if m == nil {
		m = &moved{}
		f.moved[c.Market] = m
	}
	m.feedSeq, m.at = e.FeedSeq, f.at
	switch c.Kind {
	case model.ChangeSettings:
		m.settings = c.Settings
	case model.ChangeListing:
		m.listing = c.Listing
	default: // only events
	}
	for i := range e.Events {
		f.event(c, m, &e.Events[i])
	}
}

func (f *fold) event(c *model.Command, m *moved, e *model.Event) {
	switch e.Kind {
	case model.OrderAccepted:
		o := &entered{LimitOrder: model.LimitOrder{
			ID: e.Order, Market: c.Market, Account: e.Account, Side: e.Side, Type: e.Type, SelfTrade: e.Self,
			Price: e.Price, Qty: e.Qty, Open: e.Open, Status: model.Active, Priority: e.Priority,
			ClientOrderID: c.ClientOrderID, CreatedAt: f.at, ExpiresAt: e.Expires, Replaces: e.Replaces, Version: 1,
			Stock:  c.Stock,
			Warned: e.Expires-f.at <= model.Instant(model.WarnBefore/time.Microsecond),
		}}
		if c.Kind == model.ReverseMatch {
			o.Reinstates, o.Stock = c.Reversal.Match.Ask, c.Reversal.Ask.Stock
			f.undone[len(f.undone)-1].ask = e.Order
		}
		f.fresh[e.Order] = o
		f.entered[e.Side] = append(f.entered[e.Side], o)
	case model.OrderMatched:
		match := engine.MatchOf(c.Market, f.at, e)
		f.matches = append(f.matches, match)
		m.lastSale = &model.Sale{Match: match.ID, Price: match.Price, Qty: match.Qty, At: f.at}
		f.filled(e.Bid, model.Bid, e.BidOpen)
		f.filled(e.Ask, model.Ask, e.AskOpen)
	case model.MatchReversed:
		m.lastSale = e.LastSale
		f.undone = append(f.undone, undone{match: e.Match, why: c.Reversal.Why, at: f.at})
	case model.OrderReduced:
		f.reduced(e)
	case model.OrderExpiring:
		f.reduced(e)
		f.warned(e)
	case model.OrderClosed:
		f.closed(e)
	}
}

// of returns the change of an order that was there before the batches.
func (f *fold) of(id model.OrderID, side model.Side) *change {
	ch := f.known[id]
	if ch == nil {
		ch = &change{id: id}
		f.known[id] = ch
		f.changed[side] = append(f.changed[side], ch)
	}
	ch.changes++
	return ch
}

func (f *fold) filled(id model.OrderID, side model.Side, open model.Qty) {
	if o := f.fresh[id]; o != nil {
		o.Open, o.Status = open, model.PartiallyMatched
		o.Version++
		return
	}
	ch := f.of(id, side)
	ch.open, ch.status = open, model.PartiallyMatched
}

func (f *fold) reduced(e *model.Event) {
	status := model.Active
	if e.Open < e.Qty {
		status = model.PartiallyMatched
	}
	if o := f.fresh[e.Order]; o != nil {
		o.Qty, o.Open, o.Status = e.Qty, e.Open, status
		o.Version++
		return
	}
	ch := f.of(e.Order, e.Side)
	ch.qty, ch.open, ch.status = e.Qty, e.Open, status
}

// warned marks an order whose owner was warned.
func (f *fold) warned(e *model.Event) {
	if o := f.fresh[e.Order]; o != nil {
		o.Warned = true
		return
	}
	f.known[e.Order].warned = true
}

func (f *fold) closed(e *model.Event) {
	if o := f.fresh[e.Order]; o != nil {
		o.Open, o.Status, o.Reason, o.ClosedAt, o.closedN = e.Open, e.Status, e.Reason, f.at, e.N
		o.Version++
		return
	}
	ch := f.of(e.Order, e.Side)
	ch.open, ch.status, ch.reason, ch.closedN, ch.closedAt = e.Open, e.Status, e.Reason, e.N, f.at
}
