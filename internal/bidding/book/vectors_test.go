package book_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/book"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// vector is one worked scenario of the matching rules.
type vector struct {
	Name   string
	Market struct {
		Tick      money.Minor
		PriceRule string `json:"price_rule"`
	}
	Steps []step
	Final struct {
		Bids, Asks [][2]int64
		LastSale   *int64 `json:"last_sale"`
		Orders     map[string]struct {
			Status string
			Open   model.Qty
		}
	}
}

type step struct {
	Op, Ref, Side, User, Type, STP, New string
	Price                               money.Minor
	Qty                                 model.Qty
	TTL, At                             *int64
	Expect                              struct {
		Error, Status, Reason string
		Open                  model.Qty
		Kept                  *bool
		Matches               []struct {
			With     string
			Price    money.Minor
			Quantity model.Qty
		}
		Cancelled []string
	}
}

// player carries a scenario through a book and keeps what the book forgets.
type player struct {
	t        *testing.T
	book     *book.Book
	at       model.Instant
	refs     map[string]model.OrderID
	names    map[model.OrderID]string
	accounts map[string]model.AccountID
	orders   map[model.OrderID]*model.LimitOrder
	lastSale *int64
}

func TestMATCH_017_BookAgreesWithEveryWorkedScenario(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/matching-vectors.jsonl")
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v vector
		require.NoError(t, json.Unmarshal(lines.Bytes(), &v))
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			play(t, v)
		})
	}
	require.NoError(t, lines.Err())
}

func play(t *testing.T, v vector) {
	settings := model.DefaultSettings()
	settings.Tick = v.Market.Tick
	rule, ok := model.ParsePriceRule(v.Market.PriceRule)
	require.True(t, ok)
	settings.PriceRule = rule
	p := &player{
		t: t, book: book.New(book.NewSequence(1, 0), settings),
		refs: map[string]model.OrderID{}, names: map[model.OrderID]string{},
		accounts: map[string]model.AccountID{}, orders: map[model.OrderID]*model.LimitOrder{},
	}
	for i, s := range v.Steps {
		p.step(i, s)
		require.False(t, p.book.Crossed(), "step %d leaves a crossed book", i)
	}
	p.final(v)
}

func (p *player) step(i int, s step) {
	if s.At != nil {
		p.at = model.Instant(*s.At * int64(time.Second/time.Microsecond))
	}
	before := len(p.orders)
	e := p.book.Submit(p.at, p.command(s))
	matches, cancelled := p.record(s, e)

	want := s.Expect
	if want.Error != "" {
		require.Equal(p.t, want.Error, p.refusal(s, e), "step %d %+v", i, s)
		if want.Status == "" {
			require.Len(p.t, p.orders, before, "step %d: a refusal leaves no order", i)
		} else {
			require.Equal(p.t, want.Status, e.Outcome.Status.String(), "step %d", i)
		}
		return
	}
	require.Nil(p.t, e.Refusal, "step %d %+v", i, s)
	if s.Op != "cancel_all" {
		require.Equal(p.t, want.Status, e.Outcome.Status.String(), "step %d %+v", i, s)
		require.Equal(p.t, want.Open, e.Outcome.Open, "step %d", i)
	}
	if s.Op == "place" {
		require.Equal(p.t, want.Reason, string(e.Outcome.Reason), "step %d", i)
	}
	if want.Kept != nil {
		require.Equal(p.t, *want.Kept, e.Outcome.Kept, "step %d", i)
	}
	require.Len(p.t, matches, len(want.Matches), "step %d", i)
	for k, m := range want.Matches {
		require.Equal(p.t, p.refs[m.With], counterparty(matches[k]), "step %d match %d", i, k)
		require.Equal(p.t, m.Price, matches[k].Price, "step %d match %d", i, k)
		require.Equal(p.t, m.Quantity, matches[k].Qty, "step %d match %d", i, k)
	}
	require.ElementsMatch(p.t, want.Cancelled, cancelled, "step %d", i)
}

