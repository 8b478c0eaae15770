package book_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/book"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// pair is the real book and the obvious one, fed the same commands.
type pair struct {
	real  *book.Book
	naive *naive
	seq   *book.Sequence
	at    model.Instant
	ids   []model.OrderID
	sides map[model.OrderID]model.Side
	users []model.AccountID

	entered map[model.OrderID]model.Event
	sold    []model.Event
}

func newPair(rule model.PriceRule) *pair {
	s := model.DefaultSettings()
	s.PriceRule = rule
	p := &pair{seq: book.NewSequence(1, 0), naive: &naive{settings: s}, sides: map[model.OrderID]model.Side{}, entered: map[model.OrderID]model.Event{}}
	p.real = book.New(p.seq, s)
	for range 5 {
		p.users = append(p.users, id.New())
	}
	return p
}

// step submits one command to both and fails when they differ.
func (p *pair) step(t require.TestingT, c model.Command) naiveAnswer {
	e := p.real.Submit(p.at, &c)
	want := p.naive.submit(p.at, &c)
	got := answerOf(e)
	require.Equal(t, want, got, "%+v", c)
	for _, ev := range e.Events {
		switch ev.Kind {
		case model.OrderAccepted:
			p.entered[ev.Order] = ev
		case model.OrderMatched:
			p.sold = append(p.sold, ev)
		default: // known by now
		}
	}
	require.Equal(t, p.naive.n, p.seq.Last(), "numbers")
	require.False(t, p.real.Crossed())
	if e.Outcome.Status.Open() && c.Kind != model.Cancel {
		p.ids = append(p.ids, e.Outcome.Order)
		p.sides[e.Outcome.Order] = e.Outcome.Side
	}
	require.EqualValues(t, len(p.naive.open), p.real.Count(model.Bid)+p.real.Count(model.Ask))
	return got
}

func answerOf(e book.Effects) naiveAnswer {
	a := naiveAnswer{status: e.Outcome.Status, open: e.Outcome.Open}
	if e.Refusal != nil {
		a.refused = e.Refusal.Reason
		if e.Refusal == model.ErrBidNotFound || e.Refusal == model.ErrAskNotFound {
			a.refused = "NOT_FOUND"
		}
	}
	for _, ev := range e.Events {
		switch ev.Kind {
		case model.OrderMatched:
			with := ev.Ask
			if ev.Side == model.Ask {
				with = ev.Bid
			}
			a.fills = append(a.fills, naiveFill{int64(with), ev.Price, ev.Qty})
		case model.OrderClosed:
			a.closed++
		default: // neither fills nor closes
		}
	}
	return a
}

// command draws a random command; every kind comes up, wrong ones too.
func (p *pair) command(intn func(int) int) model.Command {
	c := model.Command{
		Kind: model.Place, Account: p.users[intn(len(p.users))], Side: model.Side(1 + intn(2)),
		Type: model.OrderType(1 + intn(4)), SelfTrade: model.SelfTrade(1 + intn(3)),
		Price: money.Minor(9500 + 100*intn(10)), Qty: model.Qty(1 + intn(6)),
		Life: int64(1+intn(200)) * int64(time.Second/time.Microsecond),
	}
	if intn(10) == 0 {
		c.Life += int64(oneDay)
	}
	switch intn(20) {
	case 0, 1, 2:
		c.Kind = model.Cancel
	case 3, 4, 5:
		c.Kind = model.Replace
	case 6:
		c.Kind, c.Side = model.CancelAll, model.Side(intn(3))
	case 7:
		c.Kind = model.Expire
	case 8:
		c.Price += 50
	case 9:
		c.Qty = model.Qty(intn(2)) * 101
	case 10:
		if len(p.sold) > 0 {
			c.Kind, c.Reversal = model.ReverseMatch, p.reversal(intn)
		}
	}
	if (c.Kind == model.Cancel || c.Kind == model.Replace) && len(p.ids) > 0 {
		c.Order = p.ids[intn(len(p.ids))]
		if intn(8) > 0 {
			c.Side = p.sides[c.Order]
			for _, o := range p.naive.open {
				if o.id == int64(c.Order) {
					c.Account = o.account
				}
			}
		}
	}
	p.at += model.Instant(intn(5)) * model.Instant(time.Second/time.Microsecond)
	return c
}

// reversal undoes a match, any number of times: a book does not know those that it made.
func (p *pair) reversal(intn func(int) int) *model.Reversal {
	m := p.sold[intn(len(p.sold))]
	r := &model.Reversal{Match: model.Match{ID: m.Match, Bid: m.Bid, Ask: m.Ask, Buyer: m.Buyer, Seller: m.Seller, Price: m.Price, Qty: m.Qty}}
	if ask := p.entered[m.Ask]; intn(4) > 0 {
		r.Ask = &model.LimitOrder{Price: ask.Price, Priority: ask.Priority, ExpiresAt: ask.Expires}
	}
	return r
}

