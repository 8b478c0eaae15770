package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// What clients trade: up to 5 items within 20 ticks of the middle, so that about a
// third of the orders match at once.
const (
	middle   = 200_00
	tick     = 1_00
	around   = 20
	mostQty  = 5
	mostOpen = 30 // orders of a client, as far as it knows; from then on it cancels
)

// How often each is chosen.
var (
	types      = []string{"limit", "limit", "limit", "limit", "limit", "limit", "limit", "ioc", "ioc", "fok", "post_only"}
	selfTrades = []string{"cancel_oldest", "cancel_oldest", "cancel_oldest", "cancel_newest", "cancel_both"}
)

// client is one person at the exchange: it asks, waits for the answer and writes
// both down. Nobody else trades for its account.
type client struct {
	account id.UUID
	rand    *rand.Rand
	diary   *diary
	markets []string
	asked   int
	tries   int // beyond the first, of everything that was asked
	open    []resting
	token   string

	answerIn time.Duration // how long it waits for an answer
}

// resting is an order that was open when its owner last heard of it.
type resting struct {
	id     int64
	side   string
	market string
	price  int64
	open   int32
}

// next makes up what to ask for.
func (c *client) next() attempt {
	c.asked++
	roll := c.rand.IntN(100)
	var a attempt
	switch {
	case len(c.open) > mostOpen, len(c.open) > 0 && roll < 12:
		a = c.cancel()
	case len(c.open) > 0 && roll < 27:
		a = c.replace()
	default:
		a = c.place()
	}
	a.ID = fmt.Sprintf("%s-%d", a.Op, c.asked)
	return a
}

func (c *client) cancel() attempt {
	o := c.pick()
	return attempt{Op: cancel, Side: o.side, Market: o.market, Order: o.id}
}

// replace asks for fewer items at the same price half the time, and else for another price.
func (c *client) replace() attempt {
	o := c.pick()
	a := attempt{Op: replace, Side: o.side, Market: o.market, Order: o.id, Price: o.price, Quantity: 1}
	if c.rand.IntN(2) == 0 {
		a.Price, a.Quantity = c.price(), c.quantity()
	}
	return a
}

func (c *client) place() attempt {
	a := attempt{
		Op: place, Side: bid, Market: c.markets[c.rand.IntN(len(c.markets))], Price: c.price(), Quantity: c.quantity(),
		Type: types[c.rand.IntN(len(types))], SelfTrade: selfTrades[c.rand.IntN(len(selfTrades))],
	}
	if c.rand.IntN(2) == 0 {
		a.Side = ask
	}
	return a
}

func (c *client) pick() resting   { return c.open[c.rand.IntN(len(c.open))] }
func (c *client) price() int64    { return middle + tick*int64(c.rand.IntN(2*around+1)-around) }
func (c *client) quantity() int32 { return 1 + int32(c.rand.IntN(mostQty)) }

// learn notes which of its orders a client may still have in a book.
func (c *client) learn(a attempt, t answer) {
	alive := t.Outcome == acknowledged && (t.Status == "active" || t.Status == "partially_matched")
	if a.Op != place && t.Reason != "TOO_MANY_OPEN_ORDERS" {
		c.open = slices.DeleteFunc(c.open, func(o resting) bool { return o.id == a.Order })
	}
	if alive && a.Op != cancel {
		c.open = append(c.open, resting{t.Order, a.Side, a.Market, t.Price, t.Open})
	}
}

// again is how long a client waits before it asks again for what it does not know.
const again = 25 * time.Millisecond

// step asks for one thing until the outcome is known.
// Errors: of the diary; that of ctx, when it ended first.
func (c *client) step(ctx context.Context, l *load) error {
	a := c.next()
	if err := c.diary.write(record{Attempt: &a}); err != nil {
		return err
	}
	for ; ; c.tries++ { // each at another connection, which may lead to another node
		sent := clock.Monotonic()
		t := l.send(ctx, c, a)
		if err := c.diary.write(record{Answer: &t}); err != nil {
			return err
		}
		l.count(&t, sent)
		if t.Outcome != unknown {
			c.learn(a, t)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-clock.System{}.After(again):
		}
	}
}

// trade works until stop is closed, at most one thing every interval.
func (c *client) trade(ctx context.Context, l *load, stop <-chan struct{}) error {
	due := clock.Monotonic()
	for {
		select {
		case <-stop:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-clock.System{}.After(-clock.Since(due)):
		}
		due = due.Add(l.interval)
		if late := clock.Since(due); late > 0 { // what was missed is not caught up with
			due = due.Add(late)
		}
		if err := c.step(ctx, l); err != nil {
			return err
		}
	}
}
