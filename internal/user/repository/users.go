package repository

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/internal/user/repository/dbgen"
	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// CreateUser implements service.Users.
func (r *Repository) CreateUser(ctx context.Context, u model.User) error {
	err := r.q.CreateUser(ctx, dbgen.CreateUserParams{
		ID: u.ID, Email: u.Email, PasswordHash: u.PasswordHash,
		FirstName: u.Profile.FirstName, LastName: u.Profile.LastName,
		EmailVerifiedAt: u.EmailVerifiedAt, CreatedAt: u.CreatedAt,
	})
	if database.Violates(err, "users_email_key") {
		return model.ErrEmailTaken
	}
	if err != nil {
		return wrap(err, "create user %s", u.ID)
	}
	return r.SetRoles(ctx, u.ID, u.Roles, id.None, u.CreatedAt)
}

// User implements service.Directory.
func (r *Repository) User(ctx context.Context, user id.UUID) (model.User, error) {
	row, err := r.q.User(ctx, user)
	return toUser(row.User, row.Roles), found(err, model.ErrUserUnknown, user)
}

// UserByEmail implements service.Directory.
func (r *Repository) UserByEmail(ctx context.Context, email string) (model.User, error) {
	row, err := r.q.UserByEmail(ctx, email)
	return toUser(row.User, row.Roles), found(err, model.ErrUserUnknown, "user by email")
}

// LockUser implements service.Users. The row is read in a statement of its own, after
// the wait for the lock, so that it is as the last writer left it, roles too.
func (r *Repository) LockUser(ctx context.Context, user id.UUID) (model.User, error) {
	if err := r.q.LockUser(ctx, user); err != nil {
		return model.User{}, wrap(err, "lock user %s", user)
	}
	return r.User(ctx, user)
}

// SaveUser implements service.Users.
func (r *Repository) SaveUser(ctx context.Context, u model.User) (model.User, error) {
	row, err := r.q.SaveUser(ctx, dbgen.SaveUserParams{
		ID: u.ID, PasswordHash: u.PasswordHash,
		FirstName: u.Profile.FirstName, LastName: u.Profile.LastName, Phone: u.Profile.Phone, ShoeSize: u.Profile.ShoeSize,
		Status: string(u.Status), SellerTermsAt: u.SellerTermsAt, UpdatedAt: u.UpdatedAt,
	})
	u.Version, u.UpdatedAt = row.Version, row.UpdatedAt
	return u, found(err, model.ErrUserUnknown, u.ID)
}

// Users implements service.Directory.
func (r *Repository) Users(ctx context.Context, query string, after *service.Cursor, limit int) ([]model.User, error) {
	at, last := keyset(after)
	rows, err := r.q.Users(ctx, dbgen.UsersParams{Pattern: pattern(query), BeforeAt: at, BeforeID: last, Size: int32(limit)}) //nolint:gosec // a page is at most 101
	users := make([]model.User, len(rows))
	for i, row := range rows {
		users[i] = toUser(row.User, row.Roles)
	}
	return users, wrap(err, "list users")
}

// pattern is the LIKE pattern of "contains query", blank for a blank query.
func pattern(query string) string {
	query = strings.TrimSpace(query)
	if query == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(query) + "%"
}

// SetRoles implements service.Roles.
func (r *Repository) SetRoles(ctx context.Context, user id.UUID, roles []model.Role, by id.UUID, at time.Time) error {
	keep := make([]string, len(roles))
	for i, role := range roles {
		keep[i] = string(role)
	}
	err := r.q.TakeRoles(ctx, dbgen.TakeRolesParams{UserID: user, Keep: keep})
	if database.Violates(err, "user_roles_last_owner") {
		return model.ErrLastOwner
	}
	if err != nil {
		return wrap(err, "take roles of %s", user)
	}
	err = r.q.GrantRoles(ctx, dbgen.GrantRolesParams{UserID: user, Roles: keep, GrantedBy: optional(by), GrantedAt: at})
	return wrap(err, "grant roles to %s", user)
}

// LockOwners implements service.Roles.
func (r *Repository) LockOwners(ctx context.Context) error {
	_, err := r.q.LockOwners(ctx)
	return wrap(err, "lock owners")
}

// LockNoOwner implements service.Roles.
func (r *Repository) LockNoOwner(ctx context.Context) error {
	if err := r.q.LockRoles(ctx); err != nil {
		return wrap(err, "lock roles")
	}
	exists, err := r.q.OwnerExists(ctx)
	if exists {
		return model.ErrOwnerExists
	}
	return wrap(err, "look for an owner")
}

func toUser(u dbgen.User, roles []string) model.User {
	return model.User{
		ID: u.ID, Email: u.Email, PasswordHash: u.PasswordHash,
		Profile: model.Profile{FirstName: u.FirstName, LastName: u.LastName, Phone: u.Phone, ShoeSize: u.ShoeSize},
		Status:  model.Status(u.Status),
		Roles: slices.DeleteFunc(model.Roles(), func(role model.Role) bool {
			return !slices.Contains(roles, string(role))
		}),
		EmailVerifiedAt: u.EmailVerifiedAt, SellerTermsAt: u.SellerTermsAt,
		CreatedAt: u.CreatedAt, UpdatedAt: u.UpdatedAt, Version: u.Version,
	}
}
