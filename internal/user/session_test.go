package user_test

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

const revoked = "SESSION_REVOKED"

func (w *world) refreshes(token string) (*userv1.RefreshTokenResponse, error) {
	return w.RefreshToken(context.Background(), &userv1.RefreshTokenRequest{RefreshToken: token})
}

func (w *world) mustRefresh(t testing.TB, token string) string {
	t.Helper()
	res, err := w.refreshes(token)
	require.NoError(t, err)
	require.NotEqual(t, token, res.GetRefreshToken())
	return res.GetRefreshToken()
}

func (w *world) seesProfile(p person) error {
	_, err := w.GetProfile(p.ctx, &userv1.GetProfileRequest{})
	return err
}

func TestUSER_005_ARefreshRotatesTheToken(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	seen := map[string]bool{p.refresh: true}
	token := p.refresh
	for range 5 {
		w.clock.Advance(14 * time.Minute)
		res, err := w.refreshes(token)
		require.NoError(t, err)
		require.EqualValues(t, 900, res.GetExpiresIn())
		require.False(t, seen[res.GetRefreshToken()])
		token = res.GetRefreshToken()
		seen[token] = true
		require.NoError(t, w.seesProfile(person{ctx: as(res.GetAccessToken())}))
	}
}

func TestUSER_005_OnlyHashesAreStored(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	next := w.mustRefresh(t, p.refresh)
	for _, token := range []string{p.refresh, next} {
		require.Equal(t, 1, value[int](t, w, "SELECT count(*) FROM refresh_tokens WHERE token_hash = $1", auth.HashRefresh(token)))
		require.Zero(t, value[int](t, w, "SELECT count(*) FROM refresh_tokens t WHERE t::text LIKE '%' || $1 || '%'", token))
		require.NotContains(t, w.log.text(), token)
	}
	require.NotContains(t, w.log.text(), password)
}

func TestUSER_005_TheDirectParentGetsTheSameChildForTenSeconds(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	child := w.mustRefresh(t, p.refresh)
	w.clock.Advance(auth.RefreshGrace)
	require.Equal(t, child, w.mustRefresh(t, p.refresh), "ten seconds are still in time")
	require.NotEqual(t, child, w.mustRefresh(t, child), "and the child is good")
}

func TestUSER_005_AParentLaterThanTenSecondsRevokesTheSession(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	other := w.login(t, "jane@example.com")
	child := w.mustRefresh(t, p.refresh)
	w.clock.Advance(auth.RefreshGrace + time.Microsecond)
	_, err := w.refreshes(p.refresh)
	refused(t, err, codes.Unauthenticated, "REFRESH_TOKEN_REUSED")
	_, err = w.refreshes(child)
	refused(t, err, codes.Unauthenticated, revoked)
	refused(t, w.seesProfile(p), codes.Unauthenticated, revoked)
	require.NoError(t, w.seesProfile(other), "the account's other session goes on")
	require.Equal(t, "token_reused", value[string](t, w, "SELECT revoked_reason FROM sessions WHERE id = $1", p.session))
	require.Equal(t, p.id, value[string](t, w, "SELECT user_id::text FROM user_audit WHERE action = 'token_reused'"))
}

func TestUSER_005_OlderReuseRevokesTheFamily(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	child := w.mustRefresh(t, p.refresh)
	grandchild := w.mustRefresh(t, child)
	_, err := w.refreshes(p.refresh) // within ten seconds, but no direct parent any more
	refused(t, err, codes.Unauthenticated, "REFRESH_TOKEN_REUSED")
	for _, token := range []string{p.refresh, child, grandchild} {
		_, err := w.refreshes(token)
		refused(t, err, codes.Unauthenticated, revoked)
	}
}

func TestUSER_005_TwoHonestTabsRefreshAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	var wg sync.WaitGroup
	start, got := make(chan struct{}), make(chan string, 20)
	for range cap(got) {
		wg.Go(func() {
			<-start
			res, err := w.refreshes(p.refresh)
			if err == nil {
				got <- res.GetRefreshToken()
			}
		})
	}
	close(start)
	wg.Wait()
	close(got)
	children := map[string]int{}
	for token := range got {
		children[token]++
	}
	require.Len(t, children, 1)
	for child, n := range children {
		require.Equal(t, 20, n, "every tab is served")
		w.mustRefresh(t, child)
	}
	require.Equal(t, 3, value[int](t, w, "SELECT count(*) FROM refresh_tokens"))
}

