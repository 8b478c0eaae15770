package handler

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// AddAddress implements userv1.UserServiceServer.
func (h *Handler) AddAddress(ctx context.Context, req *userv1.AddAddressRequest) (*userv1.AddAddressResponse, error) {
	a, err := h.svc.AddAddress(ctx, rpc.Caller(ctx), fromAddress(req.GetAddress()))
	if err != nil {
		return nil, err
	}
	return &userv1.AddAddressResponse{Address: address(a)}, nil
}

// GetAddress implements userv1.UserServiceServer.
func (h *Handler) GetAddress(ctx context.Context, req *userv1.GetAddressRequest) (*userv1.GetAddressResponse, error) {
	key, err := id.Parse("address_id", req.GetAddressId())
	if err != nil {
		return nil, err
	}
	a, err := h.svc.Address(ctx, rpc.Caller(ctx), key)
	if err != nil {
		return nil, err
	}
	return &userv1.GetAddressResponse{Address: address(a)}, nil
}

// ListAddresses implements userv1.UserServiceServer.
func (h *Handler) ListAddresses(ctx context.Context, req *userv1.ListAddressesRequest) (*userv1.ListAddressesResponse, error) {
	addresses, next, err := list(req.GetPageSize(), req.GetPageToken(),
		func(a model.Address) service.Cursor { return service.Cursor{At: a.CreatedAt, ID: a.ID} },
		func(after *service.Cursor, limit int) ([]model.Address, error) {
			return h.svc.Addresses(ctx, rpc.Caller(ctx), kindFrom[req.GetKind()], after, limit)
		})
	if err != nil {
		return nil, err
	}
	res := &userv1.ListAddressesResponse{NextPageToken: next}
	for _, a := range addresses {
		res.Addresses = append(res.Addresses, address(a))
	}
	return res, nil
}

// UpdateAddress implements userv1.UserServiceServer.
func (h *Handler) UpdateAddress(ctx context.Context, req *userv1.UpdateAddressRequest) (*userv1.UpdateAddressResponse, error) {
	key, err := id.Parse("address_id", req.GetAddressId())
	if err != nil {
		return nil, err
	}
	mask, err := rpc.Mask(req.GetUpdateMask(),
		"recipient", "line1", "line2", "city", "region", "postal_code", "country", "phone", "is_default")
	if err != nil {
		return nil, err
	}
	next := req.GetAddress()
	a, err := h.svc.UpdateAddress(ctx, rpc.Caller(ctx), key, next.GetVersion(), func(a *model.Address) {
		put(mask, "recipient", &a.Recipient, next.GetRecipient())
		put(mask, "line1", &a.Line1, next.GetLine1())
		put(mask, "line2", &a.Line2, next.GetLine2())
		put(mask, "city", &a.City, next.GetCity())
		put(mask, "region", &a.Region, next.GetRegion())
		put(mask, "postal_code", &a.PostalCode, next.GetPostalCode())
		put(mask, "country", &a.Country, next.GetCountry())
		put(mask, "phone", &a.Phone, next.GetPhone())
		put(mask, "is_default", &a.IsDefault, next.GetIsDefault())
	})
	if err != nil {
		return nil, err
	}
	return &userv1.UpdateAddressResponse{Address: address(a)}, nil
}

// DeleteAddress implements userv1.UserServiceServer.
func (h *Handler) DeleteAddress(ctx context.Context, req *userv1.DeleteAddressRequest) (*userv1.DeleteAddressResponse, error) {
	key, err := id.Parse("address_id", req.GetAddressId())
	if err != nil {
		return nil, err
	}
	return &userv1.DeleteAddressResponse{}, h.svc.DeleteAddress(ctx, rpc.Caller(ctx), key)
}
