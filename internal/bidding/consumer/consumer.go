// Package consumer gives the events of other services their effect on the exchange.
package consumer

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/service"
	"github.com/sneakers-marketplace/marketplace/pkg/event"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// Handler implements event.Gatherer for one source.
type Handler struct {
	service *service.Service
	source  string // whose events: "user" or "product"
}

var _ event.Gatherer = (*Handler)(nil)

// New returns a handler of the events of source.
func New(s *service.Service, source string) *Handler { return &Handler{s, source} }

// Position implements event.Handler.
func (h *Handler) Position(ctx context.Context, partition int32) (int64, error) {
	return h.service.Followed(ctx, h.source, partition)
}

// Handle implements event.Handler.
func (h *Handler) Handle(ctx context.Context, partition int32, b event.Batch) error {
	return h.HandleAll(ctx, partition, []event.Batch{b})
}

// HandleAll implements event.Gatherer. Effects go by the version of what they are about,
// so batches whose position was not noted may come again, and of several changes of a
// product only the last counts.
func (h *Handler) HandleAll(ctx context.Context, partition int32, batches []event.Batch) error {
	changes := make(map[id.UUID]model.Listing)
	for _, b := range batches {
		for _, e := range b.Events {
			msg, err := e.Message()
			if err == nil {
				err = h.effect(ctx, msg, changes)
			}
			if err != nil {
				return fmt.Errorf("event of %s: %w", h.source, err)
			}
		}
	}
	if err := h.service.Relist(ctx, changes); err != nil {
		return fmt.Errorf("events of %s: %w", h.source, err)
	}
	return h.service.Advance(ctx, h.source, partition, batches[len(batches)-1].Seq)
}

// effect gives an event its effect, or notes it among the changes of products. What does
// not concern the exchange it leaves alone.
func (h *Handler) effect(ctx context.Context, msg proto.Message, changes map[id.UUID]model.Listing) error {
	switch m := msg.(type) {
	case *userv1.AccountBanned:
		return h.ban(ctx, m.GetUserId(), model.Ban{Version: m.GetVersion()})
	case *userv1.AccountUnbanned:
		return h.ban(ctx, m.GetUserId(), model.Ban{Version: m.GetVersion(), Lifted: true})
	case *productv1.ProductChanged:
		product, err := id.Parse("product_id", m.GetProductId())
		if err != nil {
			return err
		}
		if m.GetVersion() > changes[product].Version {
			changes[product] = model.Listing{
				ProductName: m.GetName(), SKU: m.GetSku(), Version: m.GetVersion(),
				Delisted: m.GetDeleted() || m.GetStatus() != productv1.ProductStatus_ACTIVE,
			}
		}
	}
	return nil
}

func (h *Handler) ban(ctx context.Context, account string, b model.Ban) error {
	key, err := id.Parse("user_id", account)
	if err != nil {
		return err
	}
	return h.service.Ban(ctx, key, b)
}
