package auth

import (
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// ErrServiceToken is what a verifier answers to a service token that does not hold.
var ErrServiceToken = errs.New(errs.Unauthenticated, "SERVICE_TOKEN_INVALID", "the service token is not valid")

const (
	// typeService is the typ claim of a service token.
	typeService = "service"
	// servicePurpose keeps the key that signs service tokens apart from the key that signs access tokens.
	servicePurpose = "sneakers-marketplace service token v1"
	// ServiceTTL is how long a service token lives; a fresh one is made at half of it.
	ServiceTTL = 5 * time.Minute
)

var serviceName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// serviceWire is the wire form of a service token's payload; sub names the service.
type serviceWire struct {
	jwt.RegisteredClaims
	Type string `json:"typ"`
}

// Validate implements jwt.ClaimsValidator: what the library does not know about our claims.
func (c serviceWire) Validate() error {
	if c.Type != typeService || c.IssuedAt == nil || !serviceName.MatchString(c.Subject) {
		return errors.New("not a service token")
	}
	return nil
}

// derive returns the ring whose secrets serve one purpose alone.
func (r keyring) derive(purpose string) keyring {
	out := make(keyring, len(r))
	for i, k := range r {
		out[i] = key{k.id, mac(k.secret, purpose)}
	}
	return out
}

// ServiceCredential proves to other services which service calls (AUTH-002). Safe for concurrent use.
type ServiceCredential struct {
	cfg  Config
	key  key
	name string
	clk  clock.Clock

	mu    sync.Mutex
	token string
	renew time.Time
}

// NewServiceCredential returns the credential of a service, such as "bidding".
// Errors: missing, short or malformed keys, or a name that is none.
func NewServiceCredential(cfg Config, service string, clk clock.Clock) (*ServiceCredential, error) {
	if !serviceName.MatchString(service) {
		return nil, fmt.Errorf("service name %q: must be lower-case letters, digits and -", service)
	}
	ring, err := parseKeys(cfg.Keys)
	if err != nil {
		return nil, err
	}
	return &ServiceCredential{cfg: cfg.withDefaults(), key: ring.derive(servicePurpose)[0], name: service, clk: clk}, nil
}

// Token returns a service token that lives for at least half of ServiceTTL.
func (c *ServiceCredential) Token() (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clk.Now()
	if c.token != "" && now.Before(c.renew) {
		return c.token, nil
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, serviceWire{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    c.cfg.Issuer,
			Subject:   c.name,
			Audience:  jwt.ClaimStrings{c.cfg.Audience},
			ExpiresAt: jwt.NewNumericDate(now.Add(ServiceTTL)),
			NotBefore: jwt.NewNumericDate(now.Add(-skew)),
			IssuedAt:  jwt.NewNumericDate(now),
			ID:        id.New().String(),
		},
		Type: typeService,
	})
	t.Header["kid"] = c.key.id
	token, err := t.SignedString(c.key.secret)
	if err != nil {
		return "", fmt.Errorf("sign service token of %s: %w", c.name, err)
	}
	c.token, c.renew = token, now.Add(ServiceTTL/2)
	return token, nil
}

// ServiceClaims is the service behind a verified service token.
type ServiceClaims struct {
	Service   string
	ExpiresAt time.Time // the token is dead from this instant on
}

// Service returns which service a service token proves.
// Errors: ErrServiceToken. Rule: AUTH-002.
func (v *Verifier) Service(token string) (ServiceClaims, error) {
	var wire serviceWire
	if err := v.parse(token, v.services, &wire); err != nil {
		return ServiceClaims{}, ErrServiceToken.Because(err)
	}
	return ServiceClaims{wire.Subject, wire.ExpiresAt.UTC()}, nil
}
