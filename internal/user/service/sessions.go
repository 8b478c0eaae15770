package service

import (
	"context"
	"errors"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// keepSessions is how long an ended session is remembered, so that its network
// still counts as known at sign-in.
const keepSessions = 90 * 24 * time.Hour

// Logout ends the caller's session; its tokens are refused from now on (USER-006).
// Errors: model.ErrSessionEnded.
func (s *Service) Logout(ctx context.Context, caller auth.Claims) error {
	_, err := s.end(ctx, caller, End{Only: caller.Session, Reason: model.EndLogout})
	return err
}

// RevokeSession ends one of the caller's sessions.
// Errors: model.ErrSessionUnknown when it is not his or ended already.
func (s *Service) RevokeSession(ctx context.Context, caller auth.Claims, session id.UUID) error {
	n, err := s.end(ctx, caller, End{Only: session, Reason: model.EndRevoked})
	if err == nil && n == 0 {
		return model.ErrSessionUnknown
	}
	return err
}

// RevokeAllSessions ends every session of the caller, this one too, and answers how many.
func (s *Service) RevokeAllSessions(ctx context.Context, caller auth.Claims) (int, error) {
	return s.end(ctx, caller, End{Reason: model.EndRevoked})
}

func (s *Service) end(ctx context.Context, caller auth.Claims, e End) (int, error) {
	user, err := s.actor(ctx, caller)
	if err != nil {
		return 0, err
	}
	e.User, e.At = user.ID, s.Clock.Now()
	var ended int
	err = s.Store.InTx(ctx, func(tx Store) (err error) {
		ended, err = endSessions(ctx, tx, e)
		return err
	})
	return ended, err
}

// Sessions lists the caller's live sessions, newest first.
func (s *Service) Sessions(ctx context.Context, caller auth.Claims, after *Cursor, limit int) ([]model.Session, error) {
	user, err := s.actor(ctx, caller)
	if err != nil {
		return nil, err
	}
	return s.Store.LiveSessions(ctx, user.ID, s.Clock.Now(), after, limit)
}

// Sweep removes refresh tokens that can no longer be used and sessions long ended.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.Clock.Now()
	return s.Store.Sweep(ctx, now, now.Add(-keepSessions))
}

func isUnknown(err error) bool { return errors.Is(err, model.ErrSessionUnknown) }
func isReuse(err error) bool   { return errors.Is(err, model.ErrRefreshReused) }
