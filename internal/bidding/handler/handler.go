// Package handler is the exchange's gRPC face: protobuf to model and back.
package handler

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/dropcopy"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/service"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// Handler serves bidding.v1.BiddingService.
type Handler struct {
	biddingv1.UnimplementedBiddingServiceServer
	service *service.Service
	copies  *dropcopy.Feed
}

// New returns a handler for a service and the feed of everybody's own orders.
func New(s *service.Service, copies *dropcopy.Feed) *Handler {
	return &Handler{service: s, copies: copies}
}

// timestamp turns an instant into its message; an unset one stays absent.
func timestamp(i model.Instant) *timestamppb.Timestamp {
	if i == 0 {
		return nil
	}
	return timestamppb.New(i.Time())
}

// optionalMarket reads a market id that may be left out.
func optionalMarket(s string) (model.MarketID, error) {
	if s == "" {
		return model.MarketID{}, nil
	}
	return id.Parse("market_id", s)
}

func seconds(s int64) time.Duration {
	if s > int64(model.MaxLife/time.Second) || s < 0 {
		return -1 // out of range whatever the unit; the service names what is allowed
	}
	return time.Duration(s) * time.Second
}
