package seed

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/timestamppb"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// A demo that was cut off goes on at the last moment in which anything was entered.
// That moment is carried out again as a whole: what is there already is answered as
// it was by its client order id, which lasts for a day of the exchange's time, and
// nothing later can be there.

// recall learns what an earlier run left open and returns the moment to go on at;
// again is false when it entered nothing.
func (s *seeding) recall(ctx context.Context) (from int, again bool, err error) {
	var last time.Time
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	for _, a := range s.people {
		g.Go(func() error {
			at, err := s.recallOf(ctx, a)
			mu.Lock()
			defer mu.Unlock()
			if at.After(last) {
				last = at
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return 0, false, fmt.Errorf("look for what an earlier run did: %w", err)
	}
	for i := range s.plan.moments {
		if !s.plan.instant(&s.plan.moments[i]).After(last) {
			from, again = i, true
		}
	}
	return from, again, nil
}

// entry is a bid or ask of an earlier run.
type entry interface {
	GetId() int64
	GetClientOrderId() string
	GetCreatedAt() *timestamppb.Timestamp
}

// recallOf notes the numbers of what an account has open and returns when it
// entered something last, open or not.
func (s *seeding) recallOf(ctx context.Context, a *account) (last time.Time, err error) {
	if ctx, err = a.as(ctx); err != nil {
		return last, err
	}
	list := s.bids
	if a.sells {
		list = s.asks
	}
	newest := func(e entry) { last = e.GetCreatedAt().AsTime() }
	if err := list(ctx, 1, nil, newest); err != nil {
		return last, err
	}
	return last, list(ctx, pageSize, []biddingv1.Status{biddingv1.Status_ACTIVE, biddingv1.Status_PARTIALLY_MATCHED}, s.remember)
}

// remember notes the number of an order of the plan.
func (s *seeding) remember(e entry) {
	digits, ours := strings.CutPrefix(e.GetClientOrderId(), orderPrefix)
	if n, err := strconv.Atoi(digits); ours && err == nil && n < len(s.orders) {
		s.orders[n] = e.GetId()
	}
}

// bids hands on an account's bids, newest first: one, or every one of some statuses.
func (s *seeding) bids(ctx context.Context, size int32, of []biddingv1.Status, take func(entry)) error {
	return pages(ctx, func(ctx context.Context, token string) (*biddingv1.ListMyBidsResponse, error) {
		return s.Bidding.ListMyBids(ctx, &biddingv1.ListMyBidsRequest{PageSize: size, PageToken: token, Statuses: of})
	}, func(got *biddingv1.ListMyBidsResponse) bool {
		for _, b := range got.GetBids() {
			take(b)
		}
		return size > 1
	})
}

// asks does the same for asks.
func (s *seeding) asks(ctx context.Context, size int32, of []biddingv1.Status, take func(entry)) error {
	return pages(ctx, func(ctx context.Context, token string) (*biddingv1.ListMyAsksResponse, error) {
		return s.Bidding.ListMyAsks(ctx, &biddingv1.ListMyAsksRequest{PageSize: size, PageToken: token, Statuses: of})
	}, func(got *biddingv1.ListMyAsksResponse) bool {
		for _, a := range got.GetAsks() {
			take(a)
		}
		return size > 1
	})
}
