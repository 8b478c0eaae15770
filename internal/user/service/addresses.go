package service

import (
	"context"
	"fmt"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// AddAddress adds an address of the caller. The first of its kind becomes the default;
// a later one that asks to be takes the place of the present default.
// Errors: InvalidArgument naming the field, model.ErrTooManyAddresses. Rule: USER-008.
func (s *Service) AddAddress(ctx context.Context, caller auth.Claims, a model.Address) (model.Address, error) {
	if err := a.Validate(); err != nil {
		return model.Address{}, err
	}
	err := s.addresses(ctx, caller, func(tx Store, user id.UUID) error {
		all, ofKind, err := tx.CountAddresses(ctx, user, a.Kind)
		if err != nil {
			return err
		}
		if all >= model.MaxAddresses {
			return model.ErrTooManyAddresses
		}
		now := s.Clock.Now()
		a.ID, a.UserID, a.CreatedAt, a.UpdatedAt, a.Version = id.New(), user, now, now, 1
		a.IsDefault = a.IsDefault || ofKind == 0
		if a.IsDefault {
			if err := tx.ClearDefault(ctx, user, a.Kind, a.ID, now); err != nil {
				return err
			}
		}
		return tx.CreateAddress(ctx, a)
	})
	if err != nil {
		return model.Address{}, err
	}
	return a, nil
}

// Address reads one of the caller's addresses. Errors: model.ErrAddressUnknown.
func (s *Service) Address(ctx context.Context, caller auth.Claims, address id.UUID) (model.Address, error) {
	user, err := s.actor(ctx, caller)
	if err != nil {
		return model.Address{}, err
	}
	return s.Store.Address(ctx, user.ID, address)
}

// Addresses lists the caller's addresses, newest first; a blank kind means both.
func (s *Service) Addresses(ctx context.Context, caller auth.Claims, kind model.AddressKind, after *Cursor, limit int) ([]model.Address, error) {
	user, err := s.actor(ctx, caller)
	if err != nil {
		return nil, err
	}
	return s.Store.Addresses(ctx, user.ID, kind, after, limit)
}

// UpdateAddress lets edit change one of the caller's addresses. version is what the
// caller read, 0 when he does not care.
// Errors: model.ErrAddressUnknown, model.ErrVersion, model.ErrDefaultNeeded, InvalidArgument naming the field.
func (s *Service) UpdateAddress(ctx context.Context, caller auth.Claims, address id.UUID, version int64, edit func(*model.Address)) (model.Address, error) {
	var out model.Address
	err := s.addresses(ctx, caller, func(tx Store, user id.UUID) error {
		a, err := tx.Address(ctx, user, address)
		if err != nil {
			return err
		}
		if version != 0 && version != a.Version {
			return model.ErrVersion
		}
		was := a.IsDefault
		edit(&a)
		if err := a.Validate(); err != nil {
			return err
		}
		if was && !a.IsDefault {
			return model.ErrDefaultNeeded
		}
		a.UpdatedAt = s.Clock.Now()
		if a.IsDefault && !was {
			if err := tx.ClearDefault(ctx, user, a.Kind, a.ID, a.UpdatedAt); err != nil {
				return err
			}
		}
		out, err = tx.SaveAddress(ctx, a)
		return err
	})
	return out, err
}

// DeleteAddress removes one of the caller's addresses; when it was the default, the
// newest remaining of its kind becomes it.
// Errors: model.ErrAddressUnknown. Rule: USER-008.
func (s *Service) DeleteAddress(ctx context.Context, caller auth.Claims, address id.UUID) error {
	return s.addresses(ctx, caller, func(tx Store, user id.UUID) error {
		a, err := tx.Address(ctx, user, address)
		if err != nil {
			return err
		}
		if err := tx.DeleteAddress(ctx, user, address); err != nil {
			return err
		}
		if !a.IsDefault {
			return nil
		}
		return tx.PromoteNewest(ctx, user, a.Kind, s.Clock.Now())
	})
}

// addresses runs fn while nobody else changes the caller's addresses.
func (s *Service) addresses(ctx context.Context, caller auth.Claims, fn func(Store, id.UUID) error) error {
	user, err := s.actor(ctx, caller)
	if err != nil {
		return err
	}
	err = s.Store.InTx(ctx, func(tx Store) error {
		if _, err := tx.LockUser(ctx, user.ID); err != nil {
			return err
		}
		return fn(tx, user.ID)
	})
	if err != nil {
		return fmt.Errorf("addresses of %s: %w", user.ID, err)
	}
	return nil
}
