package fsck

import "github.com/sneakers-marketplace/marketplace/pkg/id"

// window is how many of a shard's orders with a client_order_id keep theirs
// taken, and for how long (MATCH-011).
const (
	windowOrders = 250_000
	windowTime   = day
)

// clientIDs remembers a shard's client_order_ids while they are taken.
type clientIDs struct {
	taken map[clientKey]clientUse
	count int64 // uses so far
}

type clientKey struct {
	account, market id.UUID
	name            string
}

type clientUse struct {
	at    instant
	count int64
}

func newClientIDs() *clientIDs { return &clientIDs{taken: make(map[clientKey]clientUse)} }

// use takes the name an order came in under; blank names are no names.
func (c *clientIDs) use(a *act, account id.UUID, name string) {
	if name == "" {
		return
	}
	k := clientKey{account, a.market.ID, name}
	now := clientUse{a.row.at, c.count}
	if before, ok := c.taken[k]; ok && c.holds(before, now) {
		a.found("J10", "%s account=%s market_id=%s client_order_id=%q taken_at=%s", a.at, account, a.market.ID, name, before.at)
	}
	c.taken[k] = now
	c.count++
	if len(c.taken) > 2*windowOrders {
		c.forget(now)
	}
}

// holds reports whether a name taken before is still taken.
func (c *clientIDs) holds(before, now clientUse) bool {
	return now.at-before.at < windowTime && now.count-before.count < windowOrders
}

func (c *clientIDs) forget(now clientUse) {
	for k, before := range c.taken {
		if !c.holds(before, now) {
			delete(c.taken, k)
		}
	}
}
