package service

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

func TestDATA_003_ASaleIsInACandleOnce(t *testing.T) {
	t.Parallel()
	const minute = model.Instant(time.Minute / time.Microsecond)
	start := model.Instant(0).Floor(time.Minute) + 100*minute
	read := model.Candle{Start: start}
	read.Add(model.Sale{Match: 10, Price: 100, Qty: 1}) // as the tables have it, a little ahead of the feed
	c := &candler{every: []time.Duration{time.Minute}, now: map[time.Duration]model.Candle{time.Minute: read}}
	told := func(sales ...model.Sale) []model.FeedCandle {
		u := &model.FeedUpdate{Trades: sales}
		require.NoError(t, c.follow(t.Context(), u))
		return u.Candles
	}
	require.Empty(t, told(model.Sale{Match: 9, Price: 50, Qty: 1, At: start}, model.Sale{Match: 10, Price: 100, Qty: 1, At: start}))
	next := told(model.Sale{Match: 10, Price: 100, Qty: 1, At: start}, model.Sale{Match: 11, Price: 90, Qty: 2, At: start + 1})
	require.Equal(t, model.Candle{
		Start: start, Open: 100, High: 100, Low: 90, Close: 90, Items: 3, Sold: model.Volume{Value: 280, Sales: 2}, Last: 11,
	}, next[0].Candle)
	later := told(model.Sale{Match: 12, Price: 70, Qty: 1, At: start + minute})
	require.Equal(t, start+minute, later[0].Start)
	require.EqualValues(t, 1, later[0].Sold.Sales)
}
