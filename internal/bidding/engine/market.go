package engine

import (
	"sync/atomic"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/book"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// publishedLevels is how deep a published book reaches per side.
const publishedLevels = 100

// View is a market as of its last committed batch. It never changes once published.
type View struct {
	Market             model.Market
	Bids, Asks         []model.Level // best first, at most 100
	OpenBids, OpenAsks int64         // number of orders

	sold *volumes
	tape *tape
}

// market is one book with what surrounds it. The shard's writer owns everything
// but view, sold and tape, which any goroutine may read.
type market struct {
	model.Market
	book  *book.Book
	dirty bool // touched by the batch at hand
	view  atomic.Pointer[View]
	sold  volumes
	tape  tape
}

// cut takes a picture of the market to be published once the batch is durable.
func (m *market) cut() *View {
	v := &View{Market: m.Market, sold: &m.sold, tape: &m.tape, OpenBids: m.book.Count(model.Bid), OpenAsks: m.book.Count(model.Ask)}
	v.Bids = m.book.Depth(model.Bid, publishedLevels, nil)
	v.Asks = m.book.Depth(model.Ask, publishedLevels, nil)
	return v
}

// Price is what the market looks like at an instant (DATA-001).
func (v *View) Price(now model.Instant) model.MarketPrice {
	p := model.MarketPrice{
		Market: v.Market, BestBid: v.BestBid(), BestAsk: v.BestAsk(), OpenBids: v.OpenBids, OpenAsks: v.OpenAsks,
	}
	if v.sold != nil { // something was there to be sold
		p.Day, p.ThreeDays = v.sold.last(now)
	}
	return p
}

// best returns the best level of a list, zero when it is empty.
func best(levels []model.Level) model.Level {
	if len(levels) == 0 {
		return model.Level{}
	}
	return levels[0]
}

// BestBid returns the highest bid level, zero when nobody bids.
func (v *View) BestBid() model.Level { return best(v.Bids) }

// BestAsk returns the lowest ask level, zero when nobody asks.
func (v *View) BestAsk() model.Level { return best(v.Asks) }
