package service

import (
	"context"
	"errors"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// SignedIn is what a sign-in answers.
type SignedIn struct {
	User    model.User
	Access  Access
	Refresh string
}

// Login opens a session. A wrong password and an unknown email answer the same and
// take the same time; only who knows the password learns that an account is banned
// or not yet verified.
// Errors: model.ErrCredentials, model.ErrTooManyAttempts, auth.ErrBusy, model.ErrBanned,
// model.ErrEmailNotVerified. Rules: USER-002, USER-003.
func (s *Service) Login(ctx context.Context, email, password string, client model.Client) (SignedIn, error) {
	client = client.Clean()
	user, err := s.find(ctx, email)
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.prove(ctx, email, user, password, client); err != nil {
		return SignedIn{}, err
	}
	return s.open(ctx, user, client)
}

// find reads the account of an email, the zero User when there is none.
func (s *Service) find(ctx context.Context, email string) (model.User, error) {
	normal, err := model.NormalEmail(email)
	if err != nil {
		return model.User{}, nil //nolint:nilerr // no account has such an email; the answer must not say so
	}
	user, err := s.Store.UserByEmail(ctx, normal)
	if errors.Is(err, model.ErrUserUnknown) {
		return model.User{}, nil
	}
	return user, err
}

// open makes the session of a proven user, unless he was banned or changed his
// password while it was being proved.
func (s *Service) open(ctx context.Context, proven model.User, client model.Client) (SignedIn, error) {
	now, root := s.Clock.Now(), s.Refresher.Root()
	session := model.Session{
		ID: id.New(), UserID: proven.ID, Client: client,
		CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(auth.RefreshTTL),
	}
	var user model.User
	err := s.Store.InTx(ctx, func(tx Store) (err error) {
		if user, err = tx.LockUser(ctx, proven.ID); err != nil {
			return err
		}
		if err := s.admits(user, proven.PasswordHash); err != nil {
			return err
		}
		if err := tx.CreateSession(ctx, session); err != nil {
			return err
		}
		return tx.CreateToken(ctx, model.Token{
			Hash: auth.HashRefresh(root), SessionID: session.ID, CreatedAt: now, ExpiresAt: session.ExpiresAt,
		})
	})
	if err != nil {
		return SignedIn{}, err
	}
	access, err := s.access(user, session.ID)
	return SignedIn{user, access, root}, err
}

func (s *Service) admits(user model.User, provenHash string) error {
	switch {
	case user.PasswordHash != provenHash:
		return model.ErrCredentials
	case user.Banned():
		return model.ErrBanned
	case s.opt.RequireVerifiedEmail && user.EmailVerifiedAt == nil:
		return model.ErrEmailNotVerified
	}
	return nil
}
