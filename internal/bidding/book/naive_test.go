package book_test

import (
	"sort"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// naive is a slow, obvious book that shares no code with the real one: a list
// of orders, sorted anew for every match.
type naive struct {
	settings model.Settings
	n        int64
	at       model.Instant
	open     []*naiveOrder
}

type naiveOrder struct {
	id      int64
	account model.AccountID
	side    model.Side
	price   money.Minor
	qty     model.Qty
	open    model.Qty
	expires model.Instant

	priority int64
	warned   bool
}

const oneDay = model.Instant(24 * time.Hour / time.Microsecond)

// next is when something happens to an order by itself.
func (o *naiveOrder) next() model.Instant {
	if o.warned {
		return o.expires
	}
	return o.expires - oneDay
}

// naiveAnswer is what both books are compared by.
type naiveAnswer struct {
	refused string
	status  model.Status
	open    model.Qty
	fills   []naiveFill
	closed  int // how many orders left the book for good
}

type naiveFill struct {
	with  int64
	price money.Minor
	qty   model.Qty
}

func (b *naive) next() int64 { b.n++; return b.n<<8 | 1 }

func (b *naive) drop(o *naiveOrder) {
	b.next()
	for i, x := range b.open {
		if x == o {
			b.open = append(b.open[:i], b.open[i+1:]...)
			return
		}
	}
}

func (b *naive) expire(at model.Instant) (closed int) {
	for {
		var due *naiveOrder
		for _, o := range b.open {
			if o.next() <= at && (due == nil || o.next() < due.next() || o.next() == due.next() && o.id < due.id) {
				due = o
			}
		}
		switch {
		case due == nil:
			return closed
		case due.expires <= at:
			b.drop(due)
			closed++
		default:
			b.next()
			due.warned = true
		}
	}
}

// against lists the orders that an order of side at price may match, in their order.
func (b *naive) against(side model.Side, price money.Minor) []*naiveOrder {
	var out []*naiveOrder
	for _, o := range b.open {
		if o.side != side && (side == model.Bid && o.price <= price || side == model.Ask && o.price >= price) {
			out = append(out, o)
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].price != out[j].price {
			return (out[i].price < out[j].price) == (side == model.Bid)
		}
		if out[i].priority != out[j].priority {
			return out[i].priority < out[j].priority
		}
		return out[i].id < out[j].id
	})
	return out
}

func (b *naive) submit(at model.Instant, c *model.Command) naiveAnswer {
	closed := b.expire(at)
	b.at = at
	var a naiveAnswer
	switch c.Kind {
	case model.Place:
		a = b.place(c, at+model.Instant(c.Life))
	case model.Cancel:
		a = b.cancel(c)
	case model.CancelAll:
		for _, o := range append([]*naiveOrder(nil), b.open...) {
			if o.account == c.Account && (c.Side == 0 || c.Side == o.side) {
				b.drop(o)
				a.closed++
			}
		}
	case model.Replace:
		a = b.replace(c)
	case model.ReverseMatch:
		a = b.reverse(at, c.Reversal)
	default: // time alone
	}
	a.closed += closed
	return a
}

// reverse undoes a match: its ask comes in again, with its old priority.
func (b *naive) reverse(at model.Instant, r *model.Reversal) naiveAnswer {
	b.next()
	if r.Ask == nil || r.Ask.ExpiresAt <= at {
		return naiveAnswer{}
	}
	a := b.enter(&model.Command{
		Account: r.Match.Seller, Side: model.Ask, Type: model.Limit, SelfTrade: model.CancelNewest, Price: r.Ask.Price, Qty: r.Match.Qty,
	}, r.Ask.ExpiresAt, r.Ask.Priority)
	a.refused = ""
	return a
}

func (b *naive) mine(c *model.Command) (*naiveOrder, string) {
	for _, o := range b.open {
		if o.id == int64(c.Order) {
			if o.account != c.Account || o.side != c.Side {
				return nil, "NOT_FOUND"
			}
			return o, ""
		}
	}
	return nil, "NOT_OPEN"
}

func (b *naive) cancel(c *model.Command) naiveAnswer {
	o, why := b.mine(c)
	if why != "" {
		return naiveAnswer{refused: why}
	}
	b.drop(o)
	return naiveAnswer{status: model.Cancelled, open: o.open, closed: 1}
}

