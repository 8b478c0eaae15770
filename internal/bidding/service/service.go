package service

import (
	"context"
	"errors"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// Service carries out what callers ask of the exchange. The account it is handed
// is the caller's, from the verified token.
type Service struct {
	exchange  Exchange
	store     Store
	catalogue Catalogue
}

// New returns a service on an engine, its tables and the catalogue.
func New(exchange Exchange, store Store, catalogue Catalogue) *Service {
	return &Service{exchange: exchange, store: store, catalogue: catalogue}
}

// submit hands a command to the engine; a market that nobody used yet is opened
// first, from what the catalogue says of its size (MKT-002).
func (s *Service) submit(ctx context.Context, c model.Command) (engine.Reply, error) {
	reply, err := s.exchange.Submit(ctx, c)
	if !errors.Is(err, model.ErrMarketNotFound) {
		return reply, err
	}
	if err := s.open(ctx, c.Market); err != nil {
		return engine.Reply{}, err
	}
	return s.exchange.Submit(ctx, c)
}

func (s *Service) open(ctx context.Context, market model.MarketID) error {
	listing, err := s.catalogue.Listing(ctx, market)
	if err != nil {
		return err
	}
	if _, err = s.exchange.Submit(ctx, model.Command{
		Kind: model.OpenMarket, Market: market, Listing: listing, Settings: model.DefaultSettings(),
	}); err != nil {
		return err
	}
	return s.recheck(ctx, market, listing)
}

// view returns a market's picture; one nobody used yet is empty.
// Errors: model.ErrMarketNotFound when the catalogue has no such size.
func (s *Service) view(ctx context.Context, market model.MarketID) (*engine.View, error) {
	v, err := s.exchange.View(market)
	if !errors.Is(err, model.ErrMarketNotFound) {
		return v, err
	}
	listing, err := s.catalogue.Listing(ctx, market)
	if err != nil {
		return nil, err
	}
	return &engine.View{Market: model.Market{ID: market, Listing: listing, Settings: model.DefaultSettings()}}, nil
}
