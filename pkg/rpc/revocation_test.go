package rpc

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// revocable serves with a list that has been heard of already.
func revocable(t *testing.T, do func(context.Context) error, change ...func(*ServerOptions)) (*bundle, *auth.Revocations) {
	t.Helper()
	list := &auth.Revocations{}
	list.Hear(auth.News{Complete: true})
	return serve(t, do, append(change, func(o *ServerOptions) { o.Revocations = list })...), list
}

// session is an access token's context and the session it belongs to.
func (b *bundle) session(t *testing.T, roles ...auth.Role) (context.Context, id.UUID) {
	t.Helper()
	session := id.New()
	token, _, err := b.issuer.Access(b.account, session, roles)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), waitFor) // a stream that goes on for ever fails
	t.Cleanup(cancel)
	return header(ctx, headerAuthorization, "Bearer "+token), session
}

func TestUSER_006_TokensOfAnEndedSessionAreRefused(t *testing.T) {
	t.Parallel()
	b, list := revocable(t, nothing)
	ended, session := b.session(t, auth.RoleUser)
	other, _ := b.session(t, auth.RoleUser)
	_, err := b.client.GetProfile(ended, &userv1.GetProfileRequest{})
	require.NoError(t, err, "remembered as a good token")
	list.Hear(auth.News{Ended: []id.UUID{session}})
	_, err = b.client.GetProfile(ended, &userv1.GetProfileRequest{})
	refused(t, err, codes.Unauthenticated, "SESSION_REVOKED")
	_, err = b.client.Login(ended, goodLogin)
	refused(t, err, codes.Unauthenticated, "SESSION_REVOKED") // public, but a wrong token is wrong everywhere
	_, err = b.client.GetProfile(other, &userv1.GetProfileRequest{})
	require.NoError(t, err)
}

func TestUSER_006_RolesAreThePresentOnes(t *testing.T) {
	t.Parallel()
	var seen auth.Claims
	b, list := revocable(t, func(ctx context.Context) error { seen = Caller(ctx); return nil })
	ctx, _ := b.session(t, auth.RoleUser, auth.RoleAdmin)
	_, err := b.client.ListUsers(ctx, &userv1.ListUsersRequest{})
	require.NoError(t, err)
	list.Hear(auth.News{Roles: map[id.UUID][]auth.Role{b.account: {auth.RoleUser}}})
	_, err = b.client.ListUsers(ctx, &userv1.ListUsersRequest{})
	refused(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
	_, err = b.client.GetProfile(ctx, &userv1.GetProfileRequest{})
	require.NoError(t, err)
	require.Equal(t, []auth.Role{auth.RoleUser}, seen.Roles)
	list.Hear(auth.News{Roles: map[id.UUID][]auth.Role{b.account: {auth.RoleUser, auth.RoleOwner}}})
	_, err = b.client.ListUsers(ctx, &userv1.ListUsersRequest{})
	require.NoError(t, err, "a role that was given counts at once, too")
}

func TestUSER_006_WithoutNewsNothingIsChangedInAnybodysName(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing, func(o *ServerOptions) { o.Revocations = &auth.Revocations{} })
	ctx, _ := b.session(t, auth.RoleOwner)
	st := refused(t, errorOf(b.client.SetRoles(ctx, &userv1.SetRolesRequest{UserId: id.New().String(), Reason: "x"})), codes.Unavailable, "REVOCATIONS_UNKNOWN")
	require.NotEmpty(t, st.Details())
	_, err := b.client.ListUsers(ctx, &userv1.ListUsersRequest{})
	require.NoError(t, err, "reads go on")
	_, err = b.client.Login(t.Context(), goodLogin)
	require.NoError(t, err, "nobody's name")
}

func errorOf[T any](_ T, err error) error { return err }

