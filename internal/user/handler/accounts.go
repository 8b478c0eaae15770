package handler

import (
	"context"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// Register implements userv1.UserServiceServer.
func (h *Handler) Register(ctx context.Context, req *userv1.RegisterRequest) (*userv1.RegisterResponse, error) {
	err := h.svc.Register(ctx, service.Registration{
		Email: req.GetEmail(), Password: req.GetPassword(), FirstName: req.GetFirstName(), LastName: req.GetLastName(),
	})
	return &userv1.RegisterResponse{}, err
}

// Login implements userv1.UserServiceServer.
func (h *Handler) Login(ctx context.Context, req *userv1.LoginRequest) (*userv1.LoginResponse, error) {
	in, err := h.svc.Login(ctx, req.GetEmail(), req.GetPassword(), client(ctx))
	if err != nil {
		return nil, err
	}
	return &userv1.LoginResponse{
		User: user(in.User), AccessToken: in.Access.Token, RefreshToken: in.Refresh, ExpiresIn: seconds(in.Access.ExpiresIn),
	}, nil
}

// GetProfile implements userv1.UserServiceServer.
func (h *Handler) GetProfile(ctx context.Context, _ *userv1.GetProfileRequest) (*userv1.GetProfileResponse, error) {
	u, err := h.svc.Profile(ctx, rpc.Caller(ctx))
	if err != nil {
		return nil, err
	}
	return &userv1.GetProfileResponse{User: user(u)}, nil
}

// UpdateProfile implements userv1.UserServiceServer.
func (h *Handler) UpdateProfile(ctx context.Context, req *userv1.UpdateProfileRequest) (*userv1.UpdateProfileResponse, error) {
	mask, err := rpc.Mask(req.GetUpdateMask(), "first_name", "last_name", "phone", "shoe_size")
	if err != nil {
		return nil, err
	}
	u, err := h.svc.UpdateProfile(ctx, rpc.Caller(ctx), func(p *model.Profile) {
		put(mask, "first_name", &p.FirstName, req.GetFirstName())
		put(mask, "last_name", &p.LastName, req.GetLastName())
		put(mask, "phone", &p.Phone, req.GetPhone())
		put(mask, "shoe_size", &p.ShoeSize, req.GetShoeSize())
	})
	if err != nil {
		return nil, err
	}
	return &userv1.UpdateProfileResponse{User: user(u)}, nil
}

// ChangePassword implements userv1.UserServiceServer.
func (h *Handler) ChangePassword(ctx context.Context, req *userv1.ChangePasswordRequest) (*userv1.ChangePasswordResponse, error) {
	err := h.svc.ChangePassword(ctx, rpc.Caller(ctx), req.GetPassword(), req.GetNewPassword(), client(ctx))
	return &userv1.ChangePasswordResponse{}, err
}

// AcceptSellerTerms implements userv1.UserServiceServer.
func (h *Handler) AcceptSellerTerms(ctx context.Context, _ *userv1.AcceptSellerTermsRequest) (*userv1.AcceptSellerTermsResponse, error) {
	u, access, err := h.svc.AcceptSellerTerms(ctx, rpc.Caller(ctx))
	if err != nil {
		return nil, err
	}
	return &userv1.AcceptSellerTermsResponse{
		User: user(u), AccessToken: access.Token, ExpiresIn: seconds(access.ExpiresIn),
	}, nil
}

// put writes a field that the mask names.
func put[T any](mask map[string]bool, name string, into *T, value T) {
	if mask[name] {
		*into = value
	}
}
