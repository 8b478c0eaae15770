package service

import (
	"context"
	"errors"
	"slices"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Users lists accounts for support and administrators, newest first; query is part of an email or name.
// Errors: model.ErrNotAllowed.
func (s *Service) Users(ctx context.Context, caller auth.Claims, query string, after *Cursor, limit int) ([]model.User, error) {
	if _, err := s.staff(ctx, caller, model.RoleSupport, model.RoleAdmin, model.RoleOwner); err != nil {
		return nil, err
	}
	return s.Store.Users(ctx, query, after, limit)
}

// User reads one account for support and administrators.
// Errors: model.ErrNotAllowed, model.ErrUserUnknown.
func (s *Service) User(ctx context.Context, caller auth.Claims, user id.UUID) (model.User, error) {
	if _, err := s.staff(ctx, caller, model.RoleSupport, model.RoleAdmin, model.RoleOwner); err != nil {
		return model.User{}, err
	}
	return s.Store.User(ctx, user)
}

// Ban stops an account: its sessions end and it can no longer sign in.
// Errors: model.ErrNotAllowed, ErrBanSelf, ErrBanOwner, ErrUserUnknown, ErrAlreadyState.
func (s *Service) Ban(ctx context.Context, caller auth.Claims, user id.UUID, reason string) (model.User, error) {
	return s.govern(ctx, caller, user, reason, func(o order) error {
		if err := s.setStatus(ctx, o, model.StatusBanned, model.ActionBanned); err != nil {
			return err
		}
		now := s.Clock.Now()
		if _, err := endSessions(ctx, o.tx, End{User: user, Reason: model.EndBanned, At: now}); err != nil {
			return err
		}
		return o.tx.Announce(ctx, now, model.BanChanged{UserID: user, Version: o.target.Version + 1})
	})
}

// Unban lets a banned account sign in again. Errors: as Ban.
func (s *Service) Unban(ctx context.Context, caller auth.Claims, user id.UUID, reason string) (model.User, error) {
	return s.govern(ctx, caller, user, reason, func(o order) error {
		if err := s.setStatus(ctx, o, model.StatusActive, model.ActionUnbanned); err != nil {
			return err
		}
		return o.tx.Announce(ctx, s.Clock.Now(), model.BanChanged{UserID: user, Version: o.target.Version + 1, Lifted: true})
	})
}

// SetRoles makes roles the account's roles; RoleUser is always kept.
// Errors: model.ErrOwnRoles, ErrGrant, ErrLastOwner, ErrNotAllowed, ErrUserUnknown. Rule: USER-009.
func (s *Service) SetRoles(ctx context.Context, caller auth.Claims, user id.UUID, roles []model.Role, reason string) (model.User, error) {
	next, err := model.NormalRoles(roles)
	if err != nil {
		return model.User{}, err
	}
	return s.govern(ctx, caller, user, reason, func(o order) error {
		if err := model.MayChange(o.actor, *o.target, next); err != nil {
			return err
		}
		if slices.Equal(o.target.Roles, next) {
			return errUnchanged
		}
		e := s.entry(ctx, user, o.actor.ID, model.ActionRolesChanged)
		e.Old, e.New, e.Reason = map[string]any{"roles": o.target.Roles}, map[string]any{"roles": next}, o.reason
		o.target.Roles = next
		if err := o.tx.SetRoles(ctx, user, next, o.actor.ID, e.At); err != nil {
			return err
		}
		if err := o.tx.Audit(ctx, e); err != nil {
			return err
		}
		return o.tx.Announce(ctx, e.At, model.RolesChanged{UserID: user, Roles: next})
	})
}

// order is what an administrator asks for, inside its transaction: both accounts as
// they are at this moment.
type order struct {
	tx     Store
	actor  model.User
	target *model.User
	reason string
}

// errUnchanged ends an order that asks for what is already so.
var errUnchanged = errors.New("nothing to change")

// govern runs fn with the caller's present rights. Changes of owners are put in a
// row, and the caller is read inside, so that two who demote or ban each other at
// once do not both succeed.
func (s *Service) govern(ctx context.Context, caller auth.Claims, user id.UUID, reason string, fn func(order) error) (model.User, error) {
	reason, err := model.Reason(reason)
	if err != nil {
		return model.User{}, err
	}
	var out model.User
	err = s.Store.InTx(ctx, func(tx Store) error {
		if err := tx.LockOwners(ctx); err != nil {
			return err
		}
		in := s.inside(tx)
		actor, err := in.staff(ctx, caller, model.RoleAdmin, model.RoleOwner)
		if err != nil {
			return err
		}
		out, err = in.change(ctx, user, func(tx Store, target *model.User) error {
			return fn(order{tx, actor, target, reason})
		})
		return err
	})
	if errors.Is(err, errUnchanged) {
		return s.Store.User(ctx, user)
	}
	return out, err
}

func (s *Service) setStatus(ctx context.Context, o order, next model.Status, action model.Action) error {
	if err := model.MayBan(o.actor, *o.target); err != nil {
		return err
	}
	if o.target.Status == next {
		return model.ErrAlreadyState.Msgf("the account is %s already", next)
	}
	e := s.entry(ctx, o.target.ID, o.actor.ID, action)
	e.Old, e.New, e.Reason = map[string]any{"status": o.target.Status}, map[string]any{"status": next}, o.reason
	o.target.Status = next
	return o.tx.Audit(ctx, e)
}