func TestMATCH_001_ModelBookEqualsAnObviousOne(t *testing.T) {
	t.Parallel()
	for _, rule := range []model.PriceRule{model.SellerAsk, model.Resting} {
		t.Run(rule.String(), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				p := newPair(rule)
				for range rapid.IntRange(1, 120).Draw(t, "commands") {
					p.step(t, p.command(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") }))
				}
			})
		})
	}
}

// commands is how long the random run is; `make model` makes it a million.
var commands = flag.Int("commands", 20_000, "random commands for the long run against the naive book")

// kinds counts what a random run was made of and what came of it.
type kinds map[string]int

func (k kinds) count(c *model.Command, e naiveAnswer) {
	switch c.Kind {
	case model.Place:
		k[c.Type.String()]++
		k[c.SelfTrade.String()]++
	case model.Cancel:
		k["cancel"]++
	case model.Replace:
		k["replace"]++
	case model.CancelAll:
		k["cancel_all"]++
	case model.ReverseMatch:
		k["reverse"]++
	default:
		k["expire"]++
	}
	if len(e.fills) > 0 {
		k["matching"]++
	}
}

func TestMATCH_004_ALongRandomRunNeverCrosses(t *testing.T) {
	t.Parallel()
	const seed = 20260115
	r := rand.New(rand.NewPCG(seed, 1))
	p := newPair(model.SellerAsk)
	seen := kinds{}
	for range *commands {
		c := p.command(r.IntN)
		seen.count(&c, p.step(t, c))
		if len(p.ids) > 400 {
			p.ids = append(p.ids[:0], p.ids[200:]...)
			p.forget()
		}
	}
	least := 1000 // in thousandths
	for _, kind := range []string{
		"limit", "ioc", "fok", "post_only", "cancel_newest", "cancel_oldest", "cancel_both", "cancel", "replace", "cancel_all", "expire", "matching",
	} {
		least = min(least, 1000*seen[kind] / *commands)
	}
	require.Greater(t, least, 20, "%v", seen)
	_, _ = fmt.Fprintf(os.Stdout, "model commands=%d seed=%d differences=0 crossed=0 least_kind_permille=%d matching=%d\n", *commands, seed, least, seen["matching"])
}

// forget drops the sides of orders that will not be named again.
func (p *pair) forget() {
	kept := make(map[model.OrderID]model.Side, len(p.ids))
	for _, id := range p.ids {
		kept[id] = p.sides[id]
	}
	p.sides = kept
}

func TestRestoredBookIsTheSameBook(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	p := newPair(model.SellerAsk)
	for range 500 {
		p.step(t, p.command(r.IntN))
	}
	p.real.Submit(p.at, &model.Command{Kind: model.Expire})
	copied := book.New(book.NewSequence(1, p.seq.Last()), p.real.Settings())
	var orders []model.LimitOrder
	p.real.Each(func(o model.LimitOrder) { orders = append(orders, o) })
	require.NotEmpty(t, orders)
	r.Shuffle(len(orders), func(i, j int) { orders[i], orders[j] = orders[j], orders[i] })
	for i := range orders {
		copied.Restore(&orders[i])
	}
	require.Equal(t, p.real.Hash(), copied.Hash())
	require.Equal(t, p.real.OpenOf(p.users[0]), copied.OpenOf(p.users[0]))
	require.Equal(t, p.real.Best(model.Bid), copied.Best(model.Bid))
	owner := orders[0].Account
	all := &model.Command{Kind: model.CancelAll, Account: owner}
	done := copied.Submit(p.at, all)
	require.NotEqual(t, p.real.Hash(), copied.Hash())
	require.Equal(t, p.real.Submit(p.at, all).Events, done.Events, "in the sequence of the ids, however it was filled")
	require.Zero(t, copied.OpenOf(owner))
}

func TestMATCH_001_ReinstatedAskKeepsItsPriority(t *testing.T) {
	t.Parallel()
	b := book.New(book.NewSequence(1, 100), model.DefaultSettings())
	for _, o := range []model.LimitOrder{{ID: 5 << 8, Priority: 5}, {ID: 9 << 8, Priority: 2}, {ID: 7 << 8, Priority: 7}} {
		o.Side, o.Price, o.Qty, o.Open, o.Account, o.ExpiresAt = model.Ask, 100_00, 1, 1, id.New(), 1<<60
		b.Restore(&o)
	}
	e := b.Submit(1, &model.Command{
		Kind: model.Place, Account: id.New(), Side: model.Bid, Type: model.Limit, SelfTrade: model.CancelNewest, Price: 100_00, Qty: 3, Life: 1,
	})
	var order []model.OrderID
	for _, ev := range e.Events {
		if ev.Kind == model.OrderMatched {
			order = append(order, ev.Ask>>8)
		}
	}
	require.Equal(t, []model.OrderID{9, 5, 7}, order)
}

