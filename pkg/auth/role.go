package auth

import "slices"

// Role is what an account may do beyond acting on its own objects (USER-009).
type Role string

// The roles. Every account has RoleUser.
const (
	RoleUser     Role = "user"     // buys
	RoleSeller   Role = "seller"   // sells, once the seller terms are accepted
	RoleVerifier Role = "verifier" // checks shoes at the centre
	RoleSupport  Role = "support"  // decides claims, reads accounts
	RoleFinance  Role = "finance"  // refunds, ledger, reconciliation
	RoleCatalog  Role = "catalog"  // edits products
	RoleAdmin    Role = "admin"    // bans accounts, grants the everyday roles
	RoleOwner    Role = "owner"    // grants every role
)

// Roles returns every role there is, in the order in which they are shown.
func Roles() []Role {
	return []Role{
		RoleUser, RoleSeller, RoleVerifier, RoleSupport,
		RoleFinance, RoleCatalog, RoleAdmin, RoleOwner,
	}
}

// Valid reports whether r is one of Roles.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }
