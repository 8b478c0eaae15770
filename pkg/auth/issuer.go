package auth

import (
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// typeAccess is the typ claim that tells an access token from any other token signed with the same key.
const typeAccess = "access"

// skew is how far a fresh token's nbf lies back, so that a service whose clock is a little slow takes it.
const skew = 5 * time.Second

// accessClaims is the wire form of an access token's payload.
type accessClaims struct {
	jwt.RegisteredClaims
	Session string `json:"sid"`
	Type    string `json:"typ"`
	Roles   []Role `json:"roles"`
}

// Issuer signs access tokens.
type Issuer struct {
	cfg Config
	key key
	clk clock.Clock
}

// NewIssuer returns an issuer that signs with the first of cfg.Keys.
// Errors: missing, short or malformed keys.
func NewIssuer(cfg Config, clk clock.Clock) (*Issuer, error) {
	ring, err := parseKeys(cfg.Keys)
	if err != nil {
		return nil, err
	}
	return &Issuer{cfg.withDefaults(), ring[0], clk}, nil
}

// Access returns a fresh access token of an account's session and how long it lives.
// No two tokens are equal, not even within one second. Rule: USER-004.
func (i *Issuer) Access(account, session id.UUID, roles []Role) (token string, expiresIn time.Duration, err error) {
	now := i.clk.Now()
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, accessClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    i.cfg.Issuer,
			Subject:   account.String(),
			Audience:  jwt.ClaimStrings{i.cfg.Audience},
			ExpiresAt: jwt.NewNumericDate(now.Add(i.cfg.AccessTTL)),
			NotBefore: jwt.NewNumericDate(now.Add(-skew)),
			IssuedAt:  jwt.NewNumericDate(now),
			ID:        id.New().String(),
		},
		Session: session.String(),
		Type:    typeAccess,
		Roles:   roles,
	})
	t.Header["kid"] = i.key.id
	token, err = t.SignedString(i.key.secret)
	if err != nil {
		return "", 0, fmt.Errorf("sign access token of %s: %w", account, err)
	}
	return token, i.cfg.AccessTTL, nil
}
