package seed

import (
	"time"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// plan is everything a demo is made of: pure data, the same for the same scale
// and day, whatever the hour. Whoever carries it out decides nothing.
type plan struct {
	scale   Scale
	until   time.Time // the present it leads to
	shoes   []shoe
	spots   []spot // markets
	people  []persona
	moments []moment // oldest first
	orders  int      // how many bids and asks it numbers

	sales, matches int
}

// spot is the market of one size of one shoe.
type spot struct{ shoe, size int }

// moment is an instant and what happens at it: lanes at once, the actions of a
// lane one after the other. A market is in one lane alone.
type moment struct {
	at    time.Duration // since the demo began
	lanes [][]action
	sales int
}

// deed is what an action does.
type deed uint8

const (
	place deed = iota
	replace
	reduce
	cancel
)

// action is one call to the exchange.
type action struct {
	deed     deed
	spot     int
	who      int // in people
	side     biddingv1.Side
	order    int // number of the order it makes, reduces or cancels
	replaces int // of a replace
	price    int64
	quantity int32
	kind     biddingv1.OrderType
	life     time.Duration // 0: the exchange's default
	fills    []fill        // what must come of it
	sale     bool
}

// begin is when the demo begins.
func (p *plan) begin() time.Time { return p.until.Add(-p.scale.span()) }

// instant is a moment on the clock.
func (p *plan) instant(m *moment) time.Time { return p.begin().Add(m.at) }

// enters reports whether an action makes a bid or an ask.
func (a *action) enters() bool { return a.deed == place || a.deed == replace }

// entered counts the bids and asks of the whole plan.
func (p *plan) entered() (bids, asks int) {
	for i := range p.moments {
		for _, lane := range p.moments[i].lanes {
			for j := range lane {
				switch a := &lane[j]; {
				case !a.enters():
				case a.side == biddingv1.Side_BID:
					bids++
				default:
					asks++
				}
			}
		}
	}
	return bids, asks
}

// sizes counts the sizes of all shoes.
func (p *plan) sizes() int {
	n := 0
	for i := range p.shoes {
		n += len(p.shoes[i].sizes)
	}
	return n
}
