package handler

import (
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// WatchRevocations implements userv1.UserServiceServer, for other services.
func (h *Handler) WatchRevocations(_ *userv1.WatchRevocationsRequest, stream grpc.ServerStreamingServer[userv1.WatchRevocationsResponse]) error {
	return h.svc.WatchRevocations(stream.Context(), func(r service.Revoked) error { return stream.Send(revocations(r)) })
}

func revocations(r service.Revoked) *userv1.WatchRevocationsResponse {
	res := &userv1.WatchRevocationsResponse{Complete: r.Complete, EndedSessions: make([][]byte, len(r.Sessions))}
	for i, session := range r.Sessions {
		res.EndedSessions[i] = session[:]
	}
	for user, roles := range r.Roles {
		changed := &userv1.AccountRoles{UserId: user[:]}
		for _, role := range roles {
			changed.Roles = append(changed.Roles, string(role))
		}
		res.ChangedRoles = append(res.ChangedRoles, changed)
	}
	return res
}
