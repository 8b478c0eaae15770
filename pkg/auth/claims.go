// Package auth proves who calls: access tokens that every service verifies by
// itself (USER-004), refresh tokens that rotate (USER-005) and passwords (USER-001).
package auth

import (
	"slices"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Claims is what a verified access token says. The zero value is "nobody".
type Claims struct {
	Account   id.UUID   // whose token it is
	Session   id.UUID   // the signed-in device it belongs to
	TokenID   string    // unique to this token
	Roles     []Role    // the account's roles when it was issued
	IssuedAt  time.Time // UTC, whole seconds
	ExpiresAt time.Time // UTC, whole seconds; the token is dead from this instant on
}

// Has reports whether the token carries at least one of roles.
func (c Claims) Has(roles ...Role) bool {
	for _, r := range roles {
		if slices.Contains(c.Roles, r) {
			return true
		}
	}
	return false
}

// Anonymous reports whether there is no verified token behind the claims.
func (c Claims) Anonymous() bool { return c.Account == id.None }
