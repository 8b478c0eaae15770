package engine

import (
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// orderKey is what makes a client_order_id unique (MATCH-011).
type orderKey struct {
	account model.AccountID
	market  model.MarketID
	id      string
}

// remembered is the first answer to a client_order_id.
type remembered struct {
	content uint64
	at      model.Instant
	outcome model.Outcome
}

// dedupe remembers the shard's last answers by client_order_id, for 24 hours or
// 250,000 of them, whichever is less.
type dedupe struct {
	answers map[orderKey]remembered
	ring    []orderKey // in order of arrival, from first
	first   int
	limit   int
}

func newDedupe(limit int) *dedupe {
	return &dedupe{answers: make(map[orderKey]remembered), limit: limit}
}

func keyOf(c *model.Command) orderKey {
	return orderKey{c.Account, c.Market, c.ClientOrderID}
}

// find returns the answer to an earlier command of the same key.
func (d *dedupe) find(at model.Instant, c *model.Command) (remembered, bool) {
	if c.ClientOrderID == "" {
		return remembered{}, false
	}
	d.forget(at)
	r, ok := d.answers[keyOf(c)]
	return r, ok
}

// remember keeps a command's answer.
func (d *dedupe) remember(at model.Instant, c *model.Command, o model.Outcome) {
	if c.ClientOrderID == "" {
		return
	}
	k := keyOf(c)
	d.answers[k] = remembered{content: c.Content, at: at, outcome: o}
	d.ring = append(d.ring, k)
	d.forget(at)
}

// forget drops what is too old or too many.
func (d *dedupe) forget(at model.Instant) {
	oldest := at - model.Instant(RememberFor/time.Microsecond)
	for d.first < len(d.ring) && (len(d.ring)-d.first > d.limit || d.answers[d.ring[d.first]].at <= oldest) {
		delete(d.answers, d.ring[d.first])
		d.ring[d.first] = orderKey{}
		d.first++
	}
	if d.first > 1024 && d.first > len(d.ring)/2 {
		d.ring = append(d.ring[:0], d.ring[d.first:]...)
		d.first = 0
	}
}
