package rpc

import (
	"context"
	"strings"
	"sync"
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

// tokens remembers verified tokens for up to a minute, never beyond their end, so that
// a busy client's signature is checked once and not on every call. Two generations of
// bounded size: the older is dropped when the newer is full or a minute old.
type tokens struct {
	verifier *auth.Verifier
	clk      clock.Clock

	mu         sync.RWMutex
	young, old map[string]verified
	turned     time.Time // when young began
}

type verified struct {
	claims *auth.Claims
	until  time.Time
}

const (
	tokenLife       = time.Minute
	tokenGeneration = 8192 // tokens
)

func newTokens(v *auth.Verifier, clk clock.Clock) *tokens {
	return &tokens{verifier: v, clk: clk, young: map[string]verified{}, turned: clk.Now()}
}

// claims returns what a token says; the result is shared and must not be changed.
// Errors: those of auth.Verifier.
func (t *tokens) claims(token string) (*auth.Claims, error) {
	now := t.clk.Now()
	t.mu.RLock()
	v, ok := t.young[token]
	if !ok {
		v, ok = t.old[token]
	}
	t.mu.RUnlock()
	if ok && now.Before(v.until) {
		return v.claims, nil
	}
	claims, err := t.verifier.Access(token)
	if err != nil {
		return nil, err
	}
	t.remember(token, verified{&claims, earlier(claims.ExpiresAt, now.Add(tokenLife))}, now)
	return &claims, nil
}

func (t *tokens) remember(token string, v verified, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.young) >= tokenGeneration || now.Sub(t.turned) >= tokenLife {
		t.old, t.young, t.turned = t.young, make(map[string]verified, len(t.young)), now
	}
	t.young[token] = v
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// authenticate verifies the call's token and asks the method's rule. A public method
// needs no token, but a wrong one is refused there too.
func (s *Server) authenticate(ctx context.Context, c *call) error {
	token, err := bearer(ctx)
	if err != nil {
		return err
	}
	if token == "" {
		if c.method.public {
			return nil
		}
		return errTokenMissing
	}
	if c.method.infrastructure {
		return nil // a probe needs no token, so a stale one does not fail it
	}
	claims, err := s.tokens.claims(token)
	if err != nil {
		return err
	}
	c.token, c.claims = token, claims
	return c.method.admits(claims)
}
