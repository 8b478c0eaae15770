package user_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/user"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

func (w *world) roles(by person, target string, roles ...string) (*userv1.User, error) {
	res, err := w.SetRoles(by.ctx, &userv1.SetRolesRequest{UserId: target, Roles: roles, Reason: "because"})
	return res.GetUser(), err
}

func (w *world) ban(by person, target string) error {
	_, err := w.BanUser(by.ctx, &userv1.BanUserRequest{UserId: target, Reason: " fakes "})
	return err
}

func (w *world) unban(by person, target string) error {
	_, err := w.UnbanUser(by.ctx, &userv1.UnbanUserRequest{UserId: target, Reason: "appeal"})
	return err
}

func TestUSER_009_TheFirstOwnerIsMadeOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	ctx := context.Background()
	require.ErrorContains(t, user.CreateOwner(ctx, w.env, "owner@example.com", "password123"), "common password")
	require.ErrorContains(t, user.CreateOwner(ctx, w.env, "owner", password), "email")
	owner := w.owner(t)
	me, err := w.GetProfile(owner.ctx, &userv1.GetProfileRequest{})
	require.NoError(t, err)
	require.Equal(t, []string{"user", "owner"}, me.GetUser().GetRoles())
	require.True(t, me.GetUser().GetEmailVerified())
	err = user.CreateOwner(ctx, w.env, "second@example.com", password)
	require.Equal(t, "OWNER_EXISTS", errs.ReasonOf(err))
	require.Equal(t, 1, value[int](t, w, "SELECT count(*) FROM users"))
	require.Equal(t, `owner_created {} {"roles": ["user", "owner"]}`,
		value[string](t, w, "SELECT action || ' ' || old_value::text || ' ' || new_value::text FROM user_audit WHERE actor_id IS NULL"))
}

func TestUSER_009_OfManyFirstOwnersOneIsMade(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	var wg sync.WaitGroup
	start, results := make(chan struct{}), make(chan error, 8)
	for _, email := range emails(cap(results)) {
		wg.Go(func() { <-start; results <- user.CreateOwner(context.Background(), w.env, email, password) })
	}
	close(start)
	wg.Wait()
	close(results)
	made := 0
	for err := range results {
		if err == nil {
			made++
			continue
		}
		require.Equal(t, "OWNER_EXISTS", errs.ReasonOf(err), "%v", err)
	}
	require.Equal(t, 1, made)
	require.Equal(t, 1, value[int](t, w, "SELECT count(*) FROM users"))
}

func TestUSER_009_AnOwnersEmailMustBeFree(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	w.register(t, "jane@example.com")
	err := user.CreateOwner(context.Background(), w.env, "jane@example.com", password)
	require.Equal(t, "EMAIL_TAKEN", errs.ReasonOf(err))
	require.Zero(t, value[int](t, w, "SELECT count(*) FROM user_roles WHERE role = 'owner'"))
}

func TestUSER_009_NoAccountExistsBeforeSomebodyMakesOne(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	require.Zero(t, value[int](t, w, "SELECT count(*) FROM users"))
}

func TestUSER_009_WhoMayGrantWhat(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner := w.owner(t)
	admin := w.staff(t, owner, "admin@example.com", "admin")
	jane := w.join(t, "jane@example.com")
	for _, role := range []string{"seller", "verifier", "support", "catalog"} {
		u, err := w.roles(admin, jane.id, role)
		require.NoError(t, err, role)
		require.Equal(t, []string{"user", role}, u.GetRoles())
	}
	for _, role := range []string{"finance", "admin", "owner"} {
		_, err := w.roles(admin, jane.id, role)
		refused(t, err, codes.PermissionDenied, "GRANT_NOT_ALLOWED")
		u, err := w.roles(owner, jane.id, role)
		require.NoError(t, err, role)
		require.Equal(t, []string{"user", role}, u.GetRoles())
		_, err = w.roles(admin, jane.id)
		refused(t, err, codes.PermissionDenied, "GRANT_NOT_ALLOWED") // nor may he take it
	}
	u, err := w.roles(owner, jane.id, "catalog", "seller")
	require.NoError(t, err)
	require.Equal(t, []string{"user", "seller", "catalog"}, u.GetRoles(), "user is kept, the order is fixed")
}

