package model

import (
	"slices"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

// Role is what an account may do beyond acting on its own objects (USER-009).
type Role string

// The roles; the CHECK of user_roles.role repeats the list.
const (
	RoleUser     Role = "user"
	RoleSeller   Role = "seller"
	RoleVerifier Role = "verifier"
	RoleSupport  Role = "support"
	RoleFinance  Role = "finance"
	RoleCatalog  Role = "catalog"
	RoleAdmin    Role = "admin"
	RoleOwner    Role = "owner"
)

// Roles returns every role, in the order in which they are kept and shown.
func Roles() []Role {
	return []Role{
		RoleUser, RoleSeller, RoleVerifier, RoleSupport,
		RoleFinance, RoleCatalog, RoleAdmin, RoleOwner,
	}
}

// NormalRoles returns roles without repeats, in the order of Roles, with RoleUser.
// Errors: InvalidArgument naming roles when one is unknown.
func NormalRoles(roles []Role) ([]Role, error) {
	for _, r := range roles {
		if !slices.Contains(Roles(), r) {
			return nil, errs.Invalid("roles", "must be user, seller, verifier, support, finance, catalog, admin or owner")
		}
	}
	return slices.DeleteFunc(Roles(), func(r Role) bool {
		return r != RoleUser && !slices.Contains(roles, r)
	}), nil
}

// grantable returns the roles that a holder of roles may give and take: an owner
// all, an administrator the everyday ones, others none.
func grantable(roles []Role) []Role {
	switch {
	case slices.Contains(roles, RoleOwner):
		return Roles()
	case slices.Contains(roles, RoleAdmin):
		return []Role{RoleUser, RoleSeller, RoleVerifier, RoleSupport, RoleCatalog}
	}
	return nil
}

// MayChange decides whether actor may turn the target's roles into next. Taking a
// role away needs the same right as giving it.
// Errors: ErrOwnRoles, ErrGrant. Rule: USER-009.
func MayChange(actor, target User, next []Role) error {
	if actor.ID == target.ID {
		return ErrOwnRoles
	}
	allowed := grantable(actor.Roles)
	for _, r := range Roles() {
		changes := slices.Contains(target.Roles, r) != slices.Contains(next, r)
		if changes && !slices.Contains(allowed, r) {
			return ErrGrant.Msgf("the caller may not grant or take the role %s", r)
		}
	}
	return nil
}

// MayBan decides whether actor may ban or unban target.
// Errors: ErrNotAllowed, ErrBanSelf, ErrBanOwner.
func MayBan(actor, target User) error {
	switch {
	case !actor.Has(RoleAdmin, RoleOwner):
		return ErrNotAllowed
	case actor.ID == target.ID:
		return ErrBanSelf
	case target.Has(RoleOwner) && !actor.Has(RoleOwner):
		return ErrBanOwner
	}
	return nil
}
