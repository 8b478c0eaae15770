package rpc

import (
	"context"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
)

const (
	headerAuthorization = "authorization"
	headerService       = "x-service-token"
	headerRequestID     = "x-request-id"
	headerUserAgent     = "user-agent"
)

type callKey struct{}

// call is what the server knows of one running call. It is a context of its own, so
// that a call costs one allocation instead of one per value.
type call struct {
	context.Context //nolint:containedctx // it is a context, the way valueCtx is one
	method          *method
	requestID       string
	token           string
	claims          *auth.Claims // nil without a token
	service         string       // the service that calls; blank: none
	start           time.Time    // monotonic
}

// Value implements context.Context.
func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// Caller returns the claims of the verified access token, the zero Claims on a public
// call without one. Identity comes from here and from nowhere else (AUTH-001).
func Caller(ctx context.Context) auth.Claims {
	if c := callOf(ctx); c != nil && c.claims != nil {
		return *c.claims
	}
	return auth.Claims{}
}

// Service returns the name of the service that calls, proven by its service token; ""
// when it is none. Beside it there may be a Caller, for whom it acts (AUTH-002).
func Service(ctx context.Context) string {
	if c := callOf(ctx); c != nil {
		return c.service
	}
	return ""
}

// WithCaller returns a context whose caller has the claims, for tests.
func WithCaller(ctx context.Context, claims auth.Claims) context.Context {
	return &call{Context: ctx, claims: &claims}
}

const maxUserAgent = 256 // bytes kept

// ClientInfo returns how the client names itself, cut to 256 bytes, and its network
// address, taken from the connection and never from a header. A client in this
// process has the address 127.0.0.1.
func ClientInfo(ctx context.Context) (userAgent, ip string) {
	if v := metadata.ValueFromIncomingContext(ctx, headerUserAgent); len(v) > 0 {
		userAgent = printable(v[0])
	}
	p, ok := peer.FromContext(ctx)
	if !ok || p.Addr == nil {
		return userAgent, ""
	}
	if p.Addr.Network() == "bufconn" {
		return userAgent, "127.0.0.1"
	}
	host, _, err := net.SplitHostPort(p.Addr.String())
	if err != nil {
		return userAgent, ""
	}
	host, _, _ = strings.Cut(host, "%") // the zone of an IPv6 address names an interface of ours
	return userAgent, host
}

func printable(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxUserAgent)], "")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}
