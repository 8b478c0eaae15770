// Package consumer gives the events of the exchange their effect on the catalogue.
package consumer

import (
	"context"
	"fmt"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/event"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// Source is whose events these are.
const Source = "bidding"

// Handler implements event.Gatherer: matches count as sales of their products (PROD-004).
type Handler struct {
	service *service.Service
}

var _ event.Gatherer = (*Handler)(nil)

// New returns a handler of the exchange's events.
func New(s *service.Service) *Handler { return &Handler{s} }

// Position implements event.Handler.
func (h *Handler) Position(ctx context.Context, partition int32) (int64, error) {
	return h.service.Followed(ctx, Source, partition)
}

// Handle implements event.Handler.
func (h *Handler) Handle(ctx context.Context, partition int32, b event.Batch) error {
	return h.HandleAll(ctx, partition, []event.Batch{b})
}

// HandleAll implements event.Gatherer. What another instance counted meanwhile is not
// counted again: the position moves in the transaction that counts.
func (h *Handler) HandleAll(ctx context.Context, partition int32, batches []event.Batch) error {
	var sales []model.Sale
	for _, b := range batches {
		for _, e := range b.Events {
			sale, ok, err := saleOf(b.Seq, e)
			if err != nil {
				return fmt.Errorf("event of %s: %w", Source, err)
			}
			if ok {
				sales = append(sales, sale)
			}
		}
	}
	return h.service.CountSales(ctx, Source, partition, batches[len(batches)-1].Seq, sales)
}

// saleOf leaves alone what is no match. A market is a size (MKT-001); a sale that was
// reversed takes back what it added, on the day it was made.
func saleOf(seq int64, e event.Event) (sale model.Sale, ok bool, err error) {
	msg, err := e.Message()
	if err != nil {
		return model.Sale{}, false, err
	}
	sale = model.Sale{At: e.At, Seq: seq}
	var market string
	switch m := msg.(type) {
	case *biddingv1.MatchMade:
		market, sale.Items = m.GetMarketId(), m.GetQuantity()
	case *biddingv1.MatchReversed:
		market, sale.Items, sale.At = m.GetMarketId(), -m.GetQuantity(), m.GetSoldAt().AsTime()
	default:
		return model.Sale{}, false, nil
	}
	sale.Size, err = id.Parse("market_id", market)
	return sale, true, err
}
