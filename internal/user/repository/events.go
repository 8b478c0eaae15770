package repository

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	"github.com/sneakers-marketplace/marketplace/pkg/event"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/outbox"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// events is the log that other services follow (EVENT-001).
var events = outbox.New("user_outbox")

var _ event.Log = (*Repository)(nil)

// Partitions implements event.Log: accounts are few enough for one.
func (r *Repository) Partitions(context.Context) ([]int32, error) { return []int32{0}, nil }

// After implements event.Log.
func (r *Repository) After(ctx context.Context, _ int32, seq int64, limit int) ([]event.Batch, error) {
	return events.After(ctx, r.db, seq, limit)
}

// Announce implements service.Events.
func (r *Repository) Announce(ctx context.Context, at time.Time, e model.Event) error {
	msg, err := payload(e)
	if err != nil {
		return err
	}
	return events.Append(ctx, r.db, at, msg)
}

func payload(e model.Event) (proto.Message, error) {
	switch e := e.(type) {
	case model.SessionsEnded:
		return &userv1.SessionsEnded{UserId: e.UserID.String(), SessionIds: texts(e.Sessions), Reason: string(e.Reason)}, nil
	case model.RolesChanged:
		return &userv1.RolesChanged{UserId: e.UserID.String(), Roles: texts(e.Roles)}, nil
	case model.BanChanged:
		if e.Lifted {
			return &userv1.AccountUnbanned{UserId: e.UserID.String(), Version: e.Version}, nil
		}
		return &userv1.AccountBanned{UserId: e.UserID.String(), Version: e.Version}, nil
	}
	return nil, fmt.Errorf("no payload for %T", e)
}

// texts writes ids and words as text.
func texts[T any](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprint(v)
	}
	return out
}

// RevokedSince implements service.Events. The head is read before the events, so that
// what comes after it is told again rather than not at all.
func (r *Repository) RevokedSince(ctx context.Context, at time.Time) (service.Revoked, error) {
	head, err := events.Head(ctx, r.db)
	if err != nil {
		return service.Revoked{}, err
	}
	batches, err := events.Since(ctx, r.db, at)
	if err != nil {
		return service.Revoked{}, err
	}
	out, err := revoked(batches)
	out.Complete, out.Seq = true, head
	return out, err
}

const revokedAtOnce = 1000 // events read at a time

// RevokedAfter implements service.Events.
func (r *Repository) RevokedAfter(ctx context.Context, seq int64) (service.Revoked, error) {
	batches, err := events.After(ctx, r.db, seq, revokedAtOnce)
	if err != nil {
		return service.Revoked{}, err
	}
	out, err := revoked(batches)
	out.Seq = seq
	if n := len(batches); n > 0 {
		out.Seq, out.More = batches[n-1].Seq, n == revokedAtOnce
	}
	return out, err
}

// revoked sums up events; the last word on an account's roles holds.
func revoked(batches []event.Batch) (service.Revoked, error) {
	out := service.Revoked{Roles: map[id.UUID][]model.Role{}}
	for _, b := range batches {
		for _, e := range b.Events {
			msg, err := e.Payload.UnmarshalNew()
			if err != nil {
				return out, fmt.Errorf("event %d: %w", b.Seq, err)
			}
			if err := revoke(&out, msg); err != nil {
				return out, fmt.Errorf("event %d: %w", b.Seq, err)
			}
		}
	}
	return out, nil
}

func revoke(out *service.Revoked, msg proto.Message) error {
	switch m := msg.(type) {
	case *userv1.SessionsEnded:
		for _, text := range m.GetSessionIds() {
			session, err := id.Parse("session_ids", text)
			if err != nil {
				return err
			}
			out.Sessions = append(out.Sessions, session)
		}
	case *userv1.RolesChanged:
		user, err := id.Parse("user_id", m.GetUserId())
		if err != nil {
			return err
		}
		roles := make([]model.Role, len(m.GetRoles()))
		for i, role := range m.GetRoles() {
			roles[i] = model.Role(role)
		}
		out.Roles[user] = roles
	}
	return nil
}
