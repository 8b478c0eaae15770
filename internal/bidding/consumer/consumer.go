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

// Handler implements event.Handler for one source.
type Handler struct {
	service *service.Service
	source  string // whose events: "user" or "product"
}

// New returns a handler of the events of source.
func New(s *service.Service, source string) *Handler { return &Handler{s, source} }

// Position implements event.Handler.
func (h *Handler) Position(ctx context.Context, partition int32) (int64, error) {
	return h.service.Followed(ctx, h.source, partition)
}

// Handle implements event.Handler. Effects go by the version of what they are about, so
// a batch whose position was not noted may come again.
func (h *Handler) Handle(ctx context.Context, partition int32, b event.Batch) error {
	for _, e := range b.Events {
		msg, err := e.Payload.UnmarshalNew()
		if err != nil {
			return fmt.Errorf("event of %s: %w", h.source, err)
		}
		if err := h.effect(ctx, msg); err != nil {
			return fmt.Errorf("event of %s: %w", h.source, err)
		}
	}
	return h.service.Advance(ctx, h.source, partition, b.Seq)
}

// effect leaves alone what does not concern the exchange.
func (h *Handler) effect(ctx context.Context, msg proto.Message) error {
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
		return h.service.Relist(ctx, product, model.Listing{
			ProductName: m.GetName(), SKU: m.GetSku(), Version: m.GetVersion(),
			Delisted: m.GetDeleted() || m.GetStatus() != productv1.ProductStatus_ACTIVE,
		})
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