func TestUSER_006_StreamsEndWithTheirSessionAndTheirRole(t *testing.T) {
	t.Parallel()
	b, list := revocable(t, nothing, streams(waiting))
	var out userv1.LoginResponse
	ctx, session := b.session(t, auth.RoleUser)
	own := b.open(ctx, t, "Own")
	require.NoError(t, own.RecvMsg(&out))
	ctx, _ = b.session(t, auth.RoleAdmin)
	admins := b.open(ctx, t, "Both")
	require.NoError(t, admins.RecvMsg(&out))
	ctx, _ = b.session(t, auth.RoleSeller, auth.RoleUser)
	sellers := b.open(ctx, t, "Own")
	require.NoError(t, sellers.RecvMsg(&out))

	list.Hear(auth.News{Ended: []id.UUID{session}})
	refused(t, own.RecvMsg(&out), codes.Unauthenticated, "SESSION_REVOKED")
	list.Hear(auth.News{Roles: map[id.UUID][]auth.Role{b.account: {auth.RoleUser}}})
	refused(t, admins.RecvMsg(&out), codes.PermissionDenied, "ROLE_REQUIRED")
	refused(t, sellers.RecvMsg(&out), codes.Unavailable, "ROLES_CHANGED")
	late := b.open(header(t.Context(), headerAuthorization, "Bearer "+b.token(t, auth.RoleUser)), t, "Own")
	require.NoError(t, late.RecvMsg(&out))
}

func TestUSER_006_WhatArrivesAfterTheEndIsNotTaken(t *testing.T) {
	t.Parallel()
	taken := make(chan string, 8)
	b, list := revocable(t, nothing, streams(func(ss grpc.ServerStream) error {
		for {
			var in userv1.LoginRequest
			if err := ss.RecvMsg(&in); err != nil {
				return err
			}
			taken <- in.GetEmail()
		}
	}))
	ctx, session := b.session(t, auth.RoleUser)
	ss := b.open(ctx, t, "Own")
	require.NoError(t, ss.SendMsg(goodLogin))
	require.Equal(t, goodLogin.GetEmail(), <-taken)
	list.Hear(auth.News{Ended: []id.UUID{session}})
	require.NoError(t, ss.SendMsg(goodLogin))
	var out userv1.LoginResponse
	refused(t, ss.RecvMsg(&out), codes.Unauthenticated, "SESSION_REVOKED")
	require.Empty(t, taken)
}

func TestUSER_006_AStreamThatWritesEndsWhileNobodyKnowsWhoseSessionEnded(t *testing.T) {
	t.Parallel()
	taken := make(chan error, 8)
	b, list := revocable(t, nothing, streams(func(ss grpc.ServerStream) error {
		var in userv1.LoginRequest
		for {
			err := ss.RecvMsg(&in)
			if taken <- err; err != nil {
				return err
			}
		}
	}))
	ctx := header(t.Context(), headerAuthorization, "Bearer "+b.token(t, auth.RoleUser))
	sends, closes := b.open(ctx, t, "Own"), b.open(ctx, t, "Own")
	require.NoError(t, sends.SendMsg(goodLogin))
	require.NoError(t, <-taken)
	require.Eventually(t, func() bool { return !list.Fresh() }, 2*auth.RevocationsAge, 10*time.Millisecond)
	var out userv1.LoginResponse
	require.NoError(t, sends.SendMsg(goodLogin))
	refused(t, sends.RecvMsg(&out), codes.Unavailable, "REVOCATIONS_UNKNOWN")
	require.NoError(t, closes.CloseSend())
	refused(t, closes.RecvMsg(&out), codes.Unavailable, "REVOCATIONS_UNKNOWN")
}

func TestUSER_006_AStreamWhoseClientIsSilentEndsWithItsSession(t *testing.T) {
	t.Parallel()
	begun, left := make(chan struct{}), make(chan struct{})
	b, list := revocable(t, nothing, streams(func(ss grpc.ServerStream) error {
		defer close(left)
		close(begun)
		return ss.RecvMsg(&userv1.LoginRequest{})
	}))
	ctx, session := b.session(t, auth.RoleUser)
	ss := b.open(ctx, t, "Own")
	<-begun
	list.Hear(auth.News{Ended: []id.UUID{session}})
	refused(t, ss.RecvMsg(&userv1.LoginResponse{}), codes.Unauthenticated, "SESSION_REVOKED")
	<-left
}
