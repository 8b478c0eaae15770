package model

import (
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// Candle is what was sold in one stretch of time (DATA-002).
type Candle struct {
	Start                  Instant
	Open, High, Low, Close money.Minor
	Items                  int64
	Sold                   Volume
	Last                   MatchID // the newest sale in it
}

// Add takes a sale in that is newer than those before.
func (c *Candle) Add(s Sale) {
	if c.Sold.Sales == 0 {
		c.Open, c.High, c.Low = s.Price, s.Price, s.Price
	}
	c.High, c.Low, c.Close = max(c.High, s.Price), min(c.Low, s.Price), s.Price
	c.Items += int64(s.Qty)
	c.Sold.Value += s.Price * money.Minor(s.Qty)
	c.Sold.Sales++
	c.Last = s.Match
}

// FeedCandle is the present candle of an interval.
type FeedCandle struct {
	Every time.Duration
	Candle
}

// MostCandles is how many can be asked for at a time.
const MostCandles = 1000

// Week is the longest stretch of a candle.
const Week = 7 * 24 * time.Hour

// monday is the beginning of a week, and of every shorter stretch of a candle.
const monday = Instant(4 * 24 * time.Hour / time.Microsecond)

// Floor is the beginning of the stretch of time that an instant falls into: multiples of
// every from a Monday on, UTC.
func (i Instant) Floor(every time.Duration) Instant {
	step := Instant(every / time.Microsecond)
	past := (i - monday) % step
	if past < 0 {
		past += step
	}
	return i - past
}

// Stats are what a market's sales say of it (DATA-002).
type Stats struct {
	Sales                    int64 // that the rest is worked out from
	Lowest, Highest, Average money.Minor
	VolatilityBP             int64       // standard deviation / mean, in basis points
	Retail                   money.Minor // of the product now; 0: nobody knows
}

// PremiumBP is how far the average is above retail, in basis points, rounded half away from
// zero; false when there is nothing to compare.
func (s Stats) PremiumBP() (int64, bool) {
	if s.Sales == 0 || s.Retail == 0 {
		return 0, false
	}
	over, retail := 20_000*int64(s.Average-s.Retail), int64(s.Retail)
	if over < 0 {
		return -((-over + retail) / (2 * retail)), true
	}
	return (over + retail) / (2 * retail), true
}
