package user_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

var ctx = context.Background()

func registration(change func(*userv1.RegisterRequest)) *userv1.RegisterRequest {
	req := &userv1.RegisterRequest{Email: "jane@example.com", Password: password, FirstName: "Jane", LastName: "Doe"}
	change(req)
	return req
}

func TestUSER_001_ANewUserSignsInAndReadsHisProfile(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	res, err := w.Register(ctx, registration(func(r *userv1.RegisterRequest) {
		r.Email, r.FirstName = "  Jane.Doe@Example.COM ", "  Jane "
	}))
	require.NoError(t, err)
	require.True(t, proto.Equal(&userv1.RegisterResponse{}, res), "register tells nothing")
	in, err := w.Login(ctx, &userv1.LoginRequest{Email: " JANE.doe@example.com", Password: password})
	require.NoError(t, err)
	require.EqualValues(t, 900, in.GetExpiresIn())
	got, err := w.GetProfile(as(in.GetAccessToken()), &userv1.GetProfileRequest{})
	require.NoError(t, err)
	u := got.GetUser()
	require.Equal(t, "jane.doe@example.com", u.GetEmail())
	require.Equal(t, "Jane", u.GetFirstName())
	require.Equal(t, []string{"user"}, u.GetRoles())
	require.Equal(t, userv1.UserStatus_ACTIVE, u.GetStatus())
	require.False(t, u.GetEmailVerified())
	require.Equal(t, t0, u.GetCreatedAt().AsTime())
	require.EqualValues(t, 1, u.GetVersion())
	require.True(t, strings.HasPrefix(value[string](t, w, "SELECT password_hash FROM users"), "$2a$04$"))
}

func TestUSER_001_WhatRegistrationRefuses(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	for name, c := range map[string]struct {
		change func(*userv1.RegisterRequest)
		field  string
	}{
		"email without at":      {func(r *userv1.RegisterRequest) { r.Email = "jane.example.com" }, "email"},
		"email without dot":     {func(r *userv1.RegisterRequest) { r.Email = "jane@example" }, "email"},
		"email with a name":     {func(r *userv1.RegisterRequest) { r.Email = "Jane <jane@example.com>" }, "email"},
		"two emails":            {func(r *userv1.RegisterRequest) { r.Email = "a@example.com,b@example.com" }, "email"},
		"email of other script": {func(r *userv1.RegisterRequest) { r.Email = "jаne@example.com" }, "email"},
		"blank email":           {func(r *userv1.RegisterRequest) { r.Email = "    " }, "email"},
		"short password":        {func(r *userv1.RegisterRequest) { r.Password = "ninebytes" }, "password"},
		"73 bytes":              {func(r *userv1.RegisterRequest) { r.Password = strings.Repeat("0123456789ab", 6) + "x" }, "password"},
		"common password":       {func(r *userv1.RegisterRequest) { r.Password = "Password123" }, "password"},
		"password is the email": {func(r *userv1.RegisterRequest) { r.Password = "JANE@example.com" }, "password"},
		"blank first name":      {func(r *userv1.RegisterRequest) { r.FirstName = "  " }, "first_name"},
		"two lines of name":     {func(r *userv1.RegisterRequest) { r.LastName = "Doe\nAdmin" }, "last_name"},
		"name turned around":    {func(r *userv1.RegisterRequest) { r.LastName = "Doe\u202e" }, "last_name"},
	} {
		_, err := w.Register(ctx, registration(c.change))
		t.Log(name)
		blames(t, err, c.field)
	}
	require.Zero(t, value[int](t, w, "SELECT count(*) FROM users"))
}

func TestUSER_001_SeventyTwoBytesAreEnoughAndCountToTheLast(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	full := strings.Repeat("0123456789ab", 6)
	_, err := w.Register(ctx, registration(func(r *userv1.RegisterRequest) { r.Password = full }))
	require.NoError(t, err)
	_, err = w.Login(ctx, &userv1.LoginRequest{Email: "jane@example.com", Password: full})
	require.NoError(t, err)
	for _, near := range []string{full + "x", full[:71], full[:71] + "x"} {
		_, err = w.Login(ctx, &userv1.LoginRequest{Email: "jane@example.com", Password: near})
		refused(t, err, codes.Unauthenticated, "INVALID_CREDENTIALS")
	}
}

func TestUSER_002_ATakenEmailIsAlreadyExistsWhateverItsCase(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	w.register(t, "b@x.com")
	for _, email := range []string{"b@x.com", "B@X.COM", " B@x.com "} {
		_, err := w.Register(ctx, registration(func(r *userv1.RegisterRequest) { r.Email = email }))
		refused(t, err, codes.AlreadyExists, "EMAIL_TAKEN")
	}
	require.Equal(t, 1, value[int](t, w, "SELECT count(*) FROM users"))
}

