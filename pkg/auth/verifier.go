package auth

import (
	"errors"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// What a verifier answers to a token that does not hold.
var (
	ErrTokenInvalid = errs.New(errs.Unauthenticated, "TOKEN_INVALID", "the access token is not valid")
	ErrTokenExpired = errs.New(errs.Unauthenticated, "TOKEN_EXPIRED", "the access token has expired")
)

// maxTokenBytes bounds the work that a stranger's token can cause.
const maxTokenBytes = 4096

// Verifier checks access tokens and service tokens. Safe for concurrent use.
type Verifier struct {
	ring     keyring // of access tokens
	services keyring // of service tokens
	parser   *jwt.Parser
}

// NewVerifier returns a verifier that accepts every key of cfg.Keys.
// Errors: missing, short or malformed keys.
func NewVerifier(cfg Config, clk clock.Clock) (*Verifier, error) {
	ring, err := parseKeys(cfg.Keys)
	if err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	return &Verifier{ring, ring.derive(servicePurpose), jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(cfg.Issuer),
		jwt.WithAudience(cfg.Audience),
		jwt.WithExpirationRequired(),
		jwt.WithNotBeforeRequired(),
		jwt.WithTimeFunc(clk.Now),
		jwt.WithStrictDecoding(),
	)}, nil
}

// Access returns what an access token says once its signature, key, algorithm,
// type, issuer, audience and times all hold.
// Errors: ErrTokenInvalid, or ErrTokenExpired when its age is all that is wrong. Rule: USER-004.
func (v *Verifier) Access(token string) (Claims, error) {
	var wire accessClaims
	if err := v.parse(token, v.ring, &wire); err != nil {
		if onlyExpired(err) {
			return Claims{}, ErrTokenExpired.Because(err)
		}
		return Claims{}, ErrTokenInvalid.Because(err)
	}
	return wire.claims()
}

// parse checks a token against a ring's keys and reads it into wire.
func (v *Verifier) parse(token string, ring keyring, wire jwt.Claims) error {
	// The base64 decoder skips line breaks; a token has one spelling only.
	if len(token) > maxTokenBytes || strings.ContainsAny(token, "\r\n") {
		return errors.New("no token looks like this")
	}
	_, err := v.parser.ParseWithClaims(token, wire, ring.named)
	return err
}

// named picks the secret by the header's kid. A header that names anything beyond
// alg, typ and kid is refused: jku, jwk and x5u ask to trust a key the token brings along.
func (r keyring) named(t *jwt.Token) (any, error) {
	for name := range t.Header {
		if name != "alg" && name != "typ" && name != "kid" {
			return nil, errors.New("header field not allowed")
		}
	}
	kid, _ := t.Header["kid"].(string)
	k := r.find(kid)
	if k == nil {
		return nil, errors.New("unknown kid")
	}
	return k.secret, nil
}

// onlyExpired reports whether age is the one thing wrong with a token whose signature holds.
func onlyExpired(err error) bool {
	return errors.Is(err, jwt.ErrTokenExpired) &&
		!slices.ContainsFunc([]error{
			jwt.ErrTokenInvalidAudience, jwt.ErrTokenInvalidIssuer, jwt.ErrTokenNotValidYet,
			jwt.ErrTokenRequiredClaimMissing, errWrongType,
		}, func(other error) bool { return errors.Is(err, other) })
}

var errWrongType = errors.New("not an access token")

// Validate implements jwt.ClaimsValidator: what the library does not know about our claims.
func (c accessClaims) Validate() error {
	if c.Type != typeAccess || c.ID == "" || c.IssuedAt == nil {
		return errWrongType
	}
	return nil
}

func (c accessClaims) claims() (Claims, error) {
	account, err := id.Parse("sub", c.Subject)
	if err != nil || account == id.None {
		return Claims{}, ErrTokenInvalid.Because(err)
	}
	session, err := id.Parse("sid", c.Session)
	if err != nil || session == id.None {
		return Claims{}, ErrTokenInvalid.Because(err)
	}
	return Claims{
		Account:   account,
		Session:   session,
		TokenID:   c.ID,
		Roles:     slices.DeleteFunc(c.Roles, func(r Role) bool { return !r.Valid() }),
		IssuedAt:  c.IssuedAt.UTC(),
		ExpiresAt: c.ExpiresAt.UTC(),
	}, nil
}