func (p *player) command(s step) *model.Command {
	c := &model.Command{Account: p.account(s.User), Price: s.Price, Qty: s.Qty, Life: int64(model.DefaultAskLife / time.Microsecond)}
	switch s.Side {
	case "bid":
		c.Side = model.Bid
	case "ask":
		c.Side = model.Ask
	}
	if s.TTL != nil {
		c.Life = *s.TTL * int64(time.Second/time.Microsecond)
	}
	c.Type = map[string]model.OrderType{"": model.Limit, "LIMIT": model.Limit, "IOC": model.IOC, "FOK": model.FOK, "POST_ONLY": model.PostOnly}[s.Type]
	c.SelfTrade = map[string]model.SelfTrade{"": model.CancelNewest, "CANCEL_NEWEST": model.CancelNewest, "CANCEL_OLDEST": model.CancelOldest, "CANCEL_BOTH": model.CancelBoth}[s.STP]
	c.Kind = map[string]model.CommandKind{"place": model.Place, "cancel": model.Cancel, "replace": model.Replace, "cancel_all": model.CancelAll}[s.Op]
	if s.Op == "cancel" || s.Op == "replace" {
		c.Order = p.refs[s.Ref]
		if o := p.orders[c.Order]; o != nil {
			c.Side = o.Side
		}
	}
	return c
}

func (p *player) account(user string) model.AccountID {
	if _, ok := p.accounts[user]; !ok {
		p.accounts[user] = id.New()
	}
	return p.accounts[user]
}

// record applies the events to what the player knows; it answers the matches
// and who was cancelled on the way by somebody else's doing.
func (p *player) record(s step, e book.Effects) (matches []model.Event, cancelled []string) {
	for _, ev := range e.Events {
		switch ev.Kind {
		case model.OrderAccepted:
			name := s.Ref
			if s.Op == "replace" {
				name = s.New
			}
			p.refs[name], p.names[ev.Order] = ev.Order, name
			p.orders[ev.Order] = &model.LimitOrder{ID: ev.Order, Side: ev.Side, Account: ev.Account, Qty: ev.Qty, Open: ev.Open, Status: model.Active}
		case model.OrderMatched:
			matches = append(matches, ev)
			price := int64(ev.Price)
			p.lastSale = &price
			for _, o := range []*model.LimitOrder{p.orders[ev.Bid], p.orders[ev.Ask]} {
				o.Open -= ev.Qty
				o.Status = model.PartiallyMatched
			}
		case model.OrderClosed:
			o := p.orders[ev.Order]
			require.Equal(p.t, o.Open, ev.Open)
			o.Status = ev.Status
			aside := s.Op == "cancel_all" || (ev.Reason == model.ReasonSelfTrade && ev.Order != e.Outcome.Order)
			if ev.Status == model.Cancelled && aside {
				cancelled = append(cancelled, p.names[ev.Order])
			}
		case model.OrderReduced:
			p.orders[ev.Order].Qty, p.orders[ev.Order].Open = ev.Qty, ev.Open
		}
	}
	return matches, cancelled
}

// refusal names what the caller hears; of a closed order the book knows only
// that it is not open, the player knows the rest as the tables would.
func (p *player) refusal(s step, e book.Effects) string {
	require.NotNil(p.t, e.Refusal, "%+v", s)
	if e.Refusal != model.ErrNotOpen {
		if e.Refusal == model.ErrBidNotFound || e.Refusal == model.ErrAskNotFound {
			return "NOT_FOUND"
		}
		return e.Refusal.Reason
	}
	o := p.orders[p.refs[s.Ref]]
	switch {
	case o == nil || o.Account != p.account(s.User):
		return "NOT_FOUND"
	case o.Status == model.Matched:
		return "ALREADY_MATCHED"
	}
	return "NOT_OPEN"
}

func counterparty(e model.Event) model.OrderID {
	if e.Side == model.Bid {
		return e.Ask
	}
	return e.Bid
}

func (p *player) final(v vector) {
	p.record(step{}, p.book.Submit(p.at, &model.Command{Kind: model.Expire}))
	for side, want := range map[model.Side][][2]int64{model.Bid: v.Final.Bids, model.Ask: v.Final.Asks} {
		got := [][2]int64{}
		for _, l := range p.book.Depth(side, 1000, nil) {
			got = append(got, [2]int64{int64(l.Price), l.Qty})
		}
		require.Equal(p.t, want, got, side.String())
	}
	require.Equal(p.t, v.Final.LastSale, p.lastSale)
	require.Len(p.t, p.orders, len(v.Final.Orders))
	for ref, want := range v.Final.Orders {
		o := p.orders[p.refs[ref]]
		require.Equal(p.t, want.Status, o.Status.String(), ref)
		require.Equal(p.t, want.Open, o.Open, ref)
	}
}
