package rpc

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

func TestAUTH_001_CallWithoutATokenReachesOnlyPublicMethods(t *testing.T) {
	t.Parallel()
	b := serve(t, func(ctx context.Context) error {
		require.Equal(t, auth.Claims{}, Caller(ctx))
		return nil
	})
	_, err := b.client.Login(t.Context(), goodLogin)
	require.NoError(t, err)
	_, err = b.client.GetProfile(t.Context(), &userv1.GetProfileRequest{})
	refused(t, err, codes.Unauthenticated, "TOKEN_MISSING")
	_, err = b.client.ListUsers(t.Context(), &userv1.ListUsersRequest{})
	refused(t, err, codes.Unauthenticated, "TOKEN_MISSING")
}

func TestAUTH_001_IdentityComesFromTheToken(t *testing.T) {
	t.Parallel()
	var got auth.Claims
	b := serve(t, func(ctx context.Context) error {
		got = Caller(ctx)
		return nil
	})
	for _, scheme := range []string{"Bearer ", "bearer "} {
		ctx := header(t.Context(), headerAuthorization, scheme+b.token(t, auth.RoleUser))
		for _, call := range []func() error{
			func() error { _, err := b.client.GetProfile(ctx, &userv1.GetProfileRequest{}); return err },
			func() error { _, err := b.client.Login(ctx, goodLogin); return err },
		} {
			got = auth.Claims{}
			require.NoError(t, call())
			require.Equal(t, b.account, got.Account)
			require.True(t, got.Has(auth.RoleUser))
		}
	}
}

func TestMalformedAuthorizationIsRefusedEvenOnPublicMethods(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing)
	good := b.token(t, auth.RoleUser)
	for name, values := range map[string][]string{
		"blank": {""}, "scheme alone": {"Bearer"}, "no token": {"Bearer "}, "other scheme": {"Basic dTpw"}, "token alone": {good},
		"no JWT": {"Bearer abc"}, "two": {"Bearer " + good, "Bearer " + good}, "cut": {"Bearer " + good[:len(good)-4]},
		"space": {"Bearer  " + good}, "huge": {"Bearer " + strings.Repeat("a", maxToken)},
	} {
		ctx := t.Context()
		for _, v := range values {
			ctx = header(ctx, headerAuthorization, v)
		}
		_, err := b.client.Login(ctx, goodLogin)
		refused(t, err, codes.Unauthenticated, "TOKEN_INVALID")
		_, err = b.client.GetProfile(ctx, &userv1.GetProfileRequest{})
		refused(t, err, codes.Unauthenticated, "TOKEN_INVALID")
		require.NotContains(t, err.Error(), good, name)
	}
}

func TestTokenThatExpiresIsRefusedThoughItWasRemembered(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing)
	ctx := header(t.Context(), headerAuthorization, "Bearer "+b.token(t, auth.RoleUser))
	_, err := b.client.GetProfile(ctx, &userv1.GetProfileRequest{})
	require.NoError(t, err)
	b.clk.Advance(15 * time.Minute)
	_, err = b.client.GetProfile(ctx, &userv1.GetProfileRequest{})
	refused(t, err, codes.Unauthenticated, "TOKEN_EXPIRED")
}

func TestAUTH_002_RoleMethodsNeedOneOfTheirRoles(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing)
	call := func(roles ...auth.Role) error {
		_, err := b.client.ListUsers(header(t.Context(), headerAuthorization, "Bearer "+b.token(t, roles...)), &userv1.ListUsersRequest{})
		return err
	}
	for _, roles := range [][]auth.Role{nil, {auth.RoleUser}, {auth.RoleUser, auth.RoleSeller, auth.RoleFinance}} {
		st := refused(t, call(roles...), codes.PermissionDenied, "ROLE_REQUIRED")
		require.Equal(t, "needs one of the roles support, admin, owner", st.Message())
	}
	require.NoError(t, call(auth.RoleUser, auth.RoleOwner))
	require.NoError(t, call(auth.RoleSupport))
}

func TestWhoMayCallIsDecidedBeforeTheRequestIsRead(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing)
	_, err := b.client.SetRoles(t.Context(), &userv1.SetRolesRequest{UserId: "x"})
	refused(t, err, codes.Unauthenticated, "TOKEN_MISSING")
	_, err = b.client.SetRoles(header(t.Context(), headerAuthorization, "Bearer "+b.token(t, auth.RoleUser)), &userv1.SetRolesRequest{UserId: "x"})
	refused(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
}

func TestVerifiedTokensAreRememberedForAMinuteAtMost(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(t0)
	cfg := auth.Config{Keys: auth.DevelopmentKeys}
	verifier, err := auth.NewVerifier(cfg, clk)
	require.NoError(t, err)
	issuer, err := auth.NewIssuer(cfg, clk)
	require.NoError(t, err)
	token, _, err := issuer.Access(id.New(), id.New(), nil)
	require.NoError(t, err)
	tokens := newTokens(verifier, clk)
	first, err := tokens.of(token)
	require.NoError(t, err)
	clk.Advance(59 * time.Second)
	again, err := tokens.of(token)
	require.NoError(t, err)
	require.Same(t, first, again)
	clk.Advance(time.Second)
	later, err := tokens.of(token)
	require.NoError(t, err)
	require.NotSame(t, first, later)
	clk.Advance(14 * time.Minute)
	_, err = tokens.of(token)
	require.ErrorIs(t, err, auth.ErrTokenExpired)
}

func TestMemoryOfTokensIsBounded(t *testing.T) {
	t.Parallel()
	tokens := newTokens(nil, clock.NewFake(t0))
	for i := range 5 * tokenGeneration {
		tokens.remember(fmt.Sprint(i), verified[auth.Claims]{until: t0.Add(time.Minute)}, t0)
	}
	require.LessOrEqual(t, len(tokens.young)+len(tokens.old), 2*tokenGeneration)
	_, err := tokens.of(fmt.Sprint(5*tokenGeneration - 1))
	require.NoError(t, err, "the newest is kept")
	_, err = tokens.of(fmt.Sprint(4*tokenGeneration - 1))
	require.NoError(t, err, "so is the generation before")
}

func TestCallerOfATest(t *testing.T) {
	t.Parallel()
	claims := auth.Claims{Account: id.New()}
	require.Equal(t, claims, Caller(WithCaller(t.Context(), claims)))
	require.Equal(t, auth.Claims{}, Caller(t.Context()))
}
