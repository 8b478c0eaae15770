package service

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// NewOrder is a bid or ask as its owner asks for it.
type NewOrder struct {
	Market        model.MarketID
	Side          model.Side
	Price         money.Minor
	Qty           model.Qty
	Life          time.Duration // whole seconds; 0 = the side's default (MATCH-009)
	Type          model.OrderType
	SelfTrade     model.SelfTrade
	ClientOrderID string
	Confirm       bool // an unusual price is meant
	FromStock     bool // Ask: it sells items that the platform holds (MATCH-016)
}

// Placed is a bid or ask as it stands after its command.
type Placed struct {
	Order   model.LimitOrder
	Matches []model.Match
	Kept    bool // Replace: the same order, in its place
}

// Place enters a bid or ask and matches it (MATCH-001..011).
// Errors: the refusals of model.
func (s *Service) Place(ctx context.Context, account model.AccountID, o NewOrder) (Placed, error) {
	c, err := placement(account, o)
	if err != nil {
		return Placed{}, err
	}
	if o.FromStock {
		return s.placeFromStock(ctx, c)
	}
	reply, err := s.submit(ctx, c)
	if err != nil {
		return Placed{}, err
	}
	return s.placed(ctx, reply)
}

// placement is the command that enters an order.
func placement(account model.AccountID, o NewOrder) (model.Command, error) {
	life, err := lifeOf(o)
	if err != nil {
		return model.Command{}, err
	}
	c := model.Command{
		Kind: model.Place, Market: o.Market, Account: account, Side: o.Side, Type: o.Type, SelfTrade: o.SelfTrade,
		Price: o.Price, Qty: o.Qty, Life: life.Microseconds(), ClientOrderID: o.ClientOrderID, Confirmed: o.Confirm,
	}
	c.Content = fingerprint(&c)
	return c, nil
}

// lifeOf refuses lives that MATCH-009 does not allow.
func lifeOf(o NewOrder) (time.Duration, error) {
	switch {
	case o.Life < 0 || o.Life > model.MaxLife || o.Life%time.Second != 0:
		return 0, model.ErrExpiryRange.On("expires_in", fmt.Sprintf("must be 1 to %d seconds, or 0 for the default",
			int64(model.MaxLife/time.Second)))
	case o.Life > 0:
		return o.Life, nil
	case o.Side == model.Ask:
		return model.DefaultAskLife, nil
	}
	return model.DefaultBidLife, nil
}

// fingerprint is equal for commands with the same content, to tell a repeat from
// another use of the same client_order_id (MATCH-011).
func fingerprint(c *model.Command) uint64 {
	h := fnv.New64a()
	var buf [8]byte
	for _, v := range []int64{
		int64(c.Kind), int64(c.Side), int64(c.Type), int64(c.SelfTrade), int64(c.Price), int64(c.Qty), c.Life, int64(c.Order),
	} {
		binary.BigEndian.PutUint64(buf[:], uint64(v))
		h.Write(buf[:])
	}
	h.Write(c.Stock[:])
	return h.Sum64()
}

// placed completes an engine's reply: a repeated answer's matches are read back.
func (s *Service) placed(ctx context.Context, reply engine.Reply) (Placed, error) {
	p := Placed{Order: reply.Order, Matches: reply.Matches, Kept: reply.Kept}
	if reply.Repeat && !reply.Kept { // what was kept took nothing when it was made smaller, whatever it took before
		if err := s.exchange.Settled(ctx, ofOrder(p.Order.ID)); err != nil {
			return Placed{}, err
		}
		taken, err := s.store.Taken(ctx, p.Order.Side, p.Order.ID)
		if err != nil {
			return Placed{}, err
		}
		p.Matches = taken
	}
	return p, nil
}

// BidGivenUp returns the best bid price an ask gave up by asking less (MATCH-003),
// 0 when it gave up nothing.
func (p Placed) BidGivenUp() money.Minor {
	if len(p.Matches) == 0 || p.Order.Side != model.Ask {
		return 0
	}
	if first := p.Matches[0]; first.Taker == model.Ask && first.BidPrice > first.Price {
		return first.BidPrice
	}
	return 0
}
