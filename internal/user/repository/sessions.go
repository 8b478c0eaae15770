package repository

import (
	"context"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/internal/user/repository/dbgen"
	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// CreateSession implements service.Sessions.
func (r *Repository) CreateSession(ctx context.Context, s model.Session) error {
	return wrap(r.q.CreateSession(ctx, dbgen.CreateSessionParams{
		ID: s.ID, UserID: s.UserID, Device: s.Client.Device, Ip: s.Client.IP, IpPrefix: s.Client.Prefix(),
		CreatedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt,
	}), "create session of %s", s.UserID)
}

// SessionUser implements service.Sessions.
func (r *Repository) SessionUser(ctx context.Context, session id.UUID) (model.Session, model.User, error) {
	row, err := r.q.SessionWithUser(ctx, session)
	return toSession(row.Session), toUser(row.User, row.Roles), found(err, model.ErrSessionUnknown, session)
}

// LiveSessions implements service.Sessions.
func (r *Repository) LiveSessions(ctx context.Context, user id.UUID, now time.Time, after *service.Cursor, limit int) ([]model.Session, error) {
	at, last := keyset(after)
	rows, err := r.q.LiveSessions(ctx, dbgen.LiveSessionsParams{
		UserID: user, Now: now, BeforeAt: at, BeforeID: last, Size: int32(limit), //nolint:gosec // a page is at most 101
	})
	sessions := make([]model.Session, len(rows))
	for i, row := range rows {
		sessions[i] = toSession(row)
	}
	return sessions, wrap(err, "list sessions of %s", user)
}

// EndSessions implements service.Sessions.
func (r *Repository) EndSessions(ctx context.Context, e service.End) ([]id.UUID, error) {
	reason := string(e.Reason)
	ended, err := r.q.EndSessions(ctx, dbgen.EndSessionsParams{
		Now: &e.At, Reason: &reason, UserID: e.User, OneID: optional(e.Only), ExceptID: optional(e.Except),
	})
	return ended, wrap(err, "end sessions of %s", e.User)
}

// SignedInFrom implements service.Sessions.
func (r *Repository) SignedInFrom(ctx context.Context, user id.UUID, prefix string) (bool, error) {
	known, err := r.q.SignedInFrom(ctx, dbgen.SignedInFromParams{UserID: user, IpPrefix: prefix})
	return known, wrap(err, "networks of %s", user)
}

// LockSession implements service.Tokens.
func (r *Repository) LockSession(ctx context.Context, session id.UUID) error {
	return wrap(r.q.LockSession(ctx, session), "lock session %s", session)
}

// CreateToken implements service.Tokens.
func (r *Repository) CreateToken(ctx context.Context, t model.Token) error {
	return wrap(r.q.CreateToken(ctx, dbgen.CreateTokenParams{
		TokenHash: t.Hash, SessionID: t.SessionID, Parent: t.Parent, CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt,
	}), "create refresh token of session %s", t.SessionID)
}

// Token implements service.Tokens.
func (r *Repository) Token(ctx context.Context, hash []byte) (model.Token, error) {
	row, err := r.q.Token(ctx, hash)
	return toToken(row), found(err, model.ErrRefreshInvalid, "refresh token")
}

// Child implements service.Tokens.
func (r *Repository) Child(ctx context.Context, parent []byte) (model.Token, error) {
	row, err := r.q.TokenChild(ctx, parent)
	return toToken(row), found(err, model.ErrRefreshInvalid, "child of refresh token")
}

// UseToken implements service.Tokens.
func (r *Repository) UseToken(ctx context.Context, t model.Token, at, expires time.Time) error {
	if err := r.q.UseToken(ctx, dbgen.UseTokenParams{TokenHash: t.Hash, UsedAt: &at}); err != nil {
		return wrap(err, "use refresh token of session %s", t.SessionID)
	}
	err := r.q.TouchSession(ctx, dbgen.TouchSessionParams{ID: t.SessionID, Now: at, ExpiresAt: expires})
	return wrap(err, "touch session %s", t.SessionID)
}

func toSession(s dbgen.Session) model.Session {
	return model.Session{
		ID: s.ID, UserID: s.UserID, Client: model.Client{Device: s.Device, IP: s.Ip},
		CreatedAt: s.CreatedAt, LastUsedAt: s.LastUsedAt, ExpiresAt: s.ExpiresAt, RevokedAt: s.RevokedAt,
	}
}

func toToken(t dbgen.RefreshToken) model.Token {
	return model.Token{
		Hash: t.TokenHash, SessionID: t.SessionID, Parent: t.Parent,
		CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, UsedAt: t.UsedAt,
	}
}
