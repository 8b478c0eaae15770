package service

import (
	"context"
	"errors"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// Cancel takes what is open of the caller's order out of the book (MATCH-012).
// Errors: model.NotFound(side), ErrAlreadyMatched, ErrNotOpen.
func (s *Service) Cancel(ctx context.Context, account model.AccountID, side model.Side, order model.OrderID) (model.LimitOrder, error) {
	c := model.Command{Kind: model.Cancel, Account: account, Side: side, Order: order}
	if _, err := s.exchange.Submit(ctx, c); err != nil {
		return model.LimitOrder{}, s.why(ctx, account, side, order, err)
	}
	return s.changed(ctx, side, order)
}

// changed reads an order that this call has changed; what is done is answered, so it
// waits for the tables as long as the caller does.
func (s *Service) changed(ctx context.Context, side model.Side, order model.OrderID) (model.LimitOrder, error) {
	if err := s.exchange.Settled(ctx, ofOrder(order)); err != nil {
		return model.LimitOrder{}, err
	}
	return s.store.Order(ctx, side, order)
}

// Replacement is what an open order shall become.
type Replacement struct {
	Side          model.Side
	Order         model.OrderID
	Price         money.Minor
	Qty           model.Qty // the open quantity wanted
	ClientOrderID string    // of the new order, when one is entered
	Confirm       bool
}

// Replace changes the caller's order: less at the same price keeps its place,
// anything else enters a new order with the remaining life (MATCH-012).
// Errors: as Cancel and Place.
func (s *Service) Replace(ctx context.Context, account model.AccountID, r Replacement) (Placed, error) {
	old, err := s.Order(ctx, account, r.Side, r.Order)
	if err != nil {
		return Placed{}, err
	}
	if old.Stock != id.None {
		return Placed{}, model.ErrFromStock
	}
	c := model.Command{
		Kind: model.Replace, Market: old.Market, Account: account, Side: r.Side, Order: r.Order,
		Price: r.Price, Qty: r.Qty, ClientOrderID: r.ClientOrderID, Confirmed: r.Confirm,
	}
	c.Content = fingerprint(&c)
	reply, err := s.exchange.Submit(ctx, c)
	if err != nil {
		return Placed{}, s.why(ctx, account, r.Side, r.Order, err)
	}
	p, err := s.placed(ctx, reply)
	if err == nil && p.Kept {
		p.Order, err = s.changed(ctx, r.Side, r.Order)
	}
	return p, err
}

// why finds out what became of an order the engine no longer knows as open.
func (s *Service) why(ctx context.Context, account model.AccountID, side model.Side, order model.OrderID, refusal error) error {
	if !errors.Is(refusal, model.ErrNotOpen) {
		return refusal
	}
	o, err := s.Order(ctx, account, side, order)
	switch {
	case err != nil:
		return err
	case o.Status == model.Matched:
		return model.ErrAlreadyMatched
	}
	return model.ErrNotOpen.Msgf("it is no longer open: it is %s", o.Status)
}

// SetDeadMan cancels all of an account's orders after a while unless it is called again before;
// 0 switches that off (MATCH-013). It returns when, 0 for never.
func (s *Service) SetDeadMan(ctx context.Context, account model.AccountID, after time.Duration) (model.Instant, error) {
	fires := model.At(s.clock.Now().Add(after))
	err := s.exchange.SubmitAll(ctx, model.Command{Kind: model.SetDeadMan, Account: account, Life: after.Microseconds()})
	if err != nil || after == 0 {
		return 0, err
	}
	return fires, nil
}

// CancelAll cancels the caller's open orders, in one market or in all, of one
// side or (0) both; atomic per market. It returns those that it closed.
func (s *Service) CancelAll(ctx context.Context, account model.AccountID, market model.MarketID, side model.Side) ([]model.LimitOrder, error) {
	markets := []model.MarketID{market}
	if market == (model.MarketID{}) {
		tables, err := s.tables(ctx)
		if err != nil {
			return nil, err
		}
		if markets, err = tables.OpenMarkets(ctx, account); err != nil {
			return nil, err
		}
	}
	var closed []model.LimitOrder
	for _, m := range markets {
		reply, err := s.exchange.Submit(ctx, model.Command{Kind: model.CancelAll, Market: m, Account: account, Side: side})
		if err != nil && !errors.Is(err, model.ErrMarketNotFound) {
			return nil, err
		}
		closed = append(closed, reply.Closed...)
	}
	return closed, nil
}
