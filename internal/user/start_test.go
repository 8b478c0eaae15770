package user_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/internal/user"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// start builds the service and closes what it opened.
func start(t *testing.T, settings map[string]string) error {
	t.Helper()
	env, _, _ := environment(t, "postgres://nobody@127.0.0.1:1/none", settings)
	return build(t, env)
}

func build(t *testing.T, env *run.Env) error {
	t.Helper()
	tasks, err := user.New(context.Background(), env)
	for _, task := range tasks {
		require.NoError(t, task.Close(context.Background()))
	}
	return err
}

func TestUSER_004_TheServiceRefusesToStartWithoutGoodKeys(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]map[string]string{
		"short":                   {"JWT_KEYS": "a:short"},
		"no kid":                  {"JWT_KEYS": "a-secret-of-at-least-thirty-two-bytes"},
		"default in production":   {"JWT_KEYS": auth.DevelopmentKeys, "ENVIRONMENT": "production", "USER_BCRYPT_COST": "12"},
		"default beyond loopback": {"JWT_KEYS": auth.DevelopmentKeys, "USER_LISTEN": "0.0.0.0:0"},
		"long life":               {"JWT_ACCESS_TTL": "24h"},
	} {
		require.ErrorContains(t, start(t, settings), "JWT_", name)
	}
	require.NoError(t, start(t, nil))
	require.NoError(t, start(t, map[string]string{"JWT_KEYS": auth.DevelopmentKeys}))
}

func TestUSER_003_ACheapPasswordHashIsForTestsOnly(t *testing.T) {
	t.Parallel()
	for _, settings := range []map[string]string{
		{"USER_BCRYPT_COST": "11", "ENVIRONMENT": "development"},
		{"USER_BCRYPT_COST": "4", "ENVIRONMENT": "production"},
		{"USER_BCRYPT_COST": "3"},
		{"USER_BCRYPT_COST": "17"},
		{"USER_BCRYPT_COST": "many"},
	} {
		require.ErrorContains(t, start(t, settings), "USER_BCRYPT_COST", "%v", settings)
	}
	require.NoError(t, start(t, map[string]string{"USER_BCRYPT_COST": "12", "ENVIRONMENT": "production"}))
	cfg, err := config.Load[user.Config](config.Source{}, user.Prefix)
	require.NoError(t, err)
	require.Equal(t, 12, cfg.BcryptCost)
	require.Equal(t, "127.0.0.1:50051", cfg.Listen)
	require.False(t, cfg.RequireVerifiedEmail)
}

func TestWrongSettingsAreNamed(t *testing.T) {
	t.Parallel()
	for want, settings := range map[string]map[string]string{
		"USER_LISTENS":                {"USER_LISTENS": "127.0.0.1:1"},
		"USER_REQUIRE_VERIFIED_EMAIL": {"USER_REQUIRE_VERIFIED_EMAIL": "maybe"},
		"DATABASE_URL":                {"DATABASE_URL": ""},
		"USER_DATABASE_MAX_CONNS":     {"USER_DATABASE_MAX_CONNS": "0"},
		"REDIS_URL":                   {"REDIS_URL": "http://nowhere"},
	} {
		require.ErrorContains(t, start(t, settings), want)
	}
}

func TestAPortInUseIsNamed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	err = start(t, map[string]string{"USER_LISTEN": l.Addr().String()})
	require.ErrorContains(t, err, l.Addr().String())
	require.ErrorContains(t, err, "USER_LISTEN")
}

func TestTwoServicesInOneProcessCannotShareMetrics(t *testing.T) {
	t.Parallel()
	env, _, _ := environment(t, "postgres://nobody@127.0.0.1:1/none", nil)
	require.NoError(t, build(t, env))
	require.Error(t, build(t, env))
}

func TestCreateOwnerNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for want, settings := range map[string]map[string]string{
		"USER_BCRYPT_COST": {"USER_BCRYPT_COST": "1"},
		"DATABASE_URL":     {"DATABASE_URL": ""},
	} {
		env, _, _ := environment(t, "postgres://nobody@127.0.0.1:1/none", settings)
		require.ErrorContains(t, user.CreateOwner(context.Background(), env, "owner@example.com", password), want)
	}
}

