package rpc

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/logger"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

func TestRequestIDIsAcceptedMadeWhenAbsentAndReturned(t *testing.T) {
	t.Parallel()
	var seen string
	b := serve(t, func(ctx context.Context) error {
		seen = logger.RequestID(ctx)
		return nil
	})
	call := func(sent ...string) string {
		ctx := t.Context()
		for _, s := range sent {
			ctx = header(ctx, headerRequestID, s)
		}
		var md metadata.MD
		_, err := b.client.Login(ctx, goodLogin, grpc.Header(&md))
		require.NoError(t, err)
		require.Equal(t, []string{seen}, md.Get(headerRequestID))
		return seen
	}
	require.Equal(t, "my-id_1", call("my-id_1"))
	require.Equal(t, strings.Repeat("x", 64), call(strings.Repeat("x", 64)))
	made := call()
	require.NotEmpty(t, made)
	require.NotEqual(t, made, call(), "each call has its own")
	for _, bad := range [][]string{{""}, {strings.Repeat("x", 65)}, {"a b"}, {"a", "b"}} {
		got := call(bad...)
		require.True(t, usable(got))
		require.NotContains(t, bad, got)
	}
	for _, bad := range []string{"a\nb", "a\x7f", "ä", "a\tb"} { // the client library itself refuses to send these
		require.False(t, usable(bad))
	}
}

func TestRequestIDIsReturnedWithRefusalsToo(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing)
	var md metadata.MD
	_, err := b.client.GetProfile(header(t.Context(), headerRequestID, "r-9"), &userv1.GetProfileRequest{}, grpc.Header(&md))
	refused(t, err, codes.Unauthenticated, "TOKEN_MISSING")
	require.Equal(t, []string{"r-9"}, md.Get(headerRequestID))
}

func TestInvalidRequestNamesItsFields(t *testing.T) {
	t.Parallel()
	b := serve(t, func(context.Context) error { panic("not reached") })
	_, err := b.client.Login(t.Context(), &userv1.LoginRequest{Password: strings.Repeat("x", 2000)})
	st := refused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	var bad *errdetails.BadRequest
	for _, d := range st.Details() {
		if b, ok := d.(*errdetails.BadRequest); ok {
			bad = b
		}
	}
	require.Len(t, bad.GetFieldViolations(), 2)
	require.Equal(t, "email", bad.GetFieldViolations()[0].GetField())
	require.Equal(t, "must be at least 1 characters", bad.GetFieldViolations()[0].GetDescription())
	require.Equal(t, "password", bad.GetFieldViolations()[1].GetField())
	require.Equal(t, "email: must be at least 1 characters", st.Message())
}

func TestPanicIsInternalAndSaysNothing(t *testing.T) {
	t.Parallel()
	b := serve(t, func(context.Context) error { panic("hunter2") })
	_, err := b.client.Login(t.Context(), goodLogin)
	st := refused(t, err, codes.Internal, "INTERNAL")
	require.Equal(t, "internal error", st.Message())
	_, err = b.client.Login(t.Context(), goodLogin)
	require.Equal(t, codes.Internal, status.Code(err), "the server lives on")
	b.stop()
	line := b.log.of(t, "panic")[0]
	require.Equal(t, "hunter2", line["panic"])
	require.Contains(t, line["stack"], "intercept_test.go")
	require.NotEmpty(t, line[logger.FieldRequestID])
	require.Equal(t, 2.0, testutil.ToFloat64(b.server.panics))
}

func TestCallHasTheDefaultDeadlineItsOwnOrTheLongestAllowed(t *testing.T) {
	t.Parallel()
	var left time.Duration
	b := serve(t, func(ctx context.Context) error {
		deadline, ok := ctx.Deadline()
		require.True(t, ok)
		left = time.Until(deadline)
		return nil
	}, func(o *ServerOptions) { o.Config.Deadline, o.Config.MaxDeadline = 10*time.Second, time.Minute })
	plain, err := grpc.NewClient("passthrough:///user", append(clientOptions()[:1], // without our client interceptors
		grpc.WithContextDialer(func(ctx context.Context, _ string) (conn netConn, err error) { return b.server.memory.DialContext(ctx) }))...)
	require.NoError(t, err)
	defer func() { require.NoError(t, plain.Close()) }()
	client := userv1.NewUserServiceClient(plain)
	for asked, want := range map[time.Duration]time.Duration{0: 10 * time.Second, 3 * time.Second: 3 * time.Second, time.Hour: time.Minute} {
		ctx, cancel := t.Context(), context.CancelFunc(func() {})
		if asked > 0 {
			ctx, cancel = context.WithTimeout(ctx, asked)
		}
		_, err := client.Login(ctx, goodLogin)
		cancel()
		require.NoError(t, err)
		require.InDelta(t, want.Seconds(), left.Seconds(), 1)
	}
}

