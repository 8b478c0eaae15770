// Package service holds the use cases of the user service: what a caller may do
// with accounts, sessions, roles and addresses, and in which transaction.
package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/logger"
)

// Deps is what the use cases need; every field is required.
type Deps struct {
	Store     Store
	Throttle  Throttle
	Hasher    *auth.Hasher
	Issuer    *auth.Issuer
	Refresher *auth.Refresher
	Clock     clock.Clock
}

// Options are the settings of the use cases.
type Options struct {
	// RequireVerifiedEmail lets nobody sign in, nor learn that an email is taken,
	// before the email is verified (USER-002).
	RequireVerifiedEmail bool
}

// Service is the user service's use cases. Safe for concurrent use.
type Service struct {
	Deps
	opt Options
}

// New returns the use cases over deps.
func New(deps Deps, opt Options) *Service { return &Service{deps, opt} }

// actor reads who calls, as the database knows him at this moment: a session that
// ended or an account that was banned is refused at once, however long its access
// token would live, and roles are the present ones (USER-006).
// Errors: model.ErrSessionEnded, model.ErrBanned.
func (s *Service) actor(ctx context.Context, caller auth.Claims) (model.User, error) {
	session, user, err := s.Store.SessionUser(ctx, caller.Session)
	switch {
	case isUnknown(err):
		return model.User{}, model.ErrSessionEnded
	case err != nil:
		return model.User{}, err
	case user.ID != caller.Account:
		return model.User{}, model.ErrSessionEnded
	case user.Banned():
		return model.User{}, model.ErrBanned
	case !session.Live(s.Clock.Now()):
		return model.User{}, model.ErrSessionEnded
	}
	return user, nil
}

// staff is actor for callers who need one of roles. Errors: also model.ErrNotAllowed.
func (s *Service) staff(ctx context.Context, caller auth.Claims, roles ...model.Role) (model.User, error) {
	user, err := s.actor(ctx, caller)
	if err != nil {
		return model.User{}, err
	}
	if !user.Has(roles...) {
		return model.User{}, model.ErrNotAllowed
	}
	return user, nil
}

// change runs fn on an account that nobody else can change meanwhile and saves what
// fn made of it, one version up.
func (s *Service) change(ctx context.Context, user id.UUID, fn func(Store, *model.User) error) (model.User, error) {
	var out model.User
	err := s.Store.InTx(ctx, func(tx Store) error {
		u, err := tx.LockUser(ctx, user)
		if err != nil {
			return err
		}
		if err := fn(tx, &u); err != nil {
			return err
		}
		u.UpdatedAt = s.Clock.Now()
		out, err = tx.SaveUser(ctx, u)
		return err
	})
	if err != nil {
		return model.User{}, fmt.Errorf("account %s: %w", user, err)
	}
	return out, nil
}

// inside returns the use cases over the store of an open transaction.
func (s *Service) inside(tx Store) *Service {
	in := *s
	in.Store = tx
	return &in
}

// entry begins a line of the audit trail for the present request.
func (s *Service) entry(ctx context.Context, user, actor id.UUID, action model.Action) model.Entry {
	return model.Entry{
		UserID: user, ActorID: actor, Action: action,
		RequestID: logger.RequestID(ctx), At: s.Clock.Now(),
	}
}

// Access is a fresh access token.
type Access struct {
	Token     string
	ExpiresIn time.Duration
}

func (s *Service) access(user model.User, session id.UUID) (Access, error) {
	roles := make([]auth.Role, len(user.Roles))
	for i, r := range user.Roles {
		roles[i] = auth.Role(r)
	}
	token, life, err := s.Issuer.Access(user.ID, session, roles)
	return Access{token, life}, err
}

// with returns a copy of roles with one more.
func with(roles []model.Role, role model.Role) []model.Role {
	all, _ := model.NormalRoles(append(slices.Clone(roles), role)) // known roles never fail
	return all
}
