package service

import (
	"context"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// candler keeps the present candles of a market for one who watches it: read from the tables
// at first, and whenever a sale was undone or missed, then made from the sales he is told.
type candler struct {
	service *Service
	market  model.MarketID
	every   []time.Duration
	now     map[time.Duration]model.Candle
}

// follow adds to an update the candles that it changes.
func (c *candler) follow(ctx context.Context, u *model.FeedUpdate) error {
	if c.now == nil || u.Missed || len(u.Undone) > 0 {
		return c.read(ctx, u)
	}
	for _, every := range c.every {
		candle, changed := c.now[every], false
		for _, s := range u.Trades {
			start := s.At.Floor(every)
			switch {
			case start < candle.Start || s.Match <= candle.Last: // it is in it already
				continue
			case start > candle.Start:
				candle = model.Candle{Start: start}
			}
			candle.Add(s)
			changed = true
		}
		if changed {
			c.now[every] = candle
			u.Candles = append(u.Candles, model.FeedCandle{Every: every, Candle: candle})
		}
	}
	return nil
}

// read makes the present candles from the tables.
func (c *candler) read(ctx context.Context, u *model.FeedUpdate) error {
	tables, err := c.service.tables(ctx, ofMarket(c.market))
	if err != nil {
		return err
	}
	before := c.now
	c.now = make(map[time.Duration]model.Candle, len(c.every))
	now := model.At(c.service.clock.Now())
	for _, every := range c.every {
		start := now.Floor(every)
		list, err := tables.Candles(ctx, c.market, every, start, start+model.Instant(every/time.Microsecond))
		if err != nil {
			return err
		}
		candle := model.Candle{Start: start}
		if len(list) > 0 {
			candle = list[0]
		}
		if len(list) > 0 || before[every].Sold.Sales > 0 { // one that has no sales any more is told too
			u.Candles = append(u.Candles, model.FeedCandle{Every: every, Candle: candle})
		}
		c.now[every] = candle
	}
	return nil
}
