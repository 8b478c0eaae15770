package rpc

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

var (
	errTokenMissing = errs.New(errs.Unauthenticated, "TOKEN_MISSING", "an access token is needed: authorization: Bearer <token>")
	errTokenInvalid = errs.New(errs.Unauthenticated, "TOKEN_INVALID", "the authorization header must be: Bearer <token>")
)

const maxToken = 8 << 10 // bytes; ours have some 400

// bearer returns the token of the call, "" when there is none.
// Errors: TOKEN_INVALID for a header that is no single "Bearer <token>".
func bearer(ctx context.Context) (string, error) {
	v := metadata.ValueFromIncomingContext(ctx, headerAuthorization)
	if len(v) == 0 {
		return "", nil
	}
	const scheme = len("Bearer ")
	if len(v) > 1 || len(v[0]) <= scheme || len(v[0]) > maxToken || !strings.EqualFold(v[0][:scheme], "Bearer ") {
		return "", errTokenInvalid
	}
	return v[0][scheme:], nil
}

// serviceToken returns the service token of the call, "" when there is none.
// Errors: auth.ErrServiceToken for more than one or one that cannot be.
func serviceToken(ctx context.Context) (string, error) {
	v := metadata.ValueFromIncomingContext(ctx, headerService)
	if len(v) == 0 {
		return "", nil
	}
	if len(v) > 1 || v[0] == "" || len(v[0]) > maxToken {
		return "", auth.ErrServiceToken
	}
	return v[0], nil
}

// newTokens remembers verified access tokens.
func newTokens(v *auth.Verifier, clk clock.Clock) *memory[auth.Claims] {
	return newMemory(clk, func(token string) (*auth.Claims, time.Time, error) {
		c, err := v.Access(token)
		return &c, c.ExpiresAt, err
	})
}

// newServiceTokens remembers verified service tokens.
func newServiceTokens(v *auth.Verifier, clk clock.Clock) *memory[auth.ServiceClaims] {
	return newMemory(clk, func(token string) (*auth.ServiceClaims, time.Time, error) {
		c, err := v.Service(token)
		return &c, c.ExpiresAt, err
	})
}

// authenticate verifies the call's tokens and asks the method's rule. A public method
// needs no token, but a wrong one is refused there too.
func (s *Server) authenticate(ctx context.Context, c *call) error {
	token, err := bearer(ctx)
	if err != nil {
		return err
	}
	if c.method.infrastructure {
		return nil // a probe needs no token, so a stale one does not fail it
	}
	if err := s.identifyService(ctx, c); err != nil {
		return err
	}
	if token == "" {
		return c.method.admitsNobody(c.service)
	}
	c.token = token
	return s.identify(c)
}

// identifyService verifies the token of the service that calls, if there is one.
func (s *Server) identifyService(ctx context.Context, c *call) error {
	token, err := serviceToken(ctx)
	if err != nil || token == "" {
		return err
	}
	claims, err := s.serviceTokens.of(token)
	if err != nil {
		return err
	}
	c.service = claims.Service
	return nil
}

// identify sets who calls by the call's access token, as far as that is still true, and
// asks the method's rule. While nobody knows which sessions have ended, nothing is
// changed in anybody's name (USER-006).
func (s *Server) identify(c *call) error {
	claims, err := s.tokens.of(c.token)
	if err != nil {
		return err
	}
	known := s.known(c) // before the list is asked, or what comes in between would make it look so
	if s.revocations != nil {
		if claims, err = s.revocations.Now(claims); err != nil {
			return err
		}
	}
	c.claims = claims
	if err := c.method.admits(claims, c.service); err != nil {
		return err
	}
	return known
}

// known is an error while nobody knows which sessions have ended and the call would
// change something.
func (s *Server) known(c *call) error {
	if s.revocations != nil && !c.method.reads && !s.revocations.Fresh() {
		return auth.ErrRevocationsUnknown.After(time.Second)
	}
	return nil
}
