package book

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// Depth appends up to n price levels of a side to out, best first. A level sums
// every resting order at its price.
func (b *Book) Depth(side model.Side, n int, out []model.Level) []model.Level {
	levels := b.ladders[side].levels
	for i := len(levels) - 1; i >= 0 && n > 0; i, n = i-1, n-1 {
		out = append(out, model.Level{Price: levels[i].price, Qty: levels[i].qty})
	}
	return out
}

// Best returns the best level of a side; its quantity is 0 when the side is empty.
func (b *Book) Best(side model.Side) model.Level {
	if l := b.ladders[side].best(); l != nil {
		return model.Level{Price: l.price, Qty: l.qty}
	}
	return model.Level{}
}

// Count returns how many orders of a side are open.
func (b *Book) Count(side model.Side) int64 { return b.ladders[side].orders }

// OpenOf returns how many orders an account has open in this book.
func (b *Book) OpenOf(account model.AccountID) int32 {
	return b.accounts.list[b.accounts.find(&account)].open
}

// Crossed reports whether a bid and an ask rest that should have matched (MATCH-004).
func (b *Book) Crossed() bool {
	bid, ask := b.ladders[model.Bid].best(), b.ladders[model.Ask].best()
	return bid != nil && ask != nil && bid.price >= ask.price
}

// Restore puts an open order back, in any order; used when a book is rebuilt.
func (b *Book) Restore(o *model.LimitOrder) {
	b.rest(&taker{
		id: o.ID, priority: o.Priority, account: o.Account, price: o.Price, expires: o.ExpiresAt,
		qty: o.Qty, open: o.Open, side: o.Side, warned: o.Warned,
	})
}

// Each calls f with every open order, best price first, then by priority, bids before asks.
// Only what the book knows of an order is set.
func (b *Book) Each(f func(model.LimitOrder)) {
	for _, side := range []model.Side{model.Bid, model.Ask} {
		levels := b.ladders[side].levels
		for i := len(levels) - 1; i >= 0; i-- {
			for slot := levels[i].head; slot != 0; slot = b.orders.nodes[slot].next {
				n := &b.orders.nodes[slot]
				f(model.LimitOrder{
					Warned: n.warned,
					ID:     n.id, Account: b.accounts.list[n.account].id, Side: n.side, Price: n.price,
					Qty: n.qty, Open: n.open, Priority: n.priority, ExpiresAt: n.expires,
				})
			}
		}
	}
}

// Hash is a fingerprint of every open order in its place: equal books have equal hashes.
func (b *Book) Hash() [sha256.Size]byte {
	h := sha256.New()
	var buf [8 * 6]byte
	b.Each(func(o model.LimitOrder) {
		for i, v := range []int64{int64(o.ID), o.Priority, int64(o.Price), int64(o.Qty), int64(o.Open), int64(o.ExpiresAt)} {
			binary.BigEndian.PutUint64(buf[8*i:], uint64(v))
		}
		h.Write(buf[:])
		h.Write(o.Account[:])
		h.Write([]byte{byte(o.Side)})
	})
	return [sha256.Size]byte(h.Sum(nil))
}
