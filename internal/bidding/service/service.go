package service

import (
	"context"
	"errors"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// Service carries out what callers ask of the exchange. The account it is handed
// is the caller's, from the verified token.
type Service struct {
	exchange  Exchange
	store     Store
	catalogue Catalogue
	warehouse Warehouse
	clock     clock.Clock
}

// New returns a service on an engine, its tables, the catalogue and the warehouse.
func New(exchange Exchange, store Store, catalogue Catalogue, warehouse Warehouse, clk clock.Clock) *Service {
	return &Service{exchange: exchange, store: store, catalogue: catalogue, warehouse: warehouse, clock: clk}
}

// submit hands a command to the engine. A market that nobody used yet is opened first,
// from what the catalogue says of its size, and one that was opened but not confirmed,
// because somebody is about to, or was cut off, is confirmed (MKT-002).
func (s *Service) submit(ctx context.Context, c model.Command) (engine.Reply, error) {
	reply, err := s.exchange.Submit(ctx, c)
	switch {
	case errors.Is(err, model.ErrMarketNotFound):
		if err := s.open(ctx, c.Market); err != nil {
			return engine.Reply{}, err
		}
	case errors.Is(err, model.ErrMarketHalted) && !s.halted(ctx, c.Market):
	default:
		return reply, err
	}
	if err := s.confirm(ctx, c.Market); err != nil {
		return engine.Reply{}, err
	}
	return s.exchange.Submit(ctx, c)
}

// open makes a market, in which nothing can be placed before it is confirmed.
func (s *Service) open(ctx context.Context, market model.MarketID) error {
	listing, err := s.catalogue.Listing(ctx, market)
	if err != nil {
		return err
	}
	_, err = s.exchange.Submit(ctx, model.Command{
		Kind: model.OpenMarket, Market: market, Listing: new(listing.Unconfirmed()), Settings: new(model.DefaultSettings()),
	})
	return err
}

// halted reports whether a market takes nothing and is meant to: neither is one that was
// never confirmed, nor one that was confirmed since it refused an order.
func (s *Service) halted(ctx context.Context, market model.MarketID) bool {
	v, err := s.exchange.View(ctx, market)
	return err != nil || (v.Market.Listing.Version != 0 && v.Market.State() == model.MarketHalted)
}

// confirm looks at the catalogue again, now that the market would be told of changes.
// Errors: model.ErrMarketNotFound when the product has left the catalogue meanwhile.
func (s *Service) confirm(ctx context.Context, market model.MarketID) error {
	now, err := s.catalogue.Listing(ctx, market)
	if err != nil {
		return err
	}
	return s.relist(ctx, market, now)
}

// patience is how long a read waits for the tables.
const patience = 250 * time.Millisecond

// Where something lives, for reads that are about nothing else.
func ofMarket(m model.MarketID) model.Command { return model.Command{Market: m} }
func ofOrder(o model.OrderID) model.Command   { return model.Command{Order: o} }
func ofMatch(m model.MatchID) model.Command   { return model.Command{Order: model.OrderID(m)} } // numbered alike

// tables returns the store once it shows everything that was committed before the call,
// so that whoever was answered sees his own doing (DATA-004).
// Errors: model.ErrUnavailable when that takes too long: rather nothing than the past.
func (s *Service) tables(ctx context.Context, about ...model.Command) (Store, error) {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := s.exchange.Settled(wait, about...)
	if err != nil && wait.Err() != nil && ctx.Err() == nil {
		return nil, model.ErrUnavailable.After(patience)
	}
	return s.store, err
}

// Settled waits as long as a read does until the tables show everything that was committed
// before the call. Errors: model.ErrUnavailable when that takes too long.
func (s *Service) Settled(ctx context.Context) error {
	_, err := s.tables(ctx)
	return err
}

// view returns a market's picture; one nobody used yet is empty.
// Errors: model.ErrMarketNotFound when the catalogue has no such size.
func (s *Service) view(ctx context.Context, market model.MarketID) (*engine.View, error) {
	v, err := s.exchange.View(ctx, market)
	if !errors.Is(err, model.ErrMarketNotFound) {
		return v, err
	}
	listing, err := s.catalogue.Listing(ctx, market)
	if err != nil {
		return nil, err
	}
	return &engine.View{Market: model.Market{ID: market, Listing: listing, Settings: model.DefaultSettings()}}, nil
}

// Currency returns what a market trades in, which never changes.
// Errors: model.ErrMarketNotFound; model.ErrUnavailable.
func (s *Service) Currency(ctx context.Context, market model.MarketID) (money.Currency, error) {
	v, err := s.view(ctx, market)
	if err != nil {
		return "", err
	}
	return v.Market.Listing.Currency, nil
}
