package engine_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

func TestMATCH_005_AcknowledgedOrdersAreInTheTables(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market, buyer, seller := b.open(), id.New(), id.New()
	bid := b.place(order(market, model.Bid, buyer, 200_00, 1))
	require.Equal(t, model.Active, bid.Order.Status)
	ask := b.place(order(market, model.Ask, seller, 220_00, 1))
	require.Equal(t, model.Active, ask.Order.Status)
	r := b.place(order(market, model.Bid, buyer, 225_00, 1))
	require.Equal(t, model.Matched, r.Order.Status)
	require.Len(t, r.Matches, 1)
	require.EqualValues(t, 220_00, r.Matches[0].Price)

	require.Equal(t, 1, b.count(`SELECT count(*) FROM matches WHERE price = 22000 AND bid_price = 22500 AND taker = 'bid'`))
	require.Equal(t, 1, b.count(`SELECT count(*) FROM asks WHERE status = 'matched' AND open_quantity = 0 AND closed_at IS NOT NULL`))
	require.Equal(t, 1, b.count(`SELECT count(*) FROM bids WHERE status = 'active' AND id = $1`, bid.Order.ID))
	p, err := b.engine.Price(market)
	require.NoError(t, err)
	require.Equal(t, model.Level{Price: 200_00, Qty: 1}, p.BestBid)
	require.Zero(t, p.BestAsk.Qty)
	require.EqualValues(t, 220_00, p.Market.LastSale.Price)
	require.Equal(t, model.Volume{Value: 220_00, Sales: 1}, p.Day)
}

func TestMATCH_006_OneAskSellsOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	for range 20 {
		ask := order(market, model.Ask, id.New(), 100_00, 1)
		b.place(ask)
		var wins atomic.Int32
		begin, wg := make(chan struct{}), sync.WaitGroup{}
		for range 64 {
			wg.Go(func() {
				c := order(market, model.Bid, id.New(), 100_00, 1)
				c.Type = model.IOC
				<-begin
				r, err := b.engine.Submit(context.Background(), c)
				if err == nil && r.Order.Status == model.Matched {
					wins.Add(1)
				}
			})
		}
		close(begin)
		wg.Wait()
		require.EqualValues(t, 1, wins.Load())
	}
	require.Equal(t, 20, b.count(`SELECT count(*) FROM matches`))
}

func TestRestartBringsTheSameBookBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	markets := []model.MarketID{b.open(), b.open(), b.open()}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			account := id.New()
			for i := range 40 {
				side := model.Side(1 + (w+i)%2)
				c := order(markets[i%3], side, account, 100_00+model.DefaultTick*(1+7*money.Minor(i*w%11)%9), model.Qty(1+i%5))
				_, _ = b.engine.Submit(context.Background(), c)
			}
		})
	}
	wg.Wait()
	before := make([]*engine.View, 3)
	for i, m := range markets {
		v, err := b.engine.View(m)
		require.NoError(t, err)
		before[i] = v
	}
	prices := b.prices(markets)
	b.restart()
	for i, m := range markets {
		v, err := b.engine.View(m)
		require.NoError(t, err)
		require.Equal(t, before[i].Bids, v.Bids)
		require.Equal(t, before[i].Asks, v.Asks)
		require.Equal(t, before[i].Market, v.Market)
		require.Equal(t, before[i].OpenBids, v.OpenBids)
	}
	require.Equal(t, prices, b.prices(markets))
	require.Zero(t, b.count(`SELECT count(*) FROM (SELECT shard, seq, prev_hash, lag(hash) OVER (PARTITION BY shard ORDER BY seq) p
		FROM bidding_journal) x WHERE p IS NOT NULL AND prev_hash <> p`), "the journal is one chain")
}

func (b *bundle) prices(markets []model.MarketID) (out []model.MarketPrice) {
	for _, m := range markets {
		p, err := b.engine.Price(m)
		require.NoError(b.t, err)
		out = append(out, p)
	}
	return out
}

