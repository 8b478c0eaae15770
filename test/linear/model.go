package main

import (
	"hash/fnv"
	"math"
	"slices"

	"github.com/anishathalye/porcupine"
)

// The sides of a market.
const (
	bid = iota
	ask
)

// What a client may ask for.
const (
	place = iota
	cancel
	look
)

// input is what a client asked for.
type input struct {
	op     int
	side   int
	price  int64
	qty    int64
	keeps  bool  // what does not match at once rests
	order  int64 // to be cancelled
	number int   // of the operation, in its history
}

// output is what it was told.
type output struct {
	unknown bool // nothing: it may have happened or not
	refused bool // a cancel: the order was not open any more
	order   int64
	open    int64
	fills   []fill
	book    [2][]level
}

// fill is one execution as the one who came in sees it.
type fill struct{ maker, price, qty int64 }

type level struct{ price, qty int64 }

// resting is an order in the book. One whose owner was not told its number has a negative
// one until a match tells it.
type resting struct{ id, price, open int64 }

// book is one market as it should be, written without a look at the exchange's: sides in
// the order in which they are matched. It never changes; a step makes a new one.
type book struct{ sides [2][]resting }

// model is the sequential exchange that a history is held against: one market, in which
// nobody trades with himself.
func model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return &book{} },
		Step: func(state, in, out any) (bool, any) {
			b, i, o := state.(*book), in.(*input), out.(*output) //nolint:forcetypeassert,errcheck // of our own histories
			switch i.op {
			case place:
				return b.place(i, o)
			case cancel:
				return b.cancel(i, o)
			}
			return b.shows(o), b
		},
		Equal: func(a, b any) bool {
			x, y := a.(*book), b.(*book) //nolint:forcetypeassert,errcheck // as above
			return x == y || (slices.Equal(x.sides[bid], y.sides[bid]) && slices.Equal(x.sides[ask], y.sides[ask]))
		},
		Hash: func(state any) uint64 { return state.(*book).hash() }, //nolint:forcetypeassert,errcheck // as above
	}
}

func (b *book) hash() uint64 {
	h := fnv.New64a()
	var buf [8]byte
	for _, side := range b.sides {
		for _, r := range side {
			for _, v := range []int64{r.id, r.price, r.open} {
				for i := range buf {
					buf[i] = byte(v >> (8 * i))
				}
				_, _ = h.Write(buf[:]) // never fails
			}
		}
		_, _ = h.Write([]byte{math.MaxUint8})
	}
	return h.Sum64()
}

// crosses reports whether an order that comes in would take a resting one.
func crosses(side int, price, resting int64) bool {
	if side == bid {
		return price >= resting
	}
	return price <= resting
}

func (b *book) place(i *input, o *output) (bool, any) {
	opposite, left := slices.Clone(b.sides[1-i.side]), i.qty
	fills := 0
	for len(opposite) > 0 && left > 0 && crosses(i.side, i.price, opposite[0].price) {
		best := &opposite[0]
		qty, price := min(left, best.open), best.price
		if i.side == ask {
			price = i.price // a sale is at the ask's price, whoever came first
		}
		if !o.unknown {
			if fills >= len(o.fills) || o.fills[fills].qty != qty || o.fills[fills].price != price || !named(best, o.fills[fills].maker) {
				return false, b
			}
		}
		fills++
		left -= qty
		if best.open -= qty; best.open == 0 {
			opposite = opposite[1:]
		}
	}
	if !o.unknown && (fills != len(o.fills) || o.open != left) {
		return false, b
	}
	next := &book{}
	next.sides[1-i.side], next.sides[i.side] = opposite, b.sides[i.side]
	if left > 0 && i.keeps {
		id := o.order
		if o.unknown {
			id = -1 - int64(i.number)
		}
		next.sides[i.side] = insert(b.sides[i.side], i.side, resting{id, i.price, left})
	}
	return true, next
}

// named reports whether a resting order is the one that was told; one without a number
// gets it.
func named(r *resting, told int64) bool {
	if r.id < 0 {
		r.id = told
	}
	return r.id == told
}

// insert puts an order behind those that are at least as good.
func insert(side []resting, which int, r resting) []resting {
	at := slices.IndexFunc(side, func(o resting) bool { return r.price != o.price && crosses(which, r.price, o.price) })
	if at < 0 {
		at = len(side)
	}
	return slices.Insert(slices.Clone(side), at, r)
}

// cancel holds for an order that is open; only its owner cancels it, and once, so one that
// is not there was matched.
func (b *book) cancel(i *input, o *output) (bool, any) {
	at := slices.IndexFunc(b.sides[i.side], func(r resting) bool { return r.id == i.order })
	switch {
	case at < 0:
		return o.unknown || o.refused, b
	case !o.unknown && (o.refused || o.open != b.sides[i.side][at].open):
		return false, b
	}
	next := &book{sides: b.sides}
	next.sides[i.side] = slices.Delete(slices.Clone(b.sides[i.side]), at, at+1)
	return true, next
}

func (b *book) shows(o *output) bool {
	for side := range b.sides {
		var levels []level
		for _, r := range b.sides[side] {
			if n := len(levels); n > 0 && levels[n-1].price == r.price {
				levels[n-1].qty += r.open
				continue
			}
			levels = append(levels, level{r.price, r.open})
		}
		if !o.unknown && !slices.Equal(levels, o.book[side]) {
			return false
		}
	}
	return true
}
