package service

import (
	"bytes"
	"context"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Refresh exchanges a refresh token for its child and a new access token.
//
// The newest token of a session moves on to its child. Its direct parent, repeated
// within auth.RefreshGrace while the child is unused, gets the same child again.
// Anything older is a copy in the wrong hands or a broken client: the session ends.
// Errors: model.ErrRefreshInvalid, model.ErrRefreshExpired, model.ErrRefreshReused,
// model.ErrSessionEnded. Rule: USER-005.
func (s *Service) Refresh(ctx context.Context, token string) (SignedIn, error) {
	var out SignedIn
	var refusal error // an answer of "no" that must be committed
	err := s.Store.InTx(ctx, func(tx Store) error {
		r := rotation{s, tx, s.Clock.Now(), model.Session{}}
		user, child, err := r.exchange(ctx, token)
		if isReuse(err) {
			refusal = err
			return r.endFamily(ctx)
		}
		if err != nil {
			return err
		}
		out.User, out.Refresh = user, child
		out.Access, err = s.access(user, r.session.ID)
		return err
	})
	if err == nil {
		err = refusal
	}
	if err != nil {
		return SignedIn{}, err
	}
	return out, nil
}

// rotation is one exchange of a refresh token, inside its transaction.
type rotation struct {
	*Service
	tx      Store
	now     time.Time
	session model.Session
}

func (r *rotation) exchange(ctx context.Context, token string) (model.User, string, error) {
	hash := auth.HashRefresh(token)
	stored, err := r.tx.Token(ctx, hash)
	if err != nil {
		return model.User{}, "", err
	}
	// One refresh of a session at a time; what was read before is read again.
	if err := r.tx.LockSession(ctx, stored.SessionID); err != nil {
		return model.User{}, "", err
	}
	if stored, err = r.tx.Token(ctx, hash); err != nil {
		return model.User{}, "", err
	}
	session, user, err := r.tx.SessionUser(ctx, stored.SessionID)
	if err != nil {
		return model.User{}, "", err
	}
	r.session = session
	switch {
	case session.RevokedAt != nil || user.Banned():
		return model.User{}, "", model.ErrSessionEnded
	case !r.now.Before(stored.ExpiresAt):
		return model.User{}, "", model.ErrRefreshExpired
	case stored.UsedAt == nil:
		child, err := r.rotate(ctx, stored, token)
		return user, child, err
	}
	child, err := r.repeat(ctx, stored, token)
	return user, child, err
}

// rotate moves the session on from its newest token to that token's child.
func (r *rotation) rotate(ctx context.Context, parent model.Token, token string) (string, error) {
	child := r.Refresher.Children(token)[0]
	expires := r.now.Add(auth.RefreshTTL)
	err := r.tx.CreateToken(ctx, model.Token{
		Hash: auth.HashRefresh(child), SessionID: parent.SessionID, Parent: parent.Hash,
		CreatedAt: r.now, ExpiresAt: expires,
	})
	if err != nil {
		return "", err
	}
	return child, r.tx.UseToken(ctx, parent, r.now, expires)
}

// repeat answers a token that was exchanged already.
func (r *rotation) repeat(ctx context.Context, parent model.Token, token string) (string, error) {
	child, err := r.tx.Child(ctx, parent.Hash)
	if err != nil {
		return "", err
	}
	if child.UsedAt != nil || r.now.Sub(*parent.UsedAt) > auth.RefreshGrace {
		return "", model.ErrRefreshReused
	}
	for _, c := range r.Refresher.Children(token) {
		if bytes.Equal(auth.HashRefresh(c), child.Hash) {
			return c, nil
		}
	}
	return "", model.ErrRefreshInvalid // its key was retired in between; signing in again helps
}

// endFamily revokes the session of a reused token and leaves a trace of it.
func (r *rotation) endFamily(ctx context.Context) error {
	e := r.entry(ctx, r.session.UserID, id.None, model.ActionTokenReused)
	e.Old = map[string]any{"session": r.session.ID, "live": true}
	e.New = map[string]any{"session": r.session.ID, "live": false}
	if err := r.tx.Audit(ctx, e); err != nil {
		return err
	}
	_, err := endSessions(ctx, r.tx, End{
		User: r.session.UserID, Only: r.session.ID, Reason: model.EndTokenReused, At: r.now,
	})
	return err
}
