package handler

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// ListUsers implements userv1.UserServiceServer.
func (h *Handler) ListUsers(ctx context.Context, req *userv1.ListUsersRequest) (*userv1.ListUsersResponse, error) {
	users, next, err := list(req.GetPageSize(), req.GetPageToken(),
		func(u model.User) service.Cursor { return service.Cursor{At: u.CreatedAt, ID: u.ID} },
		func(after *service.Cursor, limit int) ([]model.User, error) {
			return h.svc.Users(ctx, rpc.Caller(ctx), req.GetQuery(), after, limit)
		})
	if err != nil {
		return nil, err
	}
	res := &userv1.ListUsersResponse{NextPageToken: next}
	for _, u := range users {
		res.Users = append(res.Users, user(u))
	}
	return res, nil
}

// GetUser implements userv1.UserServiceServer.
func (h *Handler) GetUser(ctx context.Context, req *userv1.GetUserRequest) (*userv1.GetUserResponse, error) {
	key, err := id.Parse("user_id", req.GetUserId())
	if err != nil {
		return nil, err
	}
	u, err := h.svc.User(ctx, rpc.Caller(ctx), key)
	if err != nil {
		return nil, err
	}
	return &userv1.GetUserResponse{User: user(u)}, nil
}

// BanUser implements userv1.UserServiceServer.
func (h *Handler) BanUser(ctx context.Context, req *userv1.BanUserRequest) (*userv1.BanUserResponse, error) {
	key, err := id.Parse("user_id", req.GetUserId())
	if err != nil {
		return nil, err
	}
	u, err := h.svc.Ban(ctx, rpc.Caller(ctx), key, req.GetReason())
	if err != nil {
		return nil, err
	}
	return &userv1.BanUserResponse{User: user(u)}, nil
}

// UnbanUser implements userv1.UserServiceServer.
func (h *Handler) UnbanUser(ctx context.Context, req *userv1.UnbanUserRequest) (*userv1.UnbanUserResponse, error) {
	key, err := id.Parse("user_id", req.GetUserId())
	if err != nil {
		return nil, err
	}
	u, err := h.svc.Unban(ctx, rpc.Caller(ctx), key, req.GetReason())
	if err != nil {
		return nil, err
	}
	return &userv1.UnbanUserResponse{User: user(u)}, nil
}

// SetRoles implements userv1.UserServiceServer.
func (h *Handler) SetRoles(ctx context.Context, req *userv1.SetRolesRequest) (*userv1.SetRolesResponse, error) {
	key, err := id.Parse("user_id", req.GetUserId())
	if err != nil {
		return nil, err
	}
	roles := make([]model.Role, len(req.GetRoles()))
	for i, r := range req.GetRoles() {
		roles[i] = model.Role(r)
	}
	u, err := h.svc.SetRoles(ctx, rpc.Caller(ctx), key, roles, req.GetReason())
	if err != nil {
		return nil, err
	}
	return &userv1.SetRolesResponse{User: user(u)}, nil
}
