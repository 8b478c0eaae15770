package seed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

const lanesAtOnce = 64

// trade carries out the plan from a moment on. The first of them may have been
// carried out in part, or in whole, by a run that was cut off.
func (s *seeding) trade(ctx context.Context, from int, again bool) error {
	for i := from; i < len(s.plan.moments); i++ {
		m := &s.plan.moments[i]
		if err := s.moveTo(ctx, s.plan.instant(m)); err != nil {
			return err
		}
		if err := s.moment(ctx, m, again && i == from); err != nil {
			return err
		}
		s.progress.moments.Add(1)
		s.progress.sales.Add(int64(m.sales))
	}
	return nil
}

const stride = 2 * day // sessions are looked after so often

// moveTo moves the clock on and looks, on the way, after those whose sessions
// would end.
func (s *seeding) moveTo(ctx context.Context, at time.Time) error {
	for now := s.Clock.Now(); now.Before(at); {
		if now = now.Add(stride); now.After(at) {
			now = at
		}
		for _, a := range append(slices.Clone(s.people), s.owner) {
			if err := a.keep(ctx, now); err != nil {
				return err
			}
		}
		s.Clock.To(now)
	}
	return nil
}

func (s *seeding) moment(ctx context.Context, m *moment, again bool) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(lanesAtOnce)
	for _, lane := range m.lanes {
		g.Go(func() error {
			for i := range lane {
				if err := s.act(ctx, &lane[i], again); err != nil {
					return fmt.Errorf("%s in market %s: %w", lane[i].name(), s.markets[lane[i].spot], err)
				}
			}
			return nil
		})
	}
	return g.Wait()
}

const orderPrefix = "demo-"

// name is the client order id of the bid or ask an action is about.
func (a *action) name() string { return fmt.Sprintf("%s%06d", orderPrefix, a.order) }

// act makes one call.
func (s *seeding) act(ctx context.Context, a *action, again bool) error {
	ctx, err := s.people[a.who].as(ctx)
	if err != nil {
		return err
	}
	var got placed
	switch a.deed {
	case place:
		got, err = s.place(ctx, a)
	default:
		number := a.order
		if a.deed == replace {
			number = a.replaces
		}
		if again && s.orders[number] == 0 { // not open any more: it was done
			return nil
		}
		got, err = s.change(ctx, a, s.orders[number])
		if again && status.Code(err) == codes.FailedPrecondition {
			return nil // done as well
		}
	}
	if err != nil || !a.enters() {
		return err
	}
	s.orders[a.order] = got.id
	return s.compare(a, got, again)
}

// placed is what the exchange answers about a bid or an ask.
type placed struct {
	id      int64
	at      time.Time
	matches []*biddingv1.Match
}

func ofBid(b *biddingv1.Bid, matches []*biddingv1.Match) placed {
	return placed{b.GetId(), b.GetCreatedAt().AsTime(), matches}
}

func ofAsk(a *biddingv1.Ask, matches []*biddingv1.Match) placed {
	return placed{a.GetId(), a.GetCreatedAt().AsTime(), matches}
}

func (s *seeding) place(ctx context.Context, a *action) (placed, error) {
	seconds, market := int64(a.life/time.Second), s.markets[a.spot]
	if a.side == bid {
		got, err := patient(ctx, func(ctx context.Context) (*biddingv1.PlaceBidResponse, error) {
			return s.Bidding.PlaceBid(ctx, &biddingv1.PlaceBidRequest{
				MarketId: market, Price: a.price, Quantity: &a.quantity, ExpiresIn: seconds, OrderType: a.kind, ClientOrderId: a.name(),
			})
		})
		return ofBid(got.GetBid(), got.GetMatches()), err
	}
	got, err := patient(ctx, func(ctx context.Context) (*biddingv1.PlaceAskResponse, error) {
		return s.Bidding.PlaceAsk(ctx, &biddingv1.PlaceAskRequest{
			MarketId: market, Price: a.price, Quantity: &a.quantity, ExpiresIn: seconds, OrderType: a.kind, ClientOrderId: a.name(),
		})
	})
	return ofAsk(got.GetAsk(), got.GetMatches()), err
}

// change cancels, reduces or replaces a bid or an ask.
func (s *seeding) change(ctx context.Context, a *action, id int64) (placed, error) {
	switch {
	case a.deed == cancel && a.side == bid:
		_, err := patient(ctx, func(ctx context.Context) (*biddingv1.CancelBidResponse, error) {
			return s.Bidding.CancelBid(ctx, &biddingv1.CancelBidRequest{BidId: id})
		})
		return placed{}, err
	case a.deed == cancel:
		_, err := patient(ctx, func(ctx context.Context) (*biddingv1.CancelAskResponse, error) {
			return s.Bidding.CancelAsk(ctx, &biddingv1.CancelAskRequest{AskId: id})
		})
		return placed{}, err
	case a.side == bid:
		got, err := patient(ctx, func(ctx context.Context) (*biddingv1.ReplaceBidResponse, error) {
			return s.Bidding.ReplaceBid(ctx, &biddingv1.ReplaceBidRequest{BidId: id, Price: a.price, Quantity: a.quantity, ClientOrderId: a.renamed()})
		})
		return ofBid(got.GetBid(), got.GetMatches()), err
	}
	got, err := patient(ctx, func(ctx context.Context) (*biddingv1.ReplaceAskResponse, error) {
		return s.Bidding.ReplaceAsk(ctx, &biddingv1.ReplaceAskRequest{AskId: id, Price: a.price, Quantity: a.quantity, ClientOrderId: a.renamed()})
	})
	return ofAsk(got.GetAsk(), got.GetMatches()), err
}

// renamed is the client order id of a replacement; what is only reduced keeps its own.
func (a *action) renamed() string {
	if a.deed == replace {
		return a.name()
	}
	return ""
}

var errOtherwise = errors.New("the exchange answered otherwise than planned; somebody else trades on it")

// compare checks that an order was entered now and has the fills that were planned.
func (s *seeding) compare(a *action, got placed, again bool) error {
	if now := s.Clock.Now(); !again && got.at.After(now) {
		return fmt.Errorf("%w: it is at %s", ErrTraded, got.at.Format(time.RFC3339))
	}
	same := len(got.matches) == len(a.fills)
	for i, m := range got.matches {
		same = same && a.fills[i] == fill{m.GetPrice(), m.GetQuantity()}
	}
	if !same {
		return errOtherwise
	}
	return nil
}
