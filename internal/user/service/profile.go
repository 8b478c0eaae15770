package service

import (
	"context"
	"errors"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
)

// Profile reads the caller's own account (USER-007).
func (s *Service) Profile(ctx context.Context, caller auth.Claims) (model.User, error) {
	return s.actor(ctx, caller)
}

// UpdateProfile lets edit change the caller's profile.
// Errors: InvalidArgument naming the field. Rule: USER-007.
func (s *Service) UpdateProfile(ctx context.Context, caller auth.Claims, edit func(*model.Profile)) (model.User, error) {
	user, err := s.actor(ctx, caller)
	if err != nil {
		return model.User{}, err
	}
	return s.change(ctx, user.ID, func(_ Store, u *model.User) error {
		edit(&u.Profile)
		return u.Profile.Validate()
	})
}

// ChangePassword replaces the caller's password and ends every other session of his.
// Guesses at the present password count like failed sign-ins.
// Errors: model.ErrWrongPassword, model.ErrSamePassword, model.ErrTooManyAttempts,
// InvalidArgument naming new_password, model.ErrVersion when it was changed meanwhile. Rules: USER-001, USER-006.
func (s *Service) ChangePassword(ctx context.Context, caller auth.Claims, present, next string, client model.Client) error {
	user, err := s.actor(ctx, caller)
	if err != nil {
		return err
	}
	if err := auth.CheckStrength("new_password", next, user.Email); err != nil {
		return err
	}
	if err := s.prove(ctx, user.Email, user, present, client.Clean()); err != nil {
		return asWrongPassword(err)
	}
	if present == next {
		return model.ErrSamePassword.On("new_password", "must differ from the present password")
	}
	hash, err := s.Hasher.Hash(ctx, next)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, user.ID, func(tx Store, u *model.User) error {
		if u.PasswordHash != user.PasswordHash {
			return model.ErrVersion
		}
		u.PasswordHash = hash
		e := s.entry(ctx, u.ID, u.ID, model.ActionPasswordChanged)
		if err := tx.Audit(ctx, e); err != nil {
			return err
		}
		_, err := endSessions(ctx, tx, End{
			User: u.ID, Except: caller.Session, Reason: model.EndPasswordChanged, At: e.At,
		})
		return err
	})
	return err
}

// AcceptSellerTerms gives the caller the seller role and, for the same session, an
// access token that carries it. A repeat changes nothing.
// Errors: model.ErrSellerRoleTaken when staff took the role away. Rule: USER-009.
func (s *Service) AcceptSellerTerms(ctx context.Context, caller auth.Claims) (model.User, Access, error) {
	user, err := s.actor(ctx, caller)
	if err != nil {
		return model.User{}, Access{}, err
	}
	if !user.Has(model.RoleSeller) || user.SellerTermsAt == nil {
		user, err = s.change(ctx, user.ID, func(tx Store, u *model.User) error { return s.makeSeller(ctx, tx, u) })
		if err != nil {
			return model.User{}, Access{}, err
		}
	}
	access, err := s.access(user, caller.Session)
	return user, access, err
}

func (s *Service) makeSeller(ctx context.Context, tx Store, u *model.User) error {
	if u.SellerTermsAt != nil && !u.Has(model.RoleSeller) {
		return model.ErrSellerRoleTaken
	}
	e := s.entry(ctx, u.ID, u.ID, model.ActionSellerTerms)
	e.Old = map[string]any{"roles": u.Roles}
	u.Roles = with(u.Roles, model.RoleSeller)
	u.SellerTermsAt = &e.At
	e.New = map[string]any{"roles": u.Roles}
	if err := tx.SetRoles(ctx, u.ID, u.Roles, u.ID, e.At); err != nil {
		return err
	}
	if err := tx.Audit(ctx, e); err != nil {
		return err
	}
	return tx.Announce(ctx, e.At, model.RolesChanged{UserID: u.ID, Roles: u.Roles})
}

// asWrongPassword tells a signed-in caller that the password, not his token, is wrong.
func asWrongPassword(err error) error {
	if errors.Is(err, model.ErrCredentials) {
		return model.ErrWrongPassword.On("password", "must be the present password")
	}
	return err
}