func TestMATCH_011_RepeatedClientOrderIDsAnswerTheSame(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market, buyer := b.open(), id.New()
	b.place(order(market, model.Ask, id.New(), 100_00, 2))
	c := order(market, model.Bid, buyer, 100_00, 1)
	c.ClientOrderID, c.Content = "mine-1", 7
	first := b.place(c)

	same := func() {
		again := b.place(c)
		require.True(t, again.Repeat)
		require.Equal(t, first.Order, again.Order)
		require.Equal(t, 1, b.count(`SELECT count(*) FROM bids`))
		changed := c
		changed.Content = 8
		_, err := b.engine.Submit(context.Background(), changed)
		require.ErrorIs(t, err, model.ErrClientOrderID)
	}
	same()
	b.restart()
	same()

	rejected := order(market, model.Ask, buyer, 500_00, 1)
	b.place(rejected)
	own := order(market, model.Bid, buyer, 500_00, 1)
	own.Type, own.ClientOrderID = model.PostOnly, "mine-2"
	for range 2 {
		_, err := b.engine.Submit(context.Background(), own)
		require.ErrorIs(t, err, model.ErrPostOnlyCross)
	}
	require.Equal(t, 1, b.count(`SELECT count(*) FROM bids WHERE status = 'rejected'`))

	b.clock.Advance(engine.RememberFor + time.Second)
	require.False(t, b.place(c).Repeat, "after 24 hours it is a new order")
}

func TestMATCH_009_ExpiredOrdersNeverFillAndAreMarked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	c := order(market, model.Ask, id.New(), 100_00, 1)
	c.Life = int64(time.Minute / time.Microsecond)
	b.place(c)
	b.clock.Advance(time.Minute)
	r := b.place(order(market, model.Bid, id.New(), 100_00, 1))
	require.Equal(t, model.Active, r.Order.Status)
	require.Equal(t, 1, b.count(`SELECT count(*) FROM asks WHERE status = 'expired'`))

	c = order(market, model.Bid, id.New(), 90_00, 1)
	c.Life = int64(time.Minute / time.Microsecond)
	b.place(c)
	require.Eventually(t, func() bool { // nobody touches the market; the sweeper does
		b.clock.Advance(30 * time.Second)
		return b.count(`SELECT count(*) FROM bids WHERE status = 'expired'`) == 1
	}, 10*time.Second, 10*time.Millisecond)
}

func TestMATCH_012_CancelAndReplace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market, buyer := b.open(), id.New()
	first := b.place(order(market, model.Bid, buyer, 100_00, 3))
	r := b.place(model.Command{Kind: model.Replace, Market: market, Account: buyer, Side: model.Bid, Order: first.Order.ID, Price: 100_00, Qty: 1})
	require.True(t, r.Kept)
	require.Equal(t, 1, b.count(`SELECT count(*) FROM bids WHERE quantity = 1 AND open_quantity = 1 AND version = 2`))
	r = b.place(model.Command{Kind: model.Replace, Market: market, Account: buyer, Side: model.Bid, Order: first.Order.ID, Price: 101_00, Qty: 2})
	require.False(t, r.Kept)
	require.Equal(t, 1, b.count(`SELECT count(*) FROM bids WHERE replaces = $1 AND status = 'active'`, first.Order.ID))
	require.Equal(t, 1, b.count(`SELECT count(*) FROM bids WHERE id = $1 AND status = 'cancelled' AND reason = 'REPLACED'`, first.Order.ID))

	_, err := b.engine.Submit(context.Background(), model.Command{Kind: model.Cancel, Account: id.New(), Side: model.Bid, Order: r.Order.ID})
	require.ErrorIs(t, err, model.ErrBidNotFound, "somebody else's")
	_, err = b.engine.Submit(context.Background(), model.Command{Kind: model.Cancel, Account: buyer, Side: model.Ask, Order: r.Order.ID})
	require.ErrorIs(t, err, model.ErrAskNotFound, "a bid is no ask")
	gone := b.place(model.Command{Kind: model.Cancel, Account: buyer, Side: model.Bid, Order: r.Order.ID})
	require.Equal(t, model.Cancelled, gone.Order.Status)
	_, err = b.engine.Submit(context.Background(), model.Command{Kind: model.Cancel, Account: buyer, Side: model.Bid, Order: r.Order.ID})
	require.ErrorIs(t, err, model.ErrNotOpen)
	_, err = b.engine.Submit(context.Background(), model.Command{Kind: model.Cancel, Account: buyer, Side: model.Bid, Order: 5<<8 | 99})
	require.ErrorIs(t, err, model.ErrNotOpen, "no such shard")

	b.place(order(market, model.Bid, buyer, 90_00, 1))
	b.place(order(market, model.Ask, buyer, 190_00, 1))
	all := b.place(model.Command{Kind: model.CancelAll, Market: market, Account: buyer})
	require.Len(t, all.Closed, 2)
}

