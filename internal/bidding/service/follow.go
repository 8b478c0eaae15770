package service

import (
	"context"
	"maps"
	"slices"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Ban keeps an account from placing anything and cancels what it has open, or lets it
// place again; of two bans the one with the higher version holds, whichever comes last.
// Rule: USER-006.
func (s *Service) Ban(ctx context.Context, account model.AccountID, b model.Ban) error {
	return s.exchange.SubmitAll(ctx, model.Command{Kind: model.ChangeBan, Account: account, Ban: b})
}

// Relist tells the markets of products what the catalogue says of them now. Those of a
// product that left the catalogue are emptied and take nothing until it is back. Rule: MKT-002.
func (s *Service) Relist(ctx context.Context, products map[id.UUID]model.Listing) error {
	if len(products) == 0 {
		return nil
	}
	tables, err := s.tables(ctx)
	if err != nil {
		return err
	}
	markets, err := tables.MarketsOf(ctx, slices.Collect(maps.Keys(products))...)
	if err != nil {
		return err
	}
	for product, list := range markets {
		for _, m := range list {
			if err := s.relist(ctx, m, products[product]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) relist(ctx context.Context, market model.MarketID, now model.Listing) error {
	_, err := s.exchange.Submit(ctx, model.Command{Kind: model.ChangeListing, Market: market, Listing: &now})
	return err
}

// Followed is how far the events of another service have had their effect.
func (s *Service) Followed(ctx context.Context, source string, partition int32) (int64, error) {
	return s.store.Position(ctx, source, partition)
}

// Advance notes that the events of another service have had their effect. Each effect is
// durable before, and the same event again changes nothing.
func (s *Service) Advance(ctx context.Context, source string, partition int32, seq int64) error {
	return s.store.Advance(ctx, source, partition, seq)
}