func TestUSER_005_ARefreshTokenLivesSevenDays(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	early, late := w.join(t, "jane@example.com"), w.login(t, "jane@example.com")
	w.clock.Advance(auth.RefreshTTL - time.Microsecond)
	next := w.mustRefresh(t, early.refresh)
	w.clock.Advance(time.Microsecond)
	_, err := w.refreshes(late.refresh)
	refused(t, err, codes.Unauthenticated, "REFRESH_TOKEN_EXPIRED")
	w.clock.Advance(auth.RefreshTTL - 2*time.Microsecond)
	w.mustRefresh(t, next) // each exchange begins seven days anew
}

func TestUSER_005_UnknownTokensAreRefused(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	for _, token := range []string{"x", p.refresh + "x", p.refresh[1:], "' OR 1=1 --"} {
		_, err := w.refreshes(token)
		refused(t, err, codes.Unauthenticated, "REFRESH_TOKEN_INVALID")
	}
	require.NoError(t, w.seesProfile(p))
}

func TestUSER_004_ARefreshTokenIsNoAccessToken(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	refused(t, w.seesProfile(person{ctx: as(p.refresh)}), codes.Unauthenticated, "TOKEN_INVALID")
}

func TestUSER_004_AnExpiredAccessTokenIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	require.NoError(t, w.seesProfile(p))
	w.clock.Advance(15 * time.Minute)
	refused(t, w.seesProfile(p), codes.Unauthenticated, "TOKEN_EXPIRED")
}

func TestUSER_004_ForgedTokensReachNothing(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	var claims jwt.MapClaims
	_, _, err := jwt.NewParser().ParseUnverified(p.access, &claims)
	require.NoError(t, err)
	claims["roles"] = []string{"owner"}
	sign := func(method jwt.SigningMethod, key any) string {
		token := jwt.NewWithClaims(method, claims)
		token.Header["kid"] = "test"
		text, err := token.SignedString(key)
		require.NoError(t, err)
		return text
	}
	for name, token := range map[string]string{
		"none":      sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
		"empty key": sign(jwt.SigningMethodHS256, []byte{}),
		"other key": sign(jwt.SigningMethodHS256, []byte("another-key-of-at-least-thirty-two-bytes")),
		"HS512":     sign(jwt.SigningMethodHS512, []byte("a-test-key-of-at-least-thirty-two-bytes")),
	} {
		t.Log(name)
		refused(t, w.seesProfile(person{ctx: as(token)}), codes.Unauthenticated, "TOKEN_INVALID")
		_, err := w.ListUsers(as(token), &userv1.ListUsersRequest{})
		refused(t, err, codes.Unauthenticated, "TOKEN_INVALID")
	}
}

func TestUSER_006_LogoutEndsTheSessionAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p, other := w.join(t, "jane@example.com"), w.login(t, "jane@example.com")
	_, err := w.Logout(p.ctx, &userv1.LogoutRequest{})
	require.NoError(t, err)
	refused(t, w.seesProfile(p), codes.Unauthenticated, revoked)
	_, err = w.refreshes(p.refresh)
	refused(t, err, codes.Unauthenticated, revoked)
	_, err = w.Logout(p.ctx, &userv1.LogoutRequest{})
	refused(t, err, codes.Unauthenticated, revoked)
	require.NoError(t, w.seesProfile(other))
}