func TestMATCH_015_CapsAndUnusualPrices(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market, other, account := b.open(), b.open(), id.New()
	require.NoError(t, b.engine.SubmitAll(context.Background(), model.Command{
		Kind: model.ChangeLimits, Account: account, Limits: model.AccountLimits{PerMarket: 2, Total: 3}, Actor: id.New(),
	}))
	try := func(m model.MarketID) error {
		_, err := b.engine.Submit(context.Background(), order(m, model.Bid, account, 10_00, 1))
		return err
	}
	require.NoError(t, try(market))
	require.NoError(t, try(market))
	require.ErrorIs(t, try(market), model.ErrTooManyOpen, "two in one market")
	require.NoError(t, try(other))
	require.ErrorIs(t, try(other), model.ErrTooManyOpen, "three in all")
	b.restart()
	require.ErrorIs(t, try(other), model.ErrTooManyOpen, "limits and counts survive")
	require.Equal(t, 1, b.count(`SELECT count(*) FROM bidding_account_limits WHERE max_open_total = 3`))

	third := b.open()
	b.place(order(third, model.Ask, id.New(), 100_00, 1))
	b.place(order(third, model.Bid, id.New(), 100_00, 1))
	far := order(third, model.Ask, id.New(), 501_00, 1)
	far.Confirmed = false
	_, err := b.engine.Submit(context.Background(), far)
	require.ErrorIs(t, err, model.ErrPriceUnusual)
	far.Side, far.Price = model.Bid, 19_00
	_, err = b.engine.Submit(context.Background(), far)
	require.ErrorIs(t, err, model.ErrPriceUnusual)
	far.Price = 20_00
	b.place(far)
	far.Price, far.Confirmed = 19_00, true
	b.place(far)
}

func TestMKT_001_SettingsAreJournaledAndMustFit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	b.place(order(market, model.Bid, id.New(), 100_00, 1))
	change := func(s model.Settings) error {
		_, err := b.engine.Submit(context.Background(), model.Command{Kind: model.ChangeSettings, Market: market, Settings: &s, Actor: id.New()})
		return err
	}
	s := model.DefaultSettings()
	s.Tick = 3_00
	require.ErrorIs(t, change(s), model.ErrSettingsConflict)
	s.Tick, s.MaxPrice = 1, 500_00
	require.NoError(t, change(s))
	require.ErrorIs(t, change(s), model.ErrSettingsMoved, "read at an older version")
	b.place(order(market, model.Bid, id.New(), 99_99, 1))
	_, err := b.engine.Submit(context.Background(), order(market, model.Bid, id.New(), 500_01, 1))
	require.ErrorIs(t, err, model.ErrPriceRange)

	s.Version, s.State = 2, model.MarketHalted
	require.NoError(t, change(s))
	b.restart()
	_, err = b.engine.Submit(context.Background(), order(market, model.Bid, id.New(), 99_99, 1))
	require.ErrorIs(t, err, model.ErrMarketHalted)
	require.Equal(t, 1, b.count(`SELECT count(*) FROM bidding_markets WHERE tick = 1 AND state = 'halted' AND version = 3`))
}

func TestUnknownMarketsAndBadCommandsAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.engine.Submit(context.Background(), order(id.New(), model.Bid, id.New(), 100_00, 1))
	require.ErrorIs(t, err, model.ErrMarketNotFound)
	_, err = b.engine.View(id.New())
	require.ErrorIs(t, err, model.ErrMarketNotFound)
	_, err = b.engine.Price(id.New())
	require.ErrorIs(t, err, model.ErrMarketNotFound)
	market := b.open()
	for want, c := range map[error]model.Command{
		model.ErrOffTick:       order(market, model.Bid, id.New(), 100_50, 1),
		model.ErrQuantityRange: order(market, model.Bid, id.New(), 100_00, 101),
	} {
		_, err := b.engine.Submit(context.Background(), c)
		require.ErrorIs(t, err, want)
	}
	require.Zero(t, b.count(`SELECT count(*) FROM bids`), "validation refusals leave no row")
	again := b.place(model.Command{Kind: model.OpenMarket, Market: market, Settings: new(model.DefaultSettings())})
	require.Equal(t, "Shoe", again.Market.Listing.ProductName, "a market is opened once")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = b.engine.Submit(ctx, order(market, model.Bid, id.New(), 100_00, 1))
	if err != nil { // the answer and the end of the context race
		require.ErrorIs(t, err, context.Canceled)
	}
}

func TestID_001_RisingIdsAreCommitOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	var last model.OrderID
	for i := range 20 {
		r := b.place(order(market, model.Bid, id.New(), 100_00, 1))
		require.Greater(t, r.Order.ID, last, fmt.Sprint(i))
		require.Equal(t, last>>8 == 0 || last&0xff == r.Order.ID&0xff, true)
		last = r.Order.ID
	}
}
