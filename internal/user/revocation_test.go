package user_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/internal/user"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	eventv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/event/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// bidding is a connection as the bidding service.
func (w *world) bidding(t *testing.T) *grpc.ClientConn {
	t.Helper()
	credential, err := auth.NewServiceCredential(auth.Config{Keys: keys}, "bidding", w.clock)
	require.NoError(t, err)
	conn, err := w.env.Network.Dial(user.Name, "", rpc.AsService(credential))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return conn
}

// told is what a listener has been told, added up.
type told struct {
	ended map[string]bool
	roles map[string][]string
}

// hear listens until enough is known, or the test's time is up.
func (w *world) hear(t *testing.T, enough func(told) bool) told {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	stream, err := userv1.NewUserServiceClient(w.bidding(t)).WatchRevocations(ctx, &userv1.WatchRevocationsRequest{})
	require.NoError(t, err)
	all := told{map[string]bool{}, map[string][]string{}}
	for first := true; ; first = false {
		news, err := stream.Recv()
		require.NoError(t, err)
		require.Equal(t, first, news.GetComplete())
		for _, raw := range news.GetEndedSessions() {
			session, err := id.FromBytes(raw)
			require.NoError(t, err)
			all.ended[session.String()] = true
		}
		for _, c := range news.GetChangedRoles() {
			account, err := id.FromBytes(c.GetUserId())
			require.NoError(t, err)
			all.roles[account.String()] = c.GetRoles()
		}
		if enough(all) {
			return all
		}
	}
}

func TestUSER_006_OtherServicesAreToldOfEverySessionThatEnds(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner := w.owner(t)
	out, gone, changed, banned := w.join(t, "out@example.com"), w.join(t, "gone@example.com"), w.join(t, "changed@example.com"), w.join(t, "banned@example.com")
	second := w.login(t, gone.email)
	other := w.login(t, changed.email)

	_, err := w.Logout(out.ctx, &userv1.LogoutRequest{})
	require.NoError(t, err)
	_, err = w.RevokeAllSessions(gone.ctx, &userv1.RevokeAllSessionsRequest{})
	require.NoError(t, err)
	_, err = w.ChangePassword(changed.ctx, &userv1.ChangePasswordRequest{Password: password, NewPassword: password + "!"})
	require.NoError(t, err)
	heard := w.hear(t, func(told) bool { return true })
	require.Equal(t, map[string]bool{out.session: true, gone.session: true, second.session: true, other.session: true}, heard.ended)

	go func() { // while somebody listens
		_, err := w.BanUser(owner.ctx, &userv1.BanUserRequest{UserId: banned.id, Reason: "fraud"})
		if err != nil {
			t.Errorf("ban: %v", err)
		}
	}()
	heard = w.hear(t, func(all told) bool { return all.ended[banned.session] })
	require.Len(t, heard.ended, 5)

	w.clock.Advance(16*time.Minute + time.Second) // no access token is that old
	require.Empty(t, w.hear(t, func(told) bool { return true }).ended)
}

func TestUSER_006_OtherServicesAreToldOfEveryChangeOfRoles(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner, seller := w.owner(t), w.join(t, "seller@example.com")
	_, err := w.AcceptSellerTerms(seller.ctx, &userv1.AcceptSellerTermsRequest{})
	require.NoError(t, err)
	heard := w.hear(t, func(told) bool { return true })
	require.Equal(t, []string{"user", "seller"}, heard.roles[seller.id])
	for _, roles := range [][]string{{"support"}, {"seller", "catalog"}} {
		_, err = w.SetRoles(owner.ctx, &userv1.SetRolesRequest{UserId: seller.id, Roles: roles, Reason: "moved"})
		require.NoError(t, err)
	}
	heard = w.hear(t, func(told) bool { return true })
	require.Equal(t, []string{"user", "seller", "catalog"}, heard.roles[seller.id], "the last word holds")
}

func TestUSER_006_AReusedRefreshTokenEndsItsSessionEverywhere(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "thief@example.com")
	_, err := w.RefreshToken(context.Background(), &userv1.RefreshTokenRequest{RefreshToken: p.refresh})
	require.NoError(t, err)
	w.clock.Advance(auth.RefreshGrace + time.Second)
	_, err = w.RefreshToken(context.Background(), &userv1.RefreshTokenRequest{RefreshToken: p.refresh})
	refused(t, err, codes.Unauthenticated, "REFRESH_TOKEN_REUSED")
	require.True(t, w.hear(t, func(told) bool { return true }).ended[p.session])
}

func TestUSER_006_RevocationsAreForServicesAlone(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	for name, c := range map[string]struct {
		ctx    context.Context //nolint:containedctx // of the one call
		code   codes.Code
		reason string
	}{
		"stranger": {context.Background(), codes.Unauthenticated, "TOKEN_MISSING"},
		"owner":    {w.owner(t).ctx, codes.PermissionDenied, "SERVICE_REQUIRED"},
	} {
		stream, err := w.WatchRevocations(c.ctx, &userv1.WatchRevocationsRequest{})
		require.NoError(t, err, name)
		_, err = stream.Recv()
		refused(t, err, c.code, c.reason)
	}
}

func TestEVENT_001_BansAreToldInTheTransactionThatMakesThem(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner, p := w.owner(t), w.join(t, "anna@example.com")
	_, err := w.BanUser(owner.ctx, &userv1.BanUserRequest{UserId: p.id, Reason: "fraud"})
	require.NoError(t, err)
	pardoned, err := w.UnbanUser(owner.ctx, &userv1.UnbanUserRequest{UserId: p.id, Reason: "a mistake"})
	require.NoError(t, err)
	_, err = w.UnbanUser(owner.ctx, &userv1.UnbanUserRequest{UserId: p.id, Reason: "again"})
	refused(t, err, codes.FailedPrecondition, "STATUS_UNCHANGED")

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tail, err := eventv1.NewEventLogClient(w.bidding(t)).Tail(ctx, &eventv1.TailRequest{})
	require.NoError(t, err)
	version := pardoned.GetUser().GetVersion()
	for i, want := range []proto.Message{
		&userv1.SessionsEnded{UserId: p.id, SessionIds: []string{p.session}, Reason: "banned"},
		&userv1.AccountBanned{UserId: p.id, Version: version - 1},
		&userv1.AccountUnbanned{UserId: p.id, Version: version},
	} {
		got, err := tail.Recv()
		require.NoError(t, err)
		require.EqualValues(t, i+1, got.GetSeq())
		msg, err := got.GetEvents()[0].GetPayload().UnmarshalNew()
		require.NoError(t, err)
		require.True(t, proto.Equal(want, msg), "%v", msg)
		require.True(t, got.GetEvents()[0].GetAt().AsTime().Equal(t0))
	}
	var events int
	require.NoError(t, w.db.QueryRow(ctx, "SELECT count(*) FROM user_outbox").Scan(&events))
	require.Equal(t, 3, events, "what was refused tells nothing")
}