func TestUSER_006_SessionsShowDeviceAndAddress(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	first := w.join(t, "jane@example.com")
	w.clock.Advance(time.Minute)
	second := w.login(t, "jane@example.com")
	w.join(t, "john@example.com")
	res, err := w.ListSessions(first.ctx, &userv1.ListSessionsRequest{})
	require.NoError(t, err)
	require.Len(t, res.GetSessions(), 2)
	newest, oldest := res.GetSessions()[0], res.GetSessions()[1]
	require.Equal(t, []string{second.session, first.session}, []string{newest.GetId(), oldest.GetId()})
	require.True(t, oldest.GetCurrent())
	require.False(t, newest.GetCurrent())
	for _, s := range res.GetSessions() {
		require.Contains(t, s.GetDevice(), "grpc-go")
		ip, err := netip.ParseAddr(s.GetIp())
		require.NoError(t, err)
		require.True(t, ip.IsLoopback())
	}
	require.Equal(t, t0.Add(time.Minute), newest.GetCreatedAt().AsTime())
	require.Equal(t, t0.Add(time.Minute+auth.RefreshTTL), newest.GetExpiresAt().AsTime())
	w.clock.Advance(time.Minute)
	w.mustRefresh(t, second.refresh)
	res, err = w.ListSessions(first.ctx, &userv1.ListSessionsRequest{PageSize: 1})
	require.NoError(t, err)
	require.Equal(t, t0.Add(2*time.Minute), res.GetSessions()[0].GetLastUsedAt().AsTime())
	res, err = w.ListSessions(first.ctx, &userv1.ListSessionsRequest{PageSize: 1, PageToken: res.GetNextPageToken()})
	require.NoError(t, err)
	require.Equal(t, first.session, res.GetSessions()[0].GetId())
	require.Empty(t, res.GetNextPageToken())
	_, err = w.ListSessions(first.ctx, &userv1.ListSessionsRequest{PageToken: "nonsense!"})
	blames(t, err, "page_token")
}

func TestUSER_006_SessionsAreRevokedOneByOne(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p, other, stranger := w.join(t, "jane@example.com"), w.login(t, "jane@example.com"), w.join(t, "john@example.com")
	revoke := func(by person, session string) error {
		_, err := w.RevokeSession(by.ctx, &userv1.RevokeSessionRequest{SessionId: session})
		return err
	}
	refused(t, revoke(stranger, other.session), codes.NotFound, "SESSION_NOT_FOUND")
	refused(t, revoke(p, unknownID()), codes.NotFound, "SESSION_NOT_FOUND")
	blames(t, revoke(p, "1"), "session_id")
	require.NoError(t, w.seesProfile(other))
	require.NoError(t, revoke(p, other.session))
	refused(t, w.seesProfile(other), codes.Unauthenticated, revoked)
	refused(t, revoke(p, other.session), codes.NotFound, "SESSION_NOT_FOUND")
	require.NoError(t, w.seesProfile(p))
}

func TestUSER_006_AllSessionsAreRevokedAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p, other, stranger := w.join(t, "jane@example.com"), w.login(t, "jane@example.com"), w.join(t, "john@example.com")
	res, err := w.RevokeAllSessions(p.ctx, &userv1.RevokeAllSessionsRequest{})
	require.NoError(t, err)
	require.EqualValues(t, 2, res.GetRevoked())
	refused(t, w.seesProfile(p), codes.Unauthenticated, revoked)
	refused(t, w.seesProfile(other), codes.Unauthenticated, revoked)
	require.NoError(t, w.seesProfile(stranger))
}

func TestUSER_006_ASessionThatIsGoneIsNoSession(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	_, err := w.db.Exec(context.Background(), "DELETE FROM refresh_tokens")
	require.NoError(t, err)
	_, err = w.db.Exec(context.Background(), "DELETE FROM sessions")
	require.NoError(t, err)
	refused(t, w.seesProfile(p), codes.Unauthenticated, revoked)
}

func TestUSER_004_AKeyRotationKeepsPeopleSignedIn(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	child := w.mustRefresh(t, p.refresh)
	env, _, _ := environment(t, w.env.Source["DATABASE_URL"], map[string]string{
		"JWT_KEYS": "next:another-test-key-of-thirty-two-bytes," + keys,
	})
	rotated := serve(t, env)
	res, err := rotated.RefreshToken(context.Background(), &userv1.RefreshTokenRequest{RefreshToken: p.refresh})
	require.NoError(t, err)
	require.Equal(t, child, res.GetRefreshToken(), "the old key's child is still known")
	_, err = rotated.GetProfile(p.ctx, &userv1.GetProfileRequest{})
	require.NoError(t, err)

	env, _, _ = environment(t, w.env.Source["DATABASE_URL"], map[string]string{"JWT_KEYS": "next:another-test-key-of-thirty-two-bytes"})
	retired := serve(t, env)
	_, err = retired.RefreshToken(context.Background(), &userv1.RefreshTokenRequest{RefreshToken: p.refresh})
	refused(t, err, codes.Unauthenticated, "REFRESH_TOKEN_INVALID")
	_, err = retired.RefreshToken(context.Background(), &userv1.RefreshTokenRequest{RefreshToken: child})
	require.NoError(t, err, "the newest token needs no old key")
}
