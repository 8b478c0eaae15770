package main

import (
	"maps"
	"slices"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// levels is how deep the clients look.
const levels = 100

// bookCopy is a client's copy of a book, kept by what the feed tells.
type bookCopy struct {
	seq        int64
	bids, asks map[int64]int64
}

func newCopy() *bookCopy { return &bookCopy{bids: map[int64]int64{}, asks: map[int64]int64{}} }

// take takes a step in; it reports whether the step follows the one before.
func (c *bookCopy) take(r *biddingv1.WatchMarketResponse) (follows bool) {
	follows = r.GetSnapshot() || r.GetPrevSeq() == c.seq
	if r.GetSnapshot() {
		clear(c.bids)
		clear(c.asks)
	}
	c.seq = r.GetSeq()
	put(c.bids, r.GetBids())
	put(c.asks, r.GetAsks())
	return follows
}

func put(side map[int64]int64, changed []*biddingv1.Level) {
	for _, l := range changed {
		if side[l.GetPrice()] = l.GetQuantity(); l.GetQuantity() == 0 {
			delete(side, l.GetPrice())
		}
	}
}

// sides lists the copy, best first.
func (c *bookCopy) sides() (bids, asks []model.Level) {
	bids, asks = list(c.bids), list(c.asks)
	slices.Reverse(bids)
	return bids, asks
}

func list(side map[int64]int64) []model.Level {
	out := make([]model.Level, 0, len(side))
	for _, price := range slices.Sorted(maps.Keys(side)) {
		out = append(out, model.Level{Price: money.Minor(price), Qty: side[price]})
	}
	return out
}

func (c *bookCopy) checksum() uint32 {
	bids, asks := c.sides()
	return model.Checksum(asks, bids)
}

// is reports whether the copy is the book that GetDepth shows.
func (c *bookCopy) is(d *biddingv1.GetDepthResponse) bool {
	bids, asks := c.sides()
	return c.seq == d.GetSeq() && slices.Equal(bids, depth(d.GetBids())) && slices.Equal(asks, depth(d.GetAsks()))
}

func depth(levels []*biddingv1.Level) []model.Level {
	out := make([]model.Level, 0, len(levels))
	for _, l := range levels {
		out = append(out, model.Level{Price: money.Minor(l.GetPrice()), Qty: l.GetQuantity()})
	}
	return out
}
