package service

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Warehouse is the product service, as the keeper of consigned items.
type Warehouse interface {
	// Reserve sets one item of a size aside; again under the same reference changes nothing.
	// Errors: model.ErrNoStock, also when the reference's reservation has ended.
	Reserve(ctx context.Context, size model.MarketID, reference string, ttl time.Duration) error
	// Release gives it back; one that is not held, or never was, is left alone.
	Release(ctx context.Context, reference string) error
}

// Consignment is items set aside for an ask, and for those that stand in for it.
type Consignment struct {
	Ref    id.UUID
	Market model.MarketID
	Held   int // items 1 to Held are set aside
	Keep   int // as many its asks have open or have sold
	Live   bool
}

const (
	orphanAfter  = time.Minute         // an ask whose items were set aside that long ago is there or will never be
	holdLonger   = 30 * 24 * time.Hour // than the ask lives: until it is shipped
	longestHold  = 400 * 24 * time.Hour
	settleAtOnce = 100
)

// item names one item of a consignment.
func item(ref id.UUID, n int) string { return fmt.Sprintf("ask/%s/%d", ref, n) }

// stockRef is what a command's items are set aside under. A repeat has the same, so that it
// sets nothing aside.
func stockRef(c *model.Command) id.UUID {
	if c.ClientOrderID == "" {
		return id.New()
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s", c.Account, c.Market, c.ClientOrderID))
	return id.UUID(sum[:16])
}

// placeFromStock sets the items aside, one by one, under a name that was noted down before,
// then places the ask that sells them. What becomes of neither is given back (MATCH-016).
func (s *Service) placeFromStock(ctx context.Context, c model.Command) (Placed, error) {
	if c.Qty < 1 || c.Qty > model.MaxQuantity {
		return Placed{}, model.ErrQuantityRange.On("quantity", fmt.Sprintf("must be 1 to %d", model.MaxQuantity))
	}
	c.Stock = stockRef(&c)
	c.Content = fingerprint(&c)
	all := Consignment{Ref: c.Stock, Market: c.Market, Held: int(c.Qty)}
	fresh, err := s.store.Consign(ctx, all, s.clock.Now())
	if err != nil {
		return Placed{}, err
	}
	if !fresh {
		tables, err := s.tables(ctx, ofMarket(c.Market))
		if err != nil {
			return Placed{}, err
		}
		if old, found, err := tables.Consigned(ctx, c.Market, c.Stock); err != nil || found {
			return s.placedBefore(ctx, old, &c, err)
		}
	}
	if err := s.setAside(ctx, &c); err != nil {
		return Placed{}, errors.Join(err, s.giveBack(ctx, all))
	}
	reply, err := s.submit(ctx, c)
	switch kind := errs.KindOf(err); {
	case err == nil:
		return s.placed(ctx, reply)
	case !fresh || kind == errs.Unavailable || kind == errs.Internal || ctx.Err() != nil: // it may have been placed
		return Placed{}, err
	}
	return Placed{}, errors.Join(err, s.giveBack(ctx, all))
}

// placedBefore answers a repeat with the ask that is there.
func (s *Service) placedBefore(ctx context.Context, old model.LimitOrder, c *model.Command, err error) (Placed, error) {
	if err != nil {
		return Placed{}, err
	}
	if old.Price != c.Price || old.Qty != c.Qty || old.Type != c.Type || old.SelfTrade != c.SelfTrade {
		return Placed{}, model.ErrClientOrderID.On("client_order_id", "must not be used again for another ask from stock")
	}
	taken, err := s.store.Taken(ctx, model.Ask, old.ID)
	return Placed{Order: old, Matches: taken}, err
}

func (s *Service) setAside(ctx context.Context, c *model.Command) error {
	ttl := min(time.Duration(c.Life)*time.Microsecond+holdLonger, longestHold)
	for n := 1; n <= int(c.Qty); n++ {
		if err := s.warehouse.Reserve(ctx, c.Market, item(c.Stock, n), ttl); err != nil {
			return err
		}
	}
	return nil
}

// SettleStock gives back what asks that ended did not sell, and what was set aside for asks
// that never came; it returns how many consignments it saw to the end.
func (s *Service) SettleStock(ctx context.Context) (int, error) {
	tables, err := s.tables(ctx)
	if err != nil {
		return 0, err
	}
	due, err := tables.ConsignmentsDue(ctx, s.clock.Now().Add(-orphanAfter), settleAtOnce)
	if err != nil {
		return 0, err
	}
	for _, c := range due {
		if err := s.giveBack(ctx, c); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// giveBack releases what a consignment holds and need not.
func (s *Service) giveBack(ctx context.Context, c Consignment) error {
	for n := c.Keep + 1; n <= c.Held; n++ {
		if err := s.warehouse.Release(ctx, item(c.Ref, n)); err != nil {
			return err
		}
	}
	return s.store.SettleConsignment(ctx, c)
}
