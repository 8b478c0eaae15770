// Package handler answers product.v1 over gRPC: it turns messages into the model's
// terms and back, and nothing else.
package handler

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// Handler implements productv1.ProductServiceServer.
type Handler struct {
	productv1.UnimplementedProductServiceServer
	svc *service.Service
}

// New returns a handler on svc.
func New(svc *service.Service) *Handler { return &Handler{svc: svc} }

// caller is who the verified access token says it is (AUTH-001), else the service that
// calls for itself (AUTH-002).
func caller(ctx context.Context) service.Caller {
	claims := rpc.Caller(ctx)
	name := rpc.Service(ctx)
	if claims.Anonymous() {
		return service.Caller{Actor: name, Service: name != ""}
	}
	return service.Caller{
		Actor:   claims.Account.String(),
		Editor:  claims.Has(auth.RoleCatalog, auth.RoleAdmin, auth.RoleOwner),
		Service: name != "",
	}
}
