package seed

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// ErrTraded says that the exchange is not new. Its time never goes back, so the
// past of a demo cannot be brought in any more.
var ErrTraded = errors.New("the exchange has traded already and its time never goes back")

// survey is what all markets look like together.
type survey struct {
	markets, openBids, openAsks int64
}

// look reads every market of every product.
func (s *seeding) look(ctx context.Context) (survey, error) {
	var sum survey
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(shelvesAtOnce)
	list := func(ctx context.Context, token string) (*productv1.ListProductsResponse, error) {
		return s.Products.ListProducts(ctx, &productv1.ListProductsRequest{PageSize: pageSize, PageToken: token})
	}
	err := pages(ctx, list, func(got *productv1.ListProductsResponse) bool {
		for _, p := range got.GetProducts() {
			g.Go(func() error {
				markets, err := s.marketsOf(ctx, p.GetId())
				mu.Lock()
				defer mu.Unlock()
				for _, m := range markets {
					sum.add(m)
				}
				return err
			})
		}
		return true
	})
	if err = errors.Join(err, g.Wait()); err != nil {
		return sum, fmt.Errorf("look at the markets: %w", err)
	}
	return sum, nil
}

func (s *seeding) marketsOf(ctx context.Context, product string) ([]*biddingv1.MarketPrice, error) {
	got, err := patient(ctx, func(ctx context.Context) (*biddingv1.ListProductMarketsResponse, error) {
		return s.Bidding.ListProductMarkets(ctx, &biddingv1.ListProductMarketsRequest{ProductId: product})
	})
	return got.GetMarkets(), err
}

func (v *survey) add(m *biddingv1.MarketPrice) {
	v.markets++
	v.openBids += m.GetOpenBids()
	v.openAsks += m.GetOpenAsks()
}

// refuseTraded refuses an exchange that has markets already.
func (s *seeding) refuseTraded(ctx context.Context) error {
	ctx, err := s.owner.as(ctx) // who sees hidden products too
	if err != nil {
		return err
	}
	seen, err := s.look(ctx)
	if err == nil && seen.markets > 0 {
		err = ErrTraded
	}
	return err
}
