package seed

import (
	"slices"
	"time"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// desk is the planner's picture of one market's book: price, then time.
type desk struct{ bids, asks []offer } // best first

// offer is a resting bid or ask.
type offer struct {
	order int // number of the order in the plan
	who   int
	price int64
	left  int32
	ends  time.Duration // since the demo began
}

// fill is one match that a bid or ask is to have.
type fill struct {
	price    int64
	quantity int32
}

func (d *desk) side(s biddingv1.Side) *[]offer {
	if s == biddingv1.Side_BID {
		return &d.bids
	}
	return &d.asks
}

func opposite(s biddingv1.Side) biddingv1.Side {
	if s == biddingv1.Side_BID {
		return biddingv1.Side_ASK
	}
	return biddingv1.Side_BID
}

// better reports whether price a goes before b on a side.
func better(s biddingv1.Side, a, b int64) bool {
	if s == biddingv1.Side_BID {
		return a > b
	}
	return a < b
}

// best is the best price of a side, 0 when it is empty.
func (d *desk) best(s biddingv1.Side) int64 {
	if list := *d.side(s); len(list) > 0 {
		return list[0].price
	}
	return 0
}

// expire drops whose time is over.
func (d *desk) expire(now time.Duration) {
	over := func(o offer) bool { return o.ends <= now }
	d.bids, d.asks = slices.DeleteFunc(d.bids, over), slices.DeleteFunc(d.asks, over)
}

// rest enters an offer behind all that are as good.
func (d *desk) rest(s biddingv1.Side, o offer) {
	list := d.side(s)
	at := slices.IndexFunc(*list, func(other offer) bool { return better(s, o.price, other.price) })
	if at < 0 {
		at = len(*list)
	}
	*list = slices.Insert(*list, at, o)
}

// take matches an incoming order and returns its fills, at the ask's price, and
// what is left of it.
func (d *desk) take(s biddingv1.Side, price int64, quantity int32) (fills []fill, left int32) {
	resting := d.side(opposite(s))
	for left = quantity; left > 0 && len(*resting) > 0; {
		first := &(*resting)[0]
		if better(s, first.price, price) {
			break
		}
		n := min(left, first.left)
		at := first.price
		if s == biddingv1.Side_ASK {
			at = price
		}
		fills = append(fills, fill{at, n})
		left -= n
		if first.left -= n; first.left == 0 {
			*resting = slices.Delete(*resting, 0, 1)
		}
	}
	return fills, left
}

// drop takes an offer out.
func (d *desk) drop(s biddingv1.Side, order int) {
	list := d.side(s)
	*list = slices.DeleteFunc(*list, func(o offer) bool { return o.order == order })
}

// levels counts the different prices of a side.
func (d *desk) levels(s biddingv1.Side) int {
	n, last := 0, int64(0)
	for _, o := range *d.side(s) {
		if o.price != last {
			n, last = n+1, o.price
		}
	}
	return n
}
