package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// stored is a row of bids or asks.
type stored struct {
	side     string
	id       int64
	market   string
	account  id.UUID
	price    int64
	quantity int32
	open     int32
	status   string
	reason   string
	kind     string
	orderID  string // the client's
	replaces int64
}

// comparison holds a ledger against the tables.
type comparison struct {
	*ledger
	tx     pgx.Tx
	filled map[int64]int32 // by order
	seen   map[*entry]int  // rows
	found  findings
}

// compare holds everything the clients wrote down against the tables, in one
// snapshot. Nothing may be on its way meanwhile.
// Errors: of the database; what differs is no error.
func compare(ctx context.Context, url string, l *ledger) (findings, error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return findings{}, fmt.Errorf("compare: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	c := &comparison{ledger: l, filled: make(map[int64]int32), seen: make(map[*entry]int)}
	if err := settled(ctx, conn); err != nil {
		return findings{}, fmt.Errorf("compare: %w", err)
	}
	opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, conn, opts, func(tx pgx.Tx) error {
		c.tx = tx
		return c.all(ctx)
	})
	if err != nil {
		return findings{}, fmt.Errorf("compare: %w", err)
	}
	return c.found.plus(l.findings), nil
}

// settled waits until the tables show all of the journal.
func settled(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Second, errors.New("the tables do not follow the journal"))
	defer cancel()
	for {
		var yes bool
		err := conn.QueryRow(ctx, `SELECT bool_and(s.seq = p.seq) FROM bidding_shards s JOIN bidding_projection p USING (shard)`).Scan(&yes)
		if err != nil || yes {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (c *comparison) all(ctx context.Context) error {
	if err := c.executions(ctx); err != nil {
		return fmt.Errorf("matches: %w", err)
	}
	for _, side := range []string{bid, ask} {
		if err := c.rows(ctx, side); err != nil {
			return fmt.Errorf("%ss: %w", side, err)
		}
	}
	c.missing()
	return nil
}

// executions compares the matches both ways.
func (c *comparison) executions(ctx context.Context) error {
	rows, err := c.tx.Query(ctx, `SELECT id, market_id::text, bid_id, ask_id, price, bid_price, quantity FROM matches`)
	if err != nil {
		return err
	}
	there := make(map[int64]bool, len(c.matches))
	var m match
	_, err = pgx.ForEachRow(rows, []any{&m.ID, &m.Market, &m.Bid, &m.Ask, &m.Price, &m.BidPrice, &m.Quantity}, func() error {
		c.filled[m.Bid] += m.Quantity
		c.filled[m.Ask] += m.Quantity
		there[m.ID] = true
		switch told, ok := c.matches[m.ID]; {
		case !ok && c.settled(m.Bid) && c.settled(m.Ask):
			c.found.phantom("match %+v: nobody was told of it", m)
		case ok && told != m:
			c.found.lost("match %+v is stored as %+v", told, m)
		}
		return nil
	})
	for matchID, told := range c.matches {
		if !there[matchID] {
			c.found.lost("match %+v was acknowledged and is not there", told)
		}
	}
	return err
}

// settled reports whether the order's owner knows what became of it. The taker of a
// match whose order's outcome is still unknown may hear of the match yet.
func (c *comparison) settled(order int64) bool { return c.orders[order] != nil }

// rows compares the orders of a side.
func (c *comparison) rows(ctx context.Context, side string) error {
	rows, err := c.tx.Query(ctx, `SELECT id, market_id::text, user_id, price, quantity, open_quantity, status, reason, order_type,
		client_order_id, replaces FROM `+map[string]string{bid: "bids", ask: "asks"}[side])
	if err != nil {
		return err
	}
	o := stored{side: side}
	_, err = pgx.ForEachRow(rows, []any{
		&o.id, &o.market, &o.account, &o.price, &o.quantity, &o.open, &o.status, &o.reason, &o.kind, &o.orderID, &o.replaces,
	}, func() error {
		c.order(&o)
		return nil
	})
	return err
}

// closes says what its owner asked for when an order is closed for a reason.
var closes = map[string]string{"REQUESTED": cancel, "REPLACED": replace}

// order compares a row with the attempt that it carries the id of.
func (c *comparison) order(o *stored) {
	if c.filled[o.id]+o.open != o.quantity {
		c.found.phantom("%s has %d items, of which %d are matched", o, o.quantity, c.filled[o.id])
	}
	if op := closes[o.reason]; op != "" && !c.wishes[wish{op, o.id}] {
		c.found.phantom("%s is closed, which nobody asked for", o)
	}
	e := c.entries[key{o.account, o.orderID}]
	if e == nil || e.Op == cancel {
		c.found.phantom("%s: nobody asked for it", o)
		return
	}
	if c.seen[e]++; c.seen[e] > 1 {
		c.found.phantom("%s: it is order number %d of %s", o, c.seen[e], e)
		return
	}
	if o.side != e.Side || o.market != e.Market || o.price != e.Price || o.kind != e.kind() || o.replaces != e.replaced() {
		c.found.lost("%s is not what %s asked for: %+v", o, e, e.attempt)
	}
	switch {
	case e.told == nil: // it may be there or not
	case e.told.Outcome == refused:
		c.rejected(o, e)
	case e.told.Kept:
		c.found.phantom("%s: %s was told that order %d was kept", o, e, e.told.Order)
	case o.id != e.told.Order:
		c.found.lost("%s is another order than the %d which %s was told of", o, e.told.Order, e)
	default:
		c.told(o, c.orders[o.id])
	}
}

// rejected compares the row of an order that was refused.
func (c *comparison) rejected(o *stored, e *entry) {
	if o.status != "rejected" || o.reason != e.told.Reason || o.quantity != e.Quantity {
		c.found.phantom("%s, although %s was refused with %s", o, e, e.told.Reason)
	}
}

// told compares a row with what its owner was told last.
func (c *comparison) told(o *stored, x *expectation) {
	if o.quantity != x.quantity {
		c.found.lost("%s was acknowledged with %d items and has %d", o, x.quantity, o.quantity)
	}
	open := o.status == "active" || o.status == "partially_matched"
	if x.over && (open || (x.status != "" && (o.status != x.status || o.reason != x.reason))) {
		c.found.lost("%s was said to be closed (%s %s)", o, x.status, x.reason)
	}
	if x.over && x.open >= 0 && o.open != x.open {
		c.found.lost("%s was closed with %d items left and has %d", o, x.open, o.open)
	}
}

// missing finds the attempts that should have a row and have none.
func (c *comparison) missing() {
	for _, e := range c.entries {
		if e.leftRow() && c.seen[e] == 0 {
			c.found.lost("%s was %s (order %d) and is not there", e, e.told.Outcome, e.told.Order)
		}
	}
}

// leftRow reports whether the tables must have an order under the attempt's id.
func (e *entry) leftRow() bool {
	if e.told == nil || e.Op == cancel {
		return false
	}
	if e.told.Outcome == refused {
		return slices.Contains(leavesRow, e.told.Reason)
	}
	return !e.told.Kept
}

// kind is the order's type: what a replace enters rests.
func (e *entry) kind() string {
	if e.Op == replace {
		return "limit"
	}
	return e.Type
}

// replaced is the order in whose stead this one is.
func (e *entry) replaced() int64 {
	if e.Op == replace {
		return e.Order
	}
	return 0
}

// String names the row.
func (o *stored) String() string {
	return fmt.Sprintf("%s %d of account %s (%q, %s %s, %d of %d open at %d)",
		o.side, o.id, o.account, o.orderID, o.status, o.reason, o.open, o.quantity, o.price)
}