func TestUSER_009_NobodyChangesHisOwnRoles(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner := w.owner(t)
	admin := w.staff(t, owner, "admin@example.com", "admin")
	for _, p := range []person{owner, admin} {
		for _, roles := range [][]string{{}, {"user"}, {"seller"}, {"owner", "admin"}} {
			_, err := w.roles(p, p.id, roles...)
			refused(t, err, codes.PermissionDenied, "OWN_ROLES")
		}
	}
}

func TestUSER_009_TheLastOwnerStays(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner := w.owner(t)
	_, err := w.db.Exec(owner.ctx, "DELETE FROM user_roles WHERE role = 'owner'")
	require.ErrorContains(t, err, "the last owner cannot be demoted")
	second := w.staff(t, owner, "second@example.com", "owner")

	// Two owners demote each other at once: one of them stays.
	var wg sync.WaitGroup
	start, results := make(chan struct{}), make(chan error, 2)
	for _, pair := range [][2]person{{owner, second}, {second, owner}} {
		wg.Go(func() {
			<-start
			_, err := w.roles(pair[0], pair[1].id)
			results <- err
		})
	}
	close(start)
	wg.Wait()
	close(results)
	refusals := 0
	for err := range results {
		if err != nil {
			refusals++
			refused(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
		}
	}
	require.Equal(t, 1, refusals)
	require.Equal(t, 1, value[int](t, w, "SELECT count(*) FROM user_roles WHERE role = 'owner'"))
}

func TestUSER_009_TwoOwnersCannotBanEachOther(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner := w.owner(t)
	second := w.staff(t, owner, "second@example.com", "owner")
	var wg sync.WaitGroup
	start, results := make(chan struct{}), make(chan error, 2)
	for _, pair := range [][2]person{{owner, second}, {second, owner}} {
		wg.Go(func() { <-start; results <- w.ban(pair[0], pair[1].id) })
	}
	close(start)
	wg.Wait()
	require.Equal(t, 1, value[int](t, w, "SELECT count(*) FROM users WHERE status = 'banned'"))
	one, two := <-results, <-results
	require.True(t, (one == nil) != (two == nil))
}

func TestUSER_009_ARoleTakenIsGoneAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner := w.owner(t)
	admin := w.staff(t, owner, "admin@example.com", "admin")
	jane := w.join(t, "jane@example.com")
	_, err := w.ListUsers(admin.ctx, &userv1.ListUsersRequest{})
	require.NoError(t, err)
	_, err = w.roles(owner, admin.id)
	require.NoError(t, err)

	// His access token still says admin.
	_, err = w.ListUsers(admin.ctx, &userv1.ListUsersRequest{})
	refused(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
	_, err = w.GetUser(admin.ctx, &userv1.GetUserRequest{UserId: jane.id})
	refused(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
	refused(t, w.ban(admin, jane.id), codes.PermissionDenied, "ROLE_REQUIRED")
	refused(t, w.unban(admin, jane.id), codes.PermissionDenied, "ROLE_REQUIRED")
	_, err = w.roles(admin, jane.id, "seller")
	refused(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
	res, err := w.refreshes(admin.refresh)
	require.NoError(t, err)
	_, err = w.ListUsers(as(res.GetAccessToken()), &userv1.ListUsersRequest{})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
}

func TestUSER_009_EveryChangeOfRolesIsAudited(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner, jane := w.owner(t), w.join(t, "jane@example.com")
	_, err := w.roles(owner, jane.id, "seller")
	require.NoError(t, err)
	_, err = w.roles(owner, jane.id, "seller", "user") // changes nothing
	require.NoError(t, err)
	rows, err := w.db.Query(context.Background(), `
		SELECT actor_id::text || ' ' || user_id::text || ' ' || old_value::text || ' ' || new_value::text || ' ' || reason
		FROM user_audit WHERE action = 'roles_changed' AND request_id <> '' AND created_at = $1`, t0)
	require.NoError(t, err)
	defer rows.Close()
	var got []string
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		got = append(got, line)
	}
	require.Equal(t, []string{owner.id + " " + jane.id + ` {"roles": ["user"]} {"roles": ["user", "seller"]} because`}, got)
	require.Equal(t, owner.id, value[string](t, w, "SELECT granted_by::text FROM user_roles WHERE role = 'seller'"))
}

func TestUSER_009_TheChangeAndItsAuditAreOne(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner, jane := w.owner(t), w.join(t, "jane@example.com")
	_, err := w.db.Exec(context.Background(), `CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'the audit trail is full'; END $$;
		CREATE TRIGGER broken BEFORE INSERT ON user_audit FOR EACH ROW EXECUTE FUNCTION broken()`)
	require.NoError(t, err)
	_, err = w.roles(owner, jane.id, "seller")
	require.Equal(t, codes.Internal, status.Code(err))
	require.NotContains(t, err.Error(), "audit", "nothing internal leaks")
	require.Equal(t, codes.Internal, status.Code(w.ban(owner, jane.id)))
	_, err = w.AcceptSellerTerms(jane.ctx, &userv1.AcceptSellerTermsRequest{})
	require.Equal(t, codes.Internal, status.Code(err))
	require.NoError(t, w.seesProfile(jane), "her session goes on")
	require.Equal(t, "user", value[string](t, w, "SELECT string_agg(role, ' ') FROM user_roles WHERE user_id = $1", jane.id))
	require.Equal(t, "active", value[string](t, w, "SELECT status FROM users WHERE id = $1", jane.id))
}

func TestUSER_009_TheAuditTrailIsAppendOnly(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	w.owner(t)
	for _, sql := range []string{"UPDATE user_audit SET reason = 'x'", "DELETE FROM user_audit", "TRUNCATE user_audit"} {
		_, err := w.db.Exec(context.Background(), sql)
		require.ErrorContains(t, err, "append-only", sql)
	}
	require.Equal(t, 1, value[int](t, w, "SELECT count(*) FROM user_audit"))
}

func TestUSER_006_ABanBitesAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner, jane := w.owner(t), w.join(t, "jane@example.com")
	other := w.login(t, "jane@example.com")
	require.NoError(t, w.ban(owner, jane.id))
	for _, p := range []person{jane, other} {
		refused(t, w.seesProfile(p), codes.PermissionDenied, "ACCOUNT_BANNED")
		_, err := w.refreshes(p.refresh)
		refused(t, err, codes.Unauthenticated, revoked)
	}
	_, err := w.Login(context.Background(), &userv1.LoginRequest{Email: "jane@example.com", Password: password})
	refused(t, err, codes.PermissionDenied, "ACCOUNT_BANNED")
	_, err = w.Login(context.Background(), &userv1.LoginRequest{Email: "jane@example.com", Password: "not this one"})
	refused(t, err, codes.Unauthenticated, "INVALID_CREDENTIALS") // only who knows the password learns of the ban

	refused(t, w.ban(owner, jane.id), codes.FailedPrecondition, "STATUS_UNCHANGED")
	res, err := w.GetUser(owner.ctx, &userv1.GetUserRequest{UserId: jane.id})
	require.NoError(t, err)
	require.Equal(t, userv1.UserStatus_BANNED, res.GetUser().GetStatus())

	require.NoError(t, w.unban(owner, jane.id))
	refused(t, w.unban(owner, jane.id), codes.FailedPrecondition, "STATUS_UNCHANGED")
	refused(t, w.seesProfile(jane), codes.Unauthenticated, revoked) // old sessions stay ended
	w.login(t, "jane@example.com")
	require.Equal(t, `banned {"status": "active"} {"status": "banned"} fakes`, value[string](t, w,
		"SELECT action || ' ' || old_value::text || ' ' || new_value::text || ' ' || reason FROM user_audit WHERE action = 'banned'"))
	require.Equal(t, 1, value[int](t, w, "SELECT count(*) FROM user_audit WHERE action = 'unbanned'"))
}

func TestUSER_009_WhoMayBanWhom(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner := w.owner(t)
	admin, support := w.staff(t, owner, "admin@example.com", "admin"), w.staff(t, owner, "support@example.com", "support")
	jane := w.join(t, "jane@example.com")
	refused(t, w.ban(admin, owner.id), codes.PermissionDenied, "BAN_OWNER")
	refused(t, w.ban(admin, admin.id), codes.PermissionDenied, "BAN_SELF")
	refused(t, w.ban(owner, owner.id), codes.PermissionDenied, "BAN_SELF")
	require.Equal(t, codes.PermissionDenied, status.Code(w.ban(support, jane.id)))
	require.Equal(t, codes.PermissionDenied, status.Code(w.ban(jane, owner.id)))
	refused(t, w.ban(admin, unknownID()), codes.NotFound, "USER_NOT_FOUND")
	_, err := w.BanUser(admin.ctx, &userv1.BanUserRequest{UserId: jane.id, Reason: "  "})
	blames(t, err, "reason")
	require.NoError(t, w.ban(admin, jane.id))
	require.Equal(t, 1, value[int](t, w, "SELECT count(*) FROM users WHERE status = 'banned'"))
}

func TestUSER_009_ASellerRoleTakenByStaffStaysTaken(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner, jane := w.owner(t), w.join(t, "jane@example.com")
	_, err := w.AcceptSellerTerms(jane.ctx, &userv1.AcceptSellerTermsRequest{})
	require.NoError(t, err)
	_, err = w.roles(owner, jane.id)
	require.NoError(t, err)
	_, err = w.AcceptSellerTerms(jane.ctx, &userv1.AcceptSellerTermsRequest{})
	refused(t, err, codes.PermissionDenied, "SELLER_ROLE_TAKEN")
}

func TestUSER_009_WhatSetRolesRefuses(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner, jane := w.owner(t), w.join(t, "jane@example.com")
	_, err := w.roles(owner, jane.id, "root")
	blames(t, err, "roles[0]")
	_, err = w.roles(owner, jane.id, "seller", "seller")
	blames(t, err, "roles")
	_, err = w.roles(owner, "1", "seller")
	blames(t, err, "user_id")
	_, err = w.roles(owner, unknownID(), "seller")
	refused(t, err, codes.NotFound, "USER_NOT_FOUND")
	_, err = w.SetRoles(owner.ctx, &userv1.SetRolesRequest{UserId: jane.id, Roles: []string{"seller"}})
	blames(t, err, "reason")
	_, err = w.roles(jane, owner.id)
	require.Equal(t, codes.PermissionDenied, status.Code(err))
}

func TestAUTH_001_OthersProfilesAreForStaffOnly(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner := w.owner(t)
	jane, john := w.join(t, "jane@example.com"), w.join(t, "john@example.com")
	_, err := w.GetUser(jane.ctx, &userv1.GetUserRequest{UserId: john.id})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = w.ListUsers(jane.ctx, &userv1.ListUsersRequest{})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	for _, role := range []string{"verifier", "finance", "catalog", "seller"} {
		p := w.staff(t, owner, role+"@example.com", role)
		_, err := w.GetUser(p.ctx, &userv1.GetUserRequest{UserId: john.id})
		require.Equal(t, codes.PermissionDenied, status.Code(err), role)
	}
	support := w.staff(t, owner, "support@example.com", "support")
	res, err := w.GetUser(support.ctx, &userv1.GetUserRequest{UserId: john.id})
	require.NoError(t, err)
	require.Equal(t, "john@example.com", res.GetUser().GetEmail())
	_, err = w.GetUser(support.ctx, &userv1.GetUserRequest{UserId: unknownID()})
	refused(t, err, codes.NotFound, "USER_NOT_FOUND")
}

func TestUsersAreListedNewestFirstAndFound(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	owner := w.owner(t)
	want := emails(7)
	for i, email := range want {
		if i%3 == 0 {
			w.clock.Advance(time.Second)
		}
		w.register(t, email)
	}
	slices.Reverse(want)
	var got []string
	token := ""
	for {
		res, err := w.ListUsers(owner.ctx, &userv1.ListUsersRequest{Query: "USER", PageSize: 3, PageToken: token})
		require.NoError(t, err)
		for _, u := range res.GetUsers() {
			got = append(got, u.GetEmail())
		}
		if token = res.GetNextPageToken(); token == "" {
			break
		}
	}
	require.Equal(t, want, got)
	for query, n := range map[string]int{"": 8, "user0": 7, "jane doe": 7, "marketplace": 1, "%": 0, "_": 0, `\`: 0, "nobody": 0} {
		res, err := w.ListUsers(owner.ctx, &userv1.ListUsersRequest{Query: query, PageSize: 100})
		require.NoError(t, err)
		require.Len(t, res.GetUsers(), n, "%q", query)
	}
	_, err := w.ListUsers(owner.ctx, &userv1.ListUsersRequest{PageToken: "?"})
	blames(t, err, "page_token")
}