func TestMKT_001_HaltedAndPostOnlyMarkets(t *testing.T) {
	t.Parallel()
	b := book.New(book.NewSequence(1, 0), model.DefaultSettings())
	seller := id.New()
	place := func(side model.Side, account model.AccountID, price money.Minor) book.Effects {
		return b.Submit(1, &model.Command{
			Kind: model.Place, Account: account, Side: side, Type: model.Limit, SelfTrade: model.CancelNewest, Price: price, Qty: 1, Life: 1 << 40,
		})
	}
	ask := place(model.Ask, seller, 100_00)
	s := model.DefaultSettings()
	s.State = model.MarketPostOnly
	require.Nil(t, b.Submit(1, &model.Command{Kind: model.ChangeSettings, Settings: &s}).Refusal)
	require.Equal(t, model.ErrPostOnlyCross, place(model.Bid, id.New(), 100_00).Refusal)
	require.Nil(t, place(model.Bid, id.New(), 99_00).Refusal)
	s.State = model.MarketHalted
	require.Nil(t, b.Submit(1, &model.Command{Kind: model.ChangeSettings, Settings: &s}).Refusal)
	require.Equal(t, model.ErrMarketHalted, place(model.Bid, id.New(), 50_00).Refusal)
	replace := model.Command{Kind: model.Replace, Account: seller, Side: model.Ask, Order: ask.Outcome.Order, Price: 101_00, Qty: 1}
	require.Equal(t, model.ErrMarketHalted, b.Submit(1, &replace).Refusal)
	cancel := model.Command{Kind: model.Cancel, Account: seller, Side: model.Ask, Order: ask.Outcome.Order}
	require.Nil(t, b.Submit(1, &cancel).Refusal, "cancel works in a halted market")
	s.Tick = 7_00
	require.Equal(t, model.ErrSettingsConflict, b.Submit(1, &model.Command{Kind: model.ChangeSettings, Settings: &s}).Refusal)
}

func TestMATCH_015_OpenOrdersPerMarketAreCapped(t *testing.T) {
	t.Parallel()
	b := book.New(book.NewSequence(1, 0), model.DefaultSettings())
	c := model.Command{
		Kind: model.Place, Account: id.New(), Side: model.Bid, Type: model.Limit, SelfTrade: model.CancelNewest, Price: 100_00, Qty: 1,
		Life: 1 << 40, Limits: model.AccountLimits{PerMarket: 50},
	}
	for range 50 {
		require.Nil(t, b.Submit(1, &c).Refusal)
	}
	require.Equal(t, model.ErrTooManyOpen, b.Submit(1, &c).Refusal)
	c.Type = model.IOC
	require.Nil(t, b.Submit(1, &c).Refusal, "what cannot rest is not counted")
}

func TestWarmBookAllocatesNothing(t *testing.T) { //nolint:paralleltest // it counts allocations, others would add theirs
	b := book.New(book.NewSequence(1, 0), model.DefaultSettings())
	users := []model.AccountID{id.New(), id.New(), id.New(), id.New()}
	r := rand.New(rand.NewPCG(1, 1))
	c := model.Command{Type: model.Limit, SelfTrade: model.CancelNewest, Qty: 1, Life: 1 << 40}
	step := func() {
		c.Kind, c.Account = model.Place, users[r.IntN(len(users))]
		c.Side, c.Price = model.Side(1+r.IntN(2)), money.Minor(9800+100*r.IntN(5))
		e := b.Submit(1, &c)
		if e.Outcome.Status.Open() && r.IntN(3) == 0 {
			b.Submit(1, &model.Command{Kind: model.Cancel, Account: c.Account, Side: c.Side, Order: e.Outcome.Order})
		}
		if b.Count(model.Bid)+b.Count(model.Ask) > 200 {
			for _, u := range users {
				b.Submit(1, &model.Command{Kind: model.CancelAll, Account: u})
			}
		}
	}
	for range 20_000 {
		step()
	}
	require.Zero(t, testing.AllocsPerRun(20_000, step))
}

func TestIdsLeadToTheirShard(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, 7, book.ShardOf(1234<<8|7))
}
