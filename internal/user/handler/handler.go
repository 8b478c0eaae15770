// Package handler speaks gRPC for the user service: protobuf to model and back.
package handler

import (
	"context"

	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	"github.com/sneakers-marketplace/marketplace/pkg/page"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// Handler is userv1.UserServiceServer over the use cases.
type Handler struct {
	userv1.UnimplementedUserServiceServer
	svc *service.Service
}

// New returns the handler of svc.
func New(svc *service.Service) *Handler { return &Handler{svc: svc} }

// Serve adds the service to a server.
func (h *Handler) Serve(r grpc.ServiceRegistrar) { userv1.RegisterUserServiceServer(r, h) }

// client is where the call comes from.
func client(ctx context.Context) model.Client {
	device, ip := rpc.ClientInfo(ctx)
	return model.Client{Device: device, IP: ip}
}

// list reads one page: what the request asks for, one object more to know whether
// the list goes on, and the token of the next page.
func list[T any](size int32, token string, key func(T) service.Cursor,
	read func(after *service.Cursor, limit int) ([]T, error),
) (items []T, next string, err error) {
	var cursor service.Cursor
	var after *service.Cursor
	given, err := page.Decode(token, &cursor)
	if err != nil {
		return nil, "", err
	}
	if given {
		after = &cursor
	}
	n := page.Size(size)
	if items, err = read(after, n+1); err != nil {
		return nil, "", err
	}
	if len(items) > n {
		items = items[:n]
		next = page.Encode(key(items[n-1]))
	}
	return items, next, nil
}
