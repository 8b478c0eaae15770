package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

var errUnmatched = errors.New("the bid found no ask at its price")

// trade replays every market: rows of one in order, so many markets at a time,
// the longest first, because nothing can shorten a market but an early start.
// Errors: trouble that is not about one market; that of one stays with it.
func (r *replay) trade(ctx context.Context) error {
	queue := slices.Clone(r.file.markets)
	slices.SortStableFunc(queue, func(a, b *market) int { return cmp.Compare(len(b.rows), len(a.rows)) })
	var next atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for worker := range min(r.InFlight, len(queue)) {
		client := r.bidding[worker%len(r.bidding)]
		g.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(queue) {
					return nil
				}
				if m := queue[i]; m.err == nil {
					m.err = r.market(ctx, client, m)
					if err := unlessAbout(m.err); err != nil {
						return err
					}
				}
			}
		})
	}
	return g.Wait()
}

// unlessAbout drops errors that concern one market only.
func unlessAbout(err error) error {
	if errors.Is(err, errUnmatched) {
		return nil
	}
	return unlessRefused(err)
}

func (r *replay) market(ctx context.Context, client biddingv1.BiddingServiceClient, m *market) error {
	for _, row := range m.rows {
		if r.done[row].bid {
			continue
		}
		if err := r.row(ctx, client, m, row); err != nil {
			return fmt.Errorf("line %d: %w", r.file.rows[row].line, err)
		}
		r.traded.Add(1)
	}
	return nil
}

// row places what is missing of a row's ask and bid.
func (r *replay) row(ctx context.Context, client biddingv1.BiddingServiceClient, m *market, row int32) error {
	who, err := r.assign(row)
	if err != nil {
		return err
	}
	d, price := &r.done[row], r.file.rows[row].price
	if !d.asked {
		got, err := as(ctx, r.pool.sellers.all[who.seller-1], func(ctx context.Context) (*biddingv1.PlaceAskResponse, error) {
			return client.PlaceAsk(ctx, &biddingv1.PlaceAskRequest{
				MarketId: m.id, Price: price, ClientOrderId: r.orderID(row, askMark), Confirm: true,
			})
		})
		if err != nil {
			return fmt.Errorf("ask: %w", err)
		}
		d.asked = true
		if found := got.GetMatches(); len(found) > 0 { // somebody else's bid was waiting
			d.bid, d.match = true, found[0].GetId()
			return nil
		}
	}
	got, err := as(ctx, r.pool.buyers.all[who.buyer-1], func(ctx context.Context) (*biddingv1.PlaceBidResponse, error) {
		return client.PlaceBid(ctx, &biddingv1.PlaceBidRequest{
			MarketId: m.id, Price: price, ClientOrderId: r.orderID(row, bidMark), Confirm: true,
			OrderType: biddingv1.OrderType_IOC, // one that finds nothing must not wait for the next row's ask
		})
	})
	if err != nil {
		return fmt.Errorf("bid: %w", err)
	}
	d.bid = true
	if len(got.GetMatches()) == 0 {
		return errUnmatched
	}
	d.match = got.GetMatches()[0].GetId()
	return nil
}

// assign gives a row its accounts: those it had when an earlier run was cut off,
// else the next in turn.
func (r *replay) assign(row int32) (assignment, error) {
	had := r.assigned.of(row)
	who := had
	if !r.pool.sellers.earlier(who.seller) {
		who.seller = r.pool.sellers.pick()
	}
	if !r.pool.buyers.earlier(who.buyer) {
		who.buyer = r.pool.buyers.pick()
	}
	if who == had {
		return who, nil
	}
	return who, r.assigned.give(row, who)
}