func TestUSER_001_TwentyRegistrationsOfOneEmailMakeOneAccount(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	var wg sync.WaitGroup
	start, results := make(chan struct{}), make(chan error, 20)
	for range 20 {
		wg.Go(func() {
			<-start
			_, err := w.Register(ctx, registration(func(*userv1.RegisterRequest) {}))
			results <- err
		})
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
		refused(t, err, codes.AlreadyExists, "EMAIL_TAKEN")
	}
	require.Equal(t, 1, made)
}

func TestUSER_002_WrongPasswordAndUnknownEmailAnswerTheSame(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	w.register(t, "jane@example.com")
	_, wrong := w.Login(ctx, &userv1.LoginRequest{Email: "jane@example.com", Password: "not this one"})
	refused(t, wrong, codes.Unauthenticated, "INVALID_CREDENTIALS")
	for _, email := range []string{"john@example.com", "no email at all"} {
		_, err := w.Login(ctx, &userv1.LoginRequest{Email: email, Password: "not this one"})
		require.True(t, proto.Equal(status.Convert(wrong).Proto(), status.Convert(err).Proto()), email)
	}
}

func TestUSER_002_WithVerificationRequiredNothingIsTold(t *testing.T) {
	t.Parallel()
	w := setup(t, map[string]string{"USER_REQUIRE_VERIFIED_EMAIL": "true"})
	w.register(t, "jane@example.com")
	w.register(t, "Jane@Example.com") // answers {} too
	require.Equal(t, 1, value[int](t, w, "SELECT count(*) FROM users"))
	_, err := w.Login(ctx, &userv1.LoginRequest{Email: "jane@example.com", Password: password})
	refused(t, err, codes.FailedPrecondition, "EMAIL_NOT_VERIFIED")
	_, err = w.Login(ctx, &userv1.LoginRequest{Email: "jane@example.com", Password: "not this one"})
	refused(t, err, codes.Unauthenticated, "INVALID_CREDENTIALS")
	_, err = w.db.Exec(ctx, "UPDATE users SET email_verified_at = now()")
	require.NoError(t, err)
	w.login(t, "jane@example.com")
}

func TestUSER_003_FiveFailuresCloseTheDoorForFifteenMinutes(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	w.register(t, "jane@example.com")
	guess := func(email, password string) error {
		_, err := w.Login(ctx, &userv1.LoginRequest{Email: email, Password: password})
		return err
	}
	for range 5 {
		refused(t, guess("jane@example.com", "not this one"), codes.Unauthenticated, "INVALID_CREDENTIALS")
		refused(t, guess("nobody@example.com", "not this one"), codes.Unauthenticated, "INVALID_CREDENTIALS")
	}
	for _, email := range []string{"jane@example.com", " JANE@example.com", "nobody@example.com"} {
		refused(t, guess(email, password), codes.ResourceExhausted, "TOO_MANY_ATTEMPTS")
	}
	w.clock.Advance(15*time.Minute - time.Second)
	refused(t, guess("jane@example.com", password), codes.ResourceExhausted, "TOO_MANY_ATTEMPTS")
	w.clock.Advance(time.Second)
	require.NoError(t, guess("jane@example.com", password))
}

func TestUSER_007_ProfileChangesWhatTheMaskNames(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	w.clock.Advance(time.Minute)
	res, err := w.UpdateProfile(p.ctx, &userv1.UpdateProfileRequest{
		FirstName: "ignored", LastName: " Roe ", Phone: "+49 30 1234567", ShoeSize: "10.5",
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"last_name", "phone", "shoe_size"}},
	})
	require.NoError(t, err)
	u := res.GetUser()
	require.Equal(t, []string{"Jane", "Roe", "+49 30 1234567", "10.5"}, []string{u.GetFirstName(), u.GetLastName(), u.GetPhone(), u.GetShoeSize()})
	require.EqualValues(t, 2, u.GetVersion())
	require.Equal(t, t0.Add(time.Minute), u.GetUpdatedAt().AsTime())
	read, err := w.GetProfile(p.ctx, &userv1.GetProfileRequest{})
	require.NoError(t, err)
	require.True(t, proto.Equal(u, read.GetUser()))
}

func TestUSER_007_WhatAProfileRefuses(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	for name, c := range map[string]struct {
		req   *userv1.UpdateProfileRequest
		paths []string
		field string
	}{
		"no mask":             {&userv1.UpdateProfileRequest{}, []string{}, "update_mask"},
		"email by mask":       {&userv1.UpdateProfileRequest{}, []string{"email"}, "update_mask"},
		"roles by mask":       {&userv1.UpdateProfileRequest{}, []string{"roles"}, "update_mask"},
		"blank first name":    {&userv1.UpdateProfileRequest{}, []string{"first_name"}, "first_name"},
		"letters for a phone": {&userv1.UpdateProfileRequest{Phone: "call me"}, []string{"phone"}, "phone"},
		"size 99":             {&userv1.UpdateProfileRequest{ShoeSize: "99"}, []string{"shoe_size"}, "shoe_size"},
		"size of letters":     {&userv1.UpdateProfileRequest{ShoeSize: "big"}, []string{"shoe_size"}, "shoe_size"},
		"quarter size":        {&userv1.UpdateProfileRequest{ShoeSize: "10.25"}, []string{"shoe_size"}, "shoe_size"},
	} {
		c.req.UpdateMask = &fieldmaskpb.FieldMask{Paths: c.paths}
		_, err := w.UpdateProfile(p.ctx, c.req)
		t.Log(name)
		blames(t, err, c.field)
	}
	require.EqualValues(t, 1, value[int64](t, w, "SELECT version FROM users"))
}