func TestCallThatOverrunsItsDeadlineIsEnded(t *testing.T) {
	t.Parallel()
	b := serve(t, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}, func(o *ServerOptions) {
		o.Config.Deadline, o.Config.MaxDeadline = 10*time.Millisecond, 20*time.Millisecond
	})
	_, err := b.client.Login(t.Context(), goodLogin)
	refused(t, err, codes.DeadlineExceeded, "DEADLINE_EXCEEDED")
}

func TestAccessLogTellsWhatMatters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		log   AccessLog
		err   error
		level string // "" = no line
	}{
		{LogRefused, nil, ""},
		{LogAll, nil, "info"},
		{LogRefused, errs.New(errs.NotFound, "BID_NOT_FOUND", "no"), "info"},
		{LogFailed, errs.New(errs.NotFound, "BID_NOT_FOUND", "no"), ""},
		{LogFailed, errs.New(errs.Unavailable, "X", "no"), "warn"},
		{LogFailed, errs.New(errs.Internal, "X", "no"), "error"},
	} {
		b := serve(t, func(context.Context) error { return c.err }, func(o *ServerOptions) { o.Config.AccessLog = c.log })
		_, err := b.client.GetProfile(header(t.Context(), headerRequestID, "a-1", headerAuthorization, "Bearer "+b.token(t, auth.RoleUser)), &userv1.GetProfileRequest{})
		require.Equal(t, c.err == nil, err == nil)
		b.stop()
		got := b.log.of(t, "call")
		if c.level == "" {
			require.Empty(t, got)
			continue
		}
		require.Len(t, got, 1, "once")
		require.Equal(t, c.level, got[0]["level"])
		require.Equal(t, "/user.v1.UserService/GetProfile", got[0]["method"])
		require.Equal(t, "a-1", got[0][logger.FieldRequestID])
		require.Equal(t, b.account.String(), got[0]["account"])
		require.Equal(t, status.Code(err).String(), got[0]["code"])
		if c.err != nil {
			require.Equal(t, errs.ReasonOf(c.err), got[0]["reason"])
		}
	}
}

func TestSlowCallIsLogged(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing, func(o *ServerOptions) { o.Config.Slow = time.Nanosecond })
	_, err := b.client.Login(t.Context(), goodLogin)
	require.NoError(t, err)
	b.stop()
	require.Equal(t, "warn", b.log.of(t, "call")[0]["level"])
}

func TestCallsAreMeasured(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing)
	_, err := b.client.Login(t.Context(), goodLogin)
	require.NoError(t, err)
	for range 2 {
		_, err = b.client.Login(t.Context(), &userv1.LoginRequest{})
		require.Error(t, err)
	}
	b.stop()
	require.NoError(t, testutil.GatherAndCompare(b.metrics, strings.NewReader(`
# HELP rpc_calls_total Calls answered, by status code.
# TYPE rpc_calls_total counter
rpc_calls_total{code="InvalidArgument",method="Login",service="user.v1.UserService"} 2
rpc_calls_total{code="OK",method="Login",service="user.v1.UserService"} 1
# HELP rpc_calls_running Calls being served.
# TYPE rpc_calls_running gauge
rpc_calls_running{service="user"} 0
`), "rpc_calls_total", "rpc_calls_running"))
	count, err := testutil.GatherAndCount(b.metrics, "rpc_call_seconds")
	require.NoError(t, err)
	require.Greater(t, count, 20, "one per method")
}

func TestServersOfOneProcessShareTheirMetrics(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing)
	b.server.methods["/user.v1.UserService/Login"].stats.record(codes.Code(99), time.Second)
	other := serve(t, nothing, func(o *ServerOptions) { o.Metrics = b.metrics })
	other.server.methods["/user.v1.UserService/Login"].stats.record(codes.Unknown, time.Second)
	require.Equal(t, 2.0, testutil.ToFloat64(other.server.methods["/user.v1.UserService/Login"].stats.vec))
}
