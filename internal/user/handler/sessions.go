package handler

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// RefreshToken implements userv1.UserServiceServer.
func (h *Handler) RefreshToken(ctx context.Context, req *userv1.RefreshTokenRequest) (*userv1.RefreshTokenResponse, error) {
	in, err := h.svc.Refresh(ctx, req.GetRefreshToken())
	if err != nil {
		return nil, err
	}
	return &userv1.RefreshTokenResponse{
		AccessToken: in.Access.Token, RefreshToken: in.Refresh, ExpiresIn: seconds(in.Access.ExpiresIn),
	}, nil
}

// Logout implements userv1.UserServiceServer.
func (h *Handler) Logout(ctx context.Context, _ *userv1.LogoutRequest) (*userv1.LogoutResponse, error) {
	return &userv1.LogoutResponse{}, h.svc.Logout(ctx, rpc.Caller(ctx))
}

// ListSessions implements userv1.UserServiceServer.
func (h *Handler) ListSessions(ctx context.Context, req *userv1.ListSessionsRequest) (*userv1.ListSessionsResponse, error) {
	caller := rpc.Caller(ctx)
	sessions, next, err := list(req.GetPageSize(), req.GetPageToken(),
		func(s model.Session) service.Cursor { return service.Cursor{At: s.CreatedAt, ID: s.ID} },
		func(after *service.Cursor, limit int) ([]model.Session, error) {
			return h.svc.Sessions(ctx, caller, after, limit)
		})
	if err != nil {
		return nil, err
	}
	res := &userv1.ListSessionsResponse{NextPageToken: next}
	for _, s := range sessions {
		res.Sessions = append(res.Sessions, session(s, caller.Session))
	}
	return res, nil
}

func session(s model.Session, current id.UUID) *userv1.Session {
	return &userv1.Session{
		Id: s.ID.String(), Device: s.Client.Device, Ip: s.Client.IP,
		CreatedAt:  timestamppb.New(s.CreatedAt),
		LastUsedAt: timestamppb.New(s.LastUsedAt),
		ExpiresAt:  timestamppb.New(s.ExpiresAt),
		Current:    s.ID == current,
	}
}

// RevokeSession implements userv1.UserServiceServer.
func (h *Handler) RevokeSession(ctx context.Context, req *userv1.RevokeSessionRequest) (*userv1.RevokeSessionResponse, error) {
	session, err := id.Parse("session_id", req.GetSessionId())
	if err != nil {
		return nil, err
	}
	return &userv1.RevokeSessionResponse{}, h.svc.RevokeSession(ctx, rpc.Caller(ctx), session)
}

// RevokeAllSessions implements userv1.UserServiceServer.
func (h *Handler) RevokeAllSessions(ctx context.Context, _ *userv1.RevokeAllSessionsRequest) (*userv1.RevokeAllSessionsResponse, error) {
	n, err := h.svc.RevokeAllSessions(ctx, rpc.Caller(ctx))
	return &userv1.RevokeAllSessionsResponse{Revoked: int32(n)}, err //nolint:gosec // a count of rows
}
