package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/logger"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var t0 = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// users is a user service whose methods all do the same.
type users struct {
	userv1.UnimplementedUserServiceServer
	do func(ctx context.Context) error
}

func (u *users) Login(ctx context.Context, _ *userv1.LoginRequest) (*userv1.LoginResponse, error) {
	return &userv1.LoginResponse{ExpiresIn: 1}, u.do(ctx)
}

func (u *users) GetProfile(ctx context.Context, _ *userv1.GetProfileRequest) (*userv1.GetProfileResponse, error) {
	return &userv1.GetProfileResponse{}, u.do(ctx)
}

func (u *users) ListUsers(ctx context.Context, _ *userv1.ListUsersRequest) (*userv1.ListUsersResponse, error) {
	return &userv1.ListUsersResponse{}, u.do(ctx)
}

func (u *users) SetRoles(ctx context.Context, _ *userv1.SetRolesRequest) (*userv1.SetRolesResponse, error) {
	return &userv1.SetRolesResponse{}, u.do(ctx)
}

// bundle is a running server and a client of it over memory.
type bundle struct {
	server  *Server
	network *Network
	metrics *prometheus.Registry
	clk     *clock.Fake
	issuer  *auth.Issuer
	log     *lines
	conn    *grpc.ClientConn
	client  userv1.UserServiceClient
	account id.UUID
	stop    func() // ends Run and Close
}

func nothing(context.Context) error { return nil }

// options are those of a user service in development whose methods do do.
func options(t testing.TB, do func(context.Context) error) (ServerOptions, *bundle) {
	t.Helper()
	b := &bundle{network: NewNetwork(), metrics: prometheus.NewRegistry(), clk: clock.NewFake(t0), log: &lines{}, account: id.New()}
	cfg := auth.Config{Keys: auth.DevelopmentKeys}
	verifier, err := auth.NewVerifier(cfg, b.clk)
	require.NoError(t, err)
	b.issuer, err = auth.NewIssuer(cfg, b.clk)
	require.NoError(t, err)
	return ServerOptions{
		Service: "user", Log: logger.New(logger.Production(), "user", b.log), Clock: b.clk,
		Network: b.network, Metrics: b.metrics, Verifier: verifier,
		Register: func(r grpc.ServiceRegistrar) { userv1.RegisterUserServiceServer(r, &users{do: do}) },
	}, b
}

func serve(t testing.TB, do func(context.Context) error, change ...func(*ServerOptions)) *bundle {
	t.Helper()
	opts, b := options(t, do)
	for _, c := range change {
		c(&opts)
	}
	var err error
	b.server, err = NewServer(opts)
	require.NoError(t, err)
	b.stop = run(t, b.server)
	b.conn, err = b.network.Dial("user", "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.conn.Close()) })
	b.client = userv1.NewUserServiceClient(b.conn)
	return b
}

// run runs a task until the test ends or the returned function is called.
func run(t testing.TB, task interface {
	Run(ctx context.Context) error
	Close(ctx context.Context) error
},
) func() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- task.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		if err := task.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// token is an access token of the bundle's account.
func (b *bundle) token(t testing.TB, roles ...auth.Role) string {
	t.Helper()
	token, _, err := b.issuer.Access(b.account, id.New(), roles)
	require.NoError(t, err)
	return token
}

func header(ctx context.Context, pairs ...string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, pairs...)
}

var goodLogin = &userv1.LoginRequest{Email: "a@b.c", Password: "secret"}

// refused checks a refusal's code and reason and returns its status.
func refused(t *testing.T, err error, code codes.Code, reason string) *status.Status {
	t.Helper()
	st, ok := status.FromError(err)
	require.True(t, ok)
	require.Equal(t, code, st.Code(), "%v", err)
	require.Equal(t, reason, reasonOf(st), "%v", err)
	return st
}

func reasonOf(st *status.Status) string {
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok && info.GetDomain() == Domain {
			return info.GetReason()
		}
	}
	return ""
}

// lines collects JSON log lines.
type lines struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

// of returns the lines with a message.
func (l *lines) of(t *testing.T, message string) []map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []map[string]any
	dec := json.NewDecoder(bytes.NewReader(l.out.Bytes()))
	for dec.More() {
		var fields map[string]any
		require.NoError(t, dec.Decode(&fields))
		if fields["message"] == message {
			out = append(out, fields)
		}
	}
	return out
}