func TestADatabaseThatIsDownIsUnavailable(t *testing.T) {
	t.Parallel()
	env, _, _ := environment(t, "postgres://nobody@127.0.0.1:1/none", nil)
	client := serve(t, env)
	_, err := client.Login(context.Background(), &userv1.LoginRequest{Email: "jane@example.com", Password: password})
	refused(t, err, codes.Unavailable, "DATABASE_UNAVAILABLE")
	_, err = client.Register(context.Background(), registration(func(*userv1.RegisterRequest) {}))
	refused(t, err, codes.Unavailable, "DATABASE_UNAVAILABLE")
	_, err = client.RefreshToken(context.Background(), &userv1.RefreshTokenRequest{RefreshToken: "x"})
	refused(t, err, codes.Unavailable, "DATABASE_UNAVAILABLE")
	require.Error(t, env.Network.Ready(context.Background()))
}

func TestADatabaseThatWasCutOffIsUsedAgain(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	p := w.join(t, "jane@example.com")
	_, err := w.db.Exec(context.Background(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return w.seesProfile(p) == nil }, 10*time.Second, time.Millisecond)
}

func TestOldSessionsAreRemoved(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	old := w.join(t, "jane@example.com")
	w.clock.Advance(80 * 24 * time.Hour)
	w.login(t, "jane@example.com")
	count := func(table string) int { return value[int](t, w, "SELECT count(*) FROM "+table) }
	require.Eventually(t, func() bool {
		w.clock.Advance(time.Hour)
		return count("refresh_tokens") == 1
	}, 10*time.Second, 20*time.Millisecond)
	require.Equal(t, 2, count("sessions"), "the network is still remembered")
	w.clock.Advance(18 * 24 * time.Hour)
	require.Eventually(t, func() bool {
		w.clock.Advance(time.Hour)
		return count("sessions") == 1
	}, 10*time.Second, 20*time.Millisecond)
	_, err := w.refreshes(old.refresh)
	refused(t, err, codes.Unauthenticated, "REFRESH_TOKEN_INVALID")
}

func TestAFailedCleanUpIsLoggedAndTriedAgain(t *testing.T) {
	t.Parallel()
	env, clk, log := environment(t, "postgres://nobody@127.0.0.1:1/none", nil)
	serve(t, env)
	require.Eventually(t, func() bool {
		clk.Advance(time.Hour)
		return strings.Contains(log.text(), "old sessions were not removed")
	}, 10*time.Second, time.Millisecond)
}

func TestTheServiceHasADatabaseOfItsOwnWhenTold(t *testing.T) {
	t.Parallel()
	env, _, _ := environment(t, "postgres://nobody@127.0.0.1:1/none", map[string]string{"USER_DATABASE_URL": testkit.DatabaseURL(t)})
	client := serve(t, env)
	_, err := client.Register(context.Background(), registration(func(*userv1.RegisterRequest) {}))
	require.NoError(t, err)
}

func TestUSER_003_SeveralInstancesCountTogetherOnRedis(t *testing.T) {
	t.Parallel()
	redis := map[string]string{"REDIS_URL": "redis://" + miniredis.RunT(t).Addr()}
	w := setup(t, redis)
	w.register(t, "jane@example.com")
	env, _, _ := environment(t, w.env.Source["DATABASE_URL"], redis)
	other := serve(t, env)
	for i := range 5 {
		client := []userv1.UserServiceClient{w, other}[i%2]
		_, err := client.Login(context.Background(), &userv1.LoginRequest{Email: "jane@example.com", Password: "not this one"})
		refused(t, err, codes.Unauthenticated, "INVALID_CREDENTIALS")
	}
	for _, client := range []userv1.UserServiceClient{w, other} {
		_, err := client.Login(context.Background(), &userv1.LoginRequest{Email: "jane@example.com", Password: password})
		refused(t, err, codes.ResourceExhausted, "TOO_MANY_ATTEMPTS")
	}
}
