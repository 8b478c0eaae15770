package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// What the clients of a history do: half of them buy, half of them sell, so that nobody
// meets himself.
const (
	clients  = 8
	each     = 50 // operations
	middle   = 100
	around   = 4
	tick     = 100
	mostQty  = 3
	hangUp   = 0.02 // share of the changes that are not waited for
	hangUpIn = 1500 * time.Microsecond
)

// history is what the clients of one market asked for and were told.
type history struct {
	lab    *lab.Lab
	market string
	began  time.Time

	mu         sync.Mutex
	operations []porcupine.Operation
	failed     error
}

// record has the clients trade in a market of their own.
func record(ctx context.Context, l *lab.Lab, market string, seed uint64) (*history, error) {
	h := &history{lab: l, market: market, began: clock.Monotonic()}
	var all sync.WaitGroup
	for n := range clients {
		all.Go(func() {
			c := &client{history: h, number: n, side: n % 2, dice: rand.New(rand.NewPCG(seed, uint64(n)))} //nolint:gosec // a dice, no secret
			c.who = l.Caller(id.New(), auth.RoleSeller)
			c.work(ctx)
		})
	}
	all.Wait()
	return h, h.failed
}

// overlapping counts the operations during which another one was on its way.
func (h *history) overlapping() (n int) {
	for i, a := range h.operations {
		for j, b := range h.operations {
			if i != j && a.Call <= b.Return && b.Call <= a.Return {
				n++
				break
			}
		}
	}
	return n
}

func (h *history) unknown() (n int) {
	for _, o := range h.operations {
		if o.Output.(*output).unknown { //nolint:forcetypeassert,errcheck // of our own
			n++
		}
	}
	return n
}

// client is one of them.
type client struct {
	*history
	number int
	side   int
	dice   *rand.Rand
	who    *lab.Caller
	open   []int64 // orders that may be open
}

func (c *client) work(ctx context.Context) {
	for range each {
		i := c.next()
		call := int64(clock.Since(c.began))
		o, err := c.ask(ctx, i)
		back := int64(clock.Since(c.began))
		if o != nil && o.unknown {
			back = math.MaxInt64 // it may happen yet
		}
		c.mu.Lock()
		if err != nil && c.failed == nil {
			c.failed = err
		}
		i.number = len(c.operations)
		c.operations = append(c.operations, porcupine.Operation{ClientId: c.number, Input: i, Output: o, Call: call, Return: back})
		over := c.failed != nil
		c.mu.Unlock()
		if over || ctx.Err() != nil {
			return
		}
		c.learn(i, o)
	}
}

func (c *client) next() *input {
	roll := c.dice.IntN(100)
	switch {
	case roll < 25:
		return &input{op: look}
	case roll < 45 && len(c.open) > 0:
		n := c.dice.IntN(len(c.open))
		order := c.open[n]
		c.open = append(c.open[:n:n], c.open[n+1:]...) // nobody cancels twice
		return &input{op: cancel, side: c.side, order: order}
	}
	return &input{
		op: place, side: c.side, price: (middle + c.dice.Int64N(2*around+1) - around) * tick, qty: 1 + c.dice.Int64N(mostQty), keeps: c.dice.IntN(5) > 0,
	}
}

func (c *client) learn(i *input, o *output) {
	if i.op == place && !o.unknown && o.open > 0 && i.keeps {
		c.open = append(c.open, o.order)
	}
}

// ask asks once; sometimes it hangs up before it is answered.
// Errors: an answer that no client should hear.
func (c *client) ask(ctx context.Context, i *input) (*output, error) {
	if i.op == look {
		return c.look(ctx)
	}
	call := c.who.Context()
	if c.dice.Float64() < hangUp {
		var hang context.CancelFunc
		call, hang = context.WithTimeout(call, time.Duration(c.dice.Int64N(int64(hangUpIn))))
		defer hang()
	}
	if i.op == cancel {
		return c.cancel(call, i)
	}
	return c.place(call, i)
}

func (c *client) look(ctx context.Context) (*output, error) {
	d, err := c.lab.Bidding.GetDepth(ctx, &biddingv1.GetDepthRequest{MarketId: c.market, Levels: 100})
	if err != nil {
		return &output{unknown: true}, fmt.Errorf("look at the book: %w", err)
	}
	return &output{book: [2][]level{levels(d.GetBids()), levels(d.GetAsks())}}, nil
}

func levels(from []*biddingv1.Level) (out []level) {
	for _, l := range from {
		out = append(out, level{l.GetPrice(), l.GetQuantity()})
	}
	return out
}

// changed is what bids and asks have in common.
type changed interface {
	GetId() int64
	GetOpenQuantity() int32
}

func (c *client) place(ctx context.Context, i *input) (*output, error) {
	qty, kind := int32(i.qty), biddingv1.OrderType_LIMIT //nolint:gosec // a few
	if !i.keeps {
		kind = biddingv1.OrderType_IOC
	}
	if i.side == bid {
		r, err := c.lab.Bidding.PlaceBid(ctx, &biddingv1.PlaceBidRequest{
			MarketId: c.market, Price: i.price, Quantity: &qty, OrderType: kind, Confirm: true,
		})
		return placed(i, r.GetBid(), r.GetMatches(), err)
	}
	r, err := c.lab.Bidding.PlaceAsk(ctx, &biddingv1.PlaceAskRequest{
		MarketId: c.market, Price: i.price, Quantity: &qty, OrderType: kind, Confirm: true,
	})
	return placed(i, r.GetAsk(), r.GetMatches(), err)
}

func placed(i *input, o changed, matches []*biddingv1.Match, err error) (*output, error) {
	if err != nil {
		return failed(err, false)
	}
	out := &output{order: o.GetId(), open: i.qty}
	for _, m := range matches {
		f := fill{maker: m.GetAskId(), price: m.GetPrice(), qty: int64(m.GetQuantity())}
		if i.side == ask {
			f.maker = m.GetBidId()
		}
		out.open -= f.qty
		out.fills = append(out.fills, f)
	}
	return out, nil
}

func (c *client) cancel(ctx context.Context, i *input) (*output, error) {
	var o changed
	var err error
	if i.side == bid {
		var r *biddingv1.CancelBidResponse
		r, err = c.lab.Bidding.CancelBid(ctx, &biddingv1.CancelBidRequest{BidId: i.order})
		o = r.GetBid()
	} else {
		var r *biddingv1.CancelAskResponse
		r, err = c.lab.Bidding.CancelAsk(ctx, &biddingv1.CancelAskRequest{AskId: i.order})
		o = r.GetAsk()
	}
	if err != nil {
		return failed(err, true)
	}
	return &output{open: int64(o.GetOpenQuantity())}, nil
}

// failed is what an error tells: that it is not known what happened, or that an order was
// not open. Errors: anything else.
func failed(err error, cancelling bool) (*output, error) {
	switch code := status.Code(err); {
	case code == codes.DeadlineExceeded || code == codes.Canceled || code == codes.Unavailable:
		return &output{unknown: true}, nil
	case cancelling && code == codes.FailedPrecondition:
		return &output{refused: true}, nil
	}
	return &output{unknown: true}, fmt.Errorf("an answer nobody should hear: %w", err)
}
