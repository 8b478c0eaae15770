package handler

import (
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// WatchRevocations implements userv1.UserServiceServer, for other services.
func (h *Handler) WatchRevocations(_ *userv1.WatchRevocationsRequest, stream grpc.ServerStreamingServer[userv1.WatchRevocationsResponse]) error {
	return h.svc.WatchRevocations(stream.Context(), func(r service.Revoked) error {
		for _, piece := range revocations(r) {
			if err := stream.Send(piece); err != nil {
				return err
			}
		}
		return nil
	})
}

// pieceSize is how many sessions or accounts a message tells of, well below what gRPC takes.
const pieceSize = 20_000

// revocations is news in one message, or in as many as it takes.
func revocations(r service.Revoked) (pieces []*userv1.WatchRevocationsResponse) {
	piece := &userv1.WatchRevocationsResponse{Complete: r.Complete}
	room := func() {
		if len(piece.EndedSessions)+len(piece.ChangedRoles) == pieceSize {
			piece.More = true
			pieces, piece = append(pieces, piece), &userv1.WatchRevocationsResponse{}
		}
	}
	for _, session := range r.Sessions {
		room()
		piece.EndedSessions = append(piece.EndedSessions, session[:])
	}
	for user, roles := range r.Roles {
		room()
		changed := &userv1.AccountRoles{UserId: user[:]}
		for _, role := range roles {
			changed.Roles = append(changed.Roles, string(role))
		}
		piece.ChangedRoles = append(piece.ChangedRoles, changed)
	}
	piece.More = r.More
	return append(pieces, piece)
}
