package user_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/internal/user"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	password = "purple tractor hums"
	keys     = "test:a-test-key-of-at-least-thirty-two-bytes"
)

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a whole user service on a database of its own, spoken to over memory.
type world struct {
	userv1.UserServiceClient
	clock *clock.Fake
	db    *pgxpool.Pool
	conn  *grpc.ClientConn
	env   *run.Env
	log   *lockedBuffer
}

// lockedBuffer keeps the log for tests that read it.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.String()
}

func environment(t testing.TB, url string, settings map[string]string) (*run.Env, *clock.Fake, *lockedBuffer) {
	t.Helper()
	src := config.Source{
		"ENVIRONMENT": "test", "USER_BCRYPT_COST": "4", "USER_LISTEN": "127.0.0.1:0",
		"JWT_KEYS": keys, "DATABASE_URL": url, "DATABASE_MAX_CONNS": "8",
	}
	maps.Copy(src, settings)
	clk, log := clock.NewFake(t0), &lockedBuffer{}
	return &run.Env{
		Source: src, Log: zerolog.New(log), Clock: clk, Network: rpc.NewNetwork(), Metrics: prometheus.NewRegistry(),
	}, clk, log
}

func setup(t testing.TB, settings map[string]string) *world {
	t.Helper()
	url := testkit.DatabaseURL(t)
	env, clk, log := environment(t, url, settings)
	client, conn := dial(t, env)
	db, err := pgxpool.New(context.Background(), url)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return &world{client, clk, db, conn, env, log}
}

// serve runs the service until the test ends.
func serve(t testing.TB, env *run.Env) userv1.UserServiceClient {
	t.Helper()
	client, _ := dial(t, env)
	return client
}

func dial(t testing.TB, env *run.Env) (userv1.UserServiceClient, *grpc.ClientConn) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	built, done := make(chan struct{}), make(chan error, 1)
	ready := func(context.Context, *run.Env) ([]run.Task, error) { close(built); return nil, nil }
	go func() { done <- run.Run(ctx, 10*time.Second, env, user.New, ready) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	select {
	case <-built:
	case err := <-done:
		done <- nil
		require.NoError(t, err)
	}
	conn, err := env.Network.Dial(user.Name, "")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return userv1.NewUserServiceClient(conn), conn
}

// person is a signed-in user.
type person struct {
	ctx     context.Context //nolint:containedctx // carries the access token
	id      string
	email   string
	access  string
	refresh string
	session string
}

func as(token string) context.Context { return rpc.Bearer(context.Background(), token) }

func (w *world) register(t testing.TB, email string) {
	t.Helper()
	_, err := w.Register(context.Background(), &userv1.RegisterRequest{
		Email: email, Password: password, FirstName: "Jane", LastName: "Doe",
	})
	require.NoError(t, err)
}

func (w *world) login(t testing.TB, email string) person {
	t.Helper()
	res, err := w.Login(context.Background(), &userv1.LoginRequest{Email: email, Password: password})
	require.NoError(t, err)
	return w.person(t, res.GetUser(), res.GetAccessToken(), res.GetRefreshToken())
}

func (w *world) person(t testing.TB, u *userv1.User, access, refresh string) person {
	t.Helper()
	verifier, err := auth.NewVerifier(auth.Config{Keys: keys}, w.clock)
	require.NoError(t, err)
	claims, err := verifier.Access(access)
	require.NoError(t, err)
	require.Equal(t, u.GetId(), claims.Account.String())
	return person{as(access), u.GetId(), u.GetEmail(), access, refresh, claims.Session.String()}
}

// join registers and signs in.
func (w *world) join(t testing.TB, email string) person {
	t.Helper()
	w.register(t, email)
	return w.login(t, email)
}

// owner makes the first owner and signs in.
func (w *world) owner(t testing.TB) person {
	t.Helper()
	require.NoError(t, user.CreateOwner(context.Background(), w.env, "owner@example.com", password))
	return w.login(t, "owner@example.com")
}

// staff makes an account with more roles and signs in with them.
func (w *world) staff(t testing.TB, owner person, email string, roles ...string) person {
	t.Helper()
	p := w.join(t, email)
	_, err := w.SetRoles(owner.ctx, &userv1.SetRolesRequest{UserId: p.id, Roles: roles, Reason: "hired"})
	require.NoError(t, err)
	return w.login(t, email)
}

// refused checks the code and the stable reason of an error.
func refused(t testing.TB, err error, code codes.Code, reason string) {
	t.Helper()
	require.Equal(t, code.String(), status.Code(err).String(), "%v", err)
	require.Equal(t, reason, reasonOf(err), "%v", err)
}

func reasonOf(err error) string {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

// field checks that an error blames exactly these fields.
func blames(t testing.TB, err error, fields ...string) {
	t.Helper()
	require.Equal(t, codes.InvalidArgument, status.Code(err), "%v", err)
	var got []string
	for _, d := range status.Convert(err).Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				got = append(got, v.GetField())
			}
		}
	}
	require.ElementsMatch(t, fields, got, "%v", err)
}

// value reads one value from the database.
func value[T any](t testing.TB, w *world, sql string, args ...any) T {
	t.Helper()
	var v T
	require.NoError(t, w.db.QueryRow(context.Background(), sql, args...).Scan(&v), sql)
	return v
}

func emails(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("user%02d@example.com", i)
	}
	return all
}

func unknownID() string { return id.New().String() }
