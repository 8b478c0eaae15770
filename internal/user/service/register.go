package service

import (
	"context"
	"errors"
	"fmt"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Registration is what a new user tells.
type Registration struct {
	Email, Password     string
	FirstName, LastName string
}

// Register makes an account. With verified emails required a taken email answers
// like a free one, and takes as long (USER-002).
// Errors: InvalidArgument naming the field; model.ErrEmailTaken; auth.ErrBusy. Rule: USER-001.
func (s *Service) Register(ctx context.Context, r Registration) error {
	u, err := s.newUser(ctx, r)
	if err != nil {
		return err
	}
	err = s.Store.InTx(ctx, func(tx Store) error { return tx.CreateUser(ctx, u) })
	if errors.Is(err, model.ErrEmailTaken) && s.opt.RequireVerifiedEmail {
		return nil
	}
	return err
}

// CreateOwner makes the marketplace's first owner; the operator vouches for the email.
// Errors: model.ErrOwnerExists once there is one, and those of Register. Rule: USER-009.
func (s *Service) CreateOwner(ctx context.Context, email, password string) error {
	u, err := s.newUser(ctx, Registration{email, password, "Marketplace", "Owner"})
	if err != nil {
		return err
	}
	u.EmailVerifiedAt = &u.CreatedAt
	u.Roles = with(u.Roles, model.RoleOwner)
	err = s.Store.InTx(ctx, func(tx Store) error {
		if err := tx.LockNoOwner(ctx); err != nil {
			return err
		}
		if err := tx.CreateUser(ctx, u); err != nil {
			return err
		}
		e := s.entry(ctx, u.ID, id.None, model.ActionOwnerCreated)
		e.New = map[string]any{"roles": u.Roles}
		return tx.Audit(ctx, e)
	})
	if err != nil {
		return fmt.Errorf("create owner: %w", err)
	}
	return nil
}

func (s *Service) newUser(ctx context.Context, r Registration) (model.User, error) {
	email, err := model.NormalEmail(r.Email)
	if err != nil {
		return model.User{}, err
	}
	profile := model.Profile{FirstName: r.FirstName, LastName: r.LastName}
	if err := profile.Validate(); err != nil {
		return model.User{}, err
	}
	if err := auth.CheckStrength("password", r.Password, email); err != nil {
		return model.User{}, err
	}
	hash, err := s.Hasher.Hash(ctx, r.Password)
	if err != nil {
		return model.User{}, err
	}
	return model.User{
		ID: id.New(), Email: email, PasswordHash: hash, Profile: profile,
		Roles: []model.Role{model.RoleUser}, CreatedAt: s.Clock.Now(),
	}, nil
}