func (b *naive) valid(c *model.Command) string {
	switch {
	case c.Price < b.settings.Tick || c.Price > b.settings.MaxPrice:
		return "PRICE_OUT_OF_RANGE"
	case c.Price%b.settings.Tick != 0:
		return "OFF_TICK"
	case c.Qty < 1 || c.Qty > 100:
		return "QUANTITY_OUT_OF_RANGE"
	}
	return ""
}

func (b *naive) replace(c *model.Command) naiveAnswer {
	o, why := b.mine(c)
	if why == "" {
		why = b.valid(c)
	}
	if why != "" {
		return naiveAnswer{refused: why}
	}
	if c.Price == o.price && c.Qty <= o.open {
		if c.Qty < o.open {
			b.next()
			o.qty -= o.open - c.Qty
			o.open = c.Qty
		}
		status := model.Active
		if o.open < o.qty {
			status = model.PartiallyMatched
		}
		return naiveAnswer{status: status, open: o.open}
	}
	b.drop(o)
	fresh := *c
	fresh.Side, fresh.Type, fresh.SelfTrade = o.side, model.Limit, model.CancelNewest
	a := b.place(&fresh, o.expires)
	a.closed++
	return a
}

func (b *naive) place(c *model.Command, expires model.Instant) naiveAnswer {
	if why := b.valid(c); why != "" {
		return naiveAnswer{refused: why}
	}
	return b.enter(c, expires, 0)
}

func (b *naive) enter(c *model.Command, expires model.Instant, priority int64) naiveAnswer {
	o := &naiveOrder{account: c.Account, side: c.Side, price: c.Price, qty: c.Qty, open: c.Qty, expires: expires, warned: expires <= b.at+oneDay}
	rivals := b.against(c.Side, c.Price)
	if why := b.reject(c, rivals); why != "" {
		b.next()
		b.next()
		return naiveAnswer{refused: why, status: model.Rejected, open: c.Qty, closed: 1}
	}
	o.id = b.next()
	o.priority = priority
	if priority == 0 {
		o.priority = o.id
	}
	a := naiveAnswer{status: model.Active}
	stopped := false
	for _, r := range rivals {
		if o.open == 0 || stopped {
			break
		}
		if r.account == o.account {
			if c.SelfTrade != model.CancelNewest {
				b.drop(r)
				a.closed++
			}
			stopped = c.SelfTrade != model.CancelOldest
			continue
		}
		b.fill(&a, o, r)
	}
	switch {
	case o.open == 0:
		a.status = model.Matched
	case stopped || c.Type == model.IOC:
		a.status = model.Cancelled
	case o.open < o.qty:
		a.status = model.PartiallyMatched
	}
	a.open = o.open
	if a.status.Open() {
		b.open = append(b.open, o)
	} else {
		b.next()
		a.closed++
	}
	return a
}

func (b *naive) fill(a *naiveAnswer, o, r *naiveOrder) {
	b.next()
	qty := o.open
	if r.open < qty {
		qty = r.open
	}
	price := r.price
	if b.settings.PriceRule == model.SellerAsk && o.side == model.Ask {
		price = o.price
	}
	a.fills = append(a.fills, naiveFill{r.id, price, qty})
	o.open -= qty
	if r.open -= qty; r.open == 0 {
		b.drop(r)
		a.closed++
	}
}

func (b *naive) reject(c *model.Command, rivals []*naiveOrder) string {
	if len(rivals) == 0 {
		if c.Type == model.FOK {
			return "FOK_NOT_FILLABLE"
		}
		return ""
	}
	if c.Type == model.PostOnly {
		return "POST_ONLY_WOULD_CROSS"
	}
	if c.Type == model.FOK {
		var sum model.Qty
		for _, r := range rivals {
			if r.account == c.Account && c.SelfTrade == model.CancelOldest {
				continue
			}
			if r.account == c.Account {
				break
			}
			sum += r.open
		}
		if sum < c.Qty {
			return "FOK_NOT_FILLABLE"
		}
	}
	if rivals[0].account == c.Account && c.SelfTrade == model.CancelNewest {
		return "SELF_TRADE"
	}
	return ""
}
