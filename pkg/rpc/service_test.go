package rpc

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// credential proves to the bundle's server that a service calls.
func (b *bundle) credential(t testing.TB, service string) *auth.ServiceCredential {
	t.Helper()
	c, err := auth.NewServiceCredential(auth.Config{Keys: auth.DevelopmentKeys}, service, b.clk)
	require.NoError(t, err)
	return c
}

func (b *bundle) serviceToken(t testing.TB, service string) string {
	t.Helper()
	token, err := b.credential(t, service).Token()
	require.NoError(t, err)
	return token
}

// whoCalls is a stream that says which service and which account it sees, once.
func whoCalls(ss grpc.ServerStream) error {
	ctx := ss.Context()
	return ss.SendMsg(&userv1.LoginResponse{AccessToken: Service(ctx), RefreshToken: Caller(ctx).Account.String()})
}

func TestAUTH_002_AServiceReachesWhatNamesIt(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing, streams(whoCalls))
	as := func(ctx context.Context, service string) context.Context {
		return header(ctx, headerService, b.serviceToken(t, service))
	}
	signedIn := func(roles ...auth.Role) context.Context {
		return header(t.Context(), headerAuthorization, "Bearer "+b.token(t, roles...))
	}
	for name, c := range map[string]struct {
		ctx    context.Context //nolint:containedctx // of the one call
		method string
		code   codes.Code
		reason string
	}{
		"named service":                     {as(t.Context(), "order"), "Peer", codes.OK, ""},
		"other service":                     {as(t.Context(), "bidding"), "Peer", codes.PermissionDenied, "SERVICE_REQUIRED"},
		"stranger":                          {t.Context(), "Peer", codes.Unauthenticated, "TOKEN_MISSING"},
		"owner":                             {signedIn(auth.RoleOwner), "Peer", codes.PermissionDenied, "SERVICE_REQUIRED"},
		"named service for a user":          {as(signedIn(auth.RoleUser), "order"), "Peer", codes.OK, ""},
		"other service for an owner":        {as(signedIn(auth.RoleOwner), "bidding"), "Peer", codes.PermissionDenied, "SERVICE_REQUIRED"},
		"service beside a role":             {as(t.Context(), "order"), "Both", codes.OK, ""},
		"other service beside a role":       {as(t.Context(), "payment"), "Both", codes.PermissionDenied, "ROLE_REQUIRED"},
		"role beside a service":             {signedIn(auth.RoleAdmin), "Both", codes.OK, ""},
		"other service, but the role":       {as(signedIn(auth.RoleAdmin), "payment"), "Both", codes.OK, ""},
		"a service has no objects":          {as(t.Context(), "order"), "Own", codes.Unauthenticated, "TOKEN_MISSING"},
		"a service for whom it acts":        {as(signedIn(auth.RoleUser), "order"), "Own", codes.OK, ""},
		"a public method takes any service": {as(t.Context(), "bidding"), "Open", codes.OK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out userv1.LoginResponse
			err := b.open(c.ctx, t, c.method).RecvMsg(&out)
			if c.code != codes.OK {
				refused(t, err, c.code, c.reason)
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestAUTH_002_TheServiceIsKnownToTheHandler(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing, streams(whoCalls))
	conn, err := b.network.Dial("user", "", AsService(b.credential(t, "order")))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	for _, ctx := range []context.Context{t.Context(), header(t.Context(), headerAuthorization, "Bearer "+b.token(t))} {
		ss, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/rpctest.v1.Streams/Peer")
		require.NoError(t, err)
		var out userv1.LoginResponse
		require.NoError(t, ss.RecvMsg(&out))
		require.Equal(t, "order", out.GetAccessToken())
		require.Equal(t, ctx != t.Context(), out.GetRefreshToken() == b.account.String())
	}
	require.Empty(t, Service(t.Context()))
}

func TestAUTH_002_AWrongServiceTokenIsRefusedEvenWhereNoneIsNeeded(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing, streams(whoCalls))
	good := b.serviceToken(t, "order")
	expired := b.serviceToken(t, "order")
	for name, values := range map[string][]string{
		"blank": {""}, "no JWT": {"abc"}, "two": {good, good}, "cut": {good[:len(good)-4]}, "bearer": {"Bearer " + good},
		"huge": {strings.Repeat("a", maxToken+1)}, "access token": {b.token(t, auth.RoleOwner)},
	} {
		ctx := t.Context()
		for _, v := range values {
			ctx = header(ctx, headerService, v)
		}
		for _, method := range []string{"Open", "Peer"} {
			var out userv1.LoginResponse
			err := b.open(ctx, t, method).RecvMsg(&out)
			refused(t, err, codes.Unauthenticated, "SERVICE_TOKEN_INVALID")
			require.NotContains(t, err.Error(), good, name)
		}
	}
	b.clk.Advance(auth.ServiceTTL)
	var out userv1.LoginResponse
	refused(t, b.open(header(t.Context(), headerService, expired), t, "Peer").RecvMsg(&out), codes.Unauthenticated, "SERVICE_TOKEN_INVALID")
	refused(t, b.open(header(t.Context(), headerAuthorization, "Bearer "+good), t, "Own").RecvMsg(&out), codes.Unauthenticated, "TOKEN_INVALID")
}