func TestUSER_006_APasswordChangeEndsEveryOtherSession(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	here := w.join(t, "jane@example.com")
	there := w.login(t, "jane@example.com")
	const next = "green tractor hums"
	change := func(present, next string) error {
		_, err := w.ChangePassword(here.ctx, &userv1.ChangePasswordRequest{Password: present, NewPassword: next})
		return err
	}
	refused(t, change("not this one", next), codes.PermissionDenied, "WRONG_PASSWORD")
	refused(t, change(password, password), codes.InvalidArgument, "SAME_PASSWORD")
	blames(t, change(password, "short"), "new_password")
	blames(t, change(password, "jane@example.com"), "new_password")
	require.NoError(t, change(password, next))

	_, err := w.GetProfile(here.ctx, &userv1.GetProfileRequest{})
	require.NoError(t, err)
	_, err = w.GetProfile(there.ctx, &userv1.GetProfileRequest{})
	refused(t, err, codes.Unauthenticated, "SESSION_REVOKED")
	_, err = w.RefreshToken(ctx, &userv1.RefreshTokenRequest{RefreshToken: there.refresh})
	refused(t, err, codes.Unauthenticated, "SESSION_REVOKED")
	_, err = w.Login(ctx, &userv1.LoginRequest{Email: "jane@example.com", Password: password})
	refused(t, err, codes.Unauthenticated, "INVALID_CREDENTIALS")
	_, err = w.Login(ctx, &userv1.LoginRequest{Email: "jane@example.com", Password: next})
	require.NoError(t, err)
	require.Equal(t, "password_changed", value[string](t, w, "SELECT action FROM user_audit"))
	require.Equal(t, "{}{}", value[string](t, w, "SELECT old_value::text || new_value::text FROM user_audit"))
}

func TestUSER_003_AStolenSessionCannotGuessThePassword(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	for range 5 {
		_, err := w.ChangePassword(p.ctx, &userv1.ChangePasswordRequest{Password: "not this one", NewPassword: "green tractor hums"})
		refused(t, err, codes.PermissionDenied, "WRONG_PASSWORD")
	}
	_, err := w.ChangePassword(p.ctx, &userv1.ChangePasswordRequest{Password: password, NewPassword: "green tractor hums"})
	refused(t, err, codes.ResourceExhausted, "TOO_MANY_ATTEMPTS")
}

func TestUSER_009_AcceptingTheTermsMakesASeller(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	res, err := w.AcceptSellerTerms(p.ctx, &userv1.AcceptSellerTermsRequest{})
	require.NoError(t, err)
	require.Equal(t, []string{"user", "seller"}, res.GetUser().GetRoles())
	require.EqualValues(t, 900, res.GetExpiresIn())
	again := w.person(t, res.GetUser(), res.GetAccessToken(), "")
	require.Equal(t, p.session, again.session, "the session goes on")
	require.NotEqual(t, p.access, again.access)
	res, err = w.AcceptSellerTerms(again.ctx, &userv1.AcceptSellerTermsRequest{})
	require.NoError(t, err, "a repeat is harmless")
	require.Equal(t, []string{"user", "seller"}, res.GetUser().GetRoles())
	require.Equal(t, 1, value[int](t, w, "SELECT count(*) FROM user_audit WHERE action = 'seller_terms_accepted'"))
	require.Equal(t, `{"roles": ["user", "seller"]}`, value[string](t, w, "SELECT new_value::text FROM user_audit"))
}

func TestAUTH_001_OnlyThreeMethodsAnswerWithoutAToken(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	public := map[string]bool{"Register": true, "Login": true, "RefreshToken": true}
	for _, method := range userv1.UserService_ServiceDesc.Methods {
		m := method.MethodName
		for name, ctx := range map[string]context.Context{
			"none":        ctx,
			"not ours":    as("not.a.token"),
			"other":       metadata.AppendToOutgoingContext(ctx, "authorization", "Basic amFuZTpwYXNz"),
			"id in field": metadata.AppendToOutgoingContext(ctx, "x-user-id", unknownID()),
		} {
			if public[m] {
				continue
			}
			err := w.conn.Invoke(ctx, "/user.v1.UserService/"+m, &userv1.GetProfileRequest{}, &userv1.GetProfileResponse{})
			require.Equal(t, codes.Unauthenticated, status.Code(err), "%s with %s", m, name)
		}
	}
}
