package service_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/internal/user/repository"
	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	password = "purple tractor hums"
	jane     = "jane@example.com"
)

var (
	ctx  = context.Background()
	t0   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	home = model.Client{Device: "phone", IP: "198.51.100.7"}
)

type bundle struct {
	*service.Service
	clock  *clock.Fake
	db     *pgxpool.Pool
	hasher *auth.Hasher
	deps   service.Deps
}

func setup(t testing.TB) bundle {
	t.Helper()
	clk, db := clock.NewFake(t0), testkit.Database(t)
	cfg := auth.Config{Keys: "test:a-test-key-of-at-least-thirty-two-bytes"}
	hasher, err := auth.NewHasher(4, 1, clk)
	require.NoError(t, err)
	issuer, err := auth.NewIssuer(cfg, clk)
	require.NoError(t, err)
	refresher, err := auth.NewRefresher(cfg)
	require.NoError(t, err)
	deps := service.Deps{
		Store: repository.New(db), Throttle: repository.NewMemoryThrottle(), Hasher: hasher,
		Issuer: issuer, Refresher: refresher, Clock: clk,
	}
	b := bundle{service.New(deps, service.Options{}), clk, db, hasher, deps}
	b.register(t, jane)
	return b
}

func (b bundle) register(t testing.TB, email string) {
	t.Helper()
	require.NoError(t, b.Register(ctx, service.Registration{Email: email, Password: password, FirstName: "Jane", LastName: "Doe"}))
}

func (b bundle) enter(email string, from model.Client) error {
	_, err := b.Login(ctx, email, password, from)
	return err
}

// guess fails n times and checks that each was judged.
func (b bundle) guess(t testing.TB, n int, email string, from model.Client) {
	t.Helper()
	for range n {
		_, err := b.Login(ctx, email, "not this one", from)
		require.ErrorIs(t, err, model.ErrCredentials)
	}
}

func network(i int) model.Client { return model.Client{IP: fmt.Sprintf("203.0.%d.9", i)} }

func TestUSER_003_FiveFailuresOfOneNetworkLockThatNetworkOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.guess(t, 5, jane, model.Client{IP: "203.0.113.9"})
	for _, neighbour := range []string{"203.0.113.9", "203.0.113.200", "::ffff:203.0.113.1"} {
		require.ErrorIs(t, b.enter(jane, model.Client{IP: neighbour}), model.ErrTooManyAttempts, neighbour)
	}
	require.NoError(t, b.enter(jane, home))
	require.ErrorIs(t, b.enter(jane, model.Client{IP: "203.0.113.9"}), model.ErrTooManyAttempts, "a success elsewhere forgives nothing here")
}

func TestUSER_003_IPv6NeighboursShareASlash48(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.guess(t, 5, jane, model.Client{IP: "2001:db8:1::1"})
	require.ErrorIs(t, b.enter(jane, model.Client{IP: "2001:db8:1:ffff::2"}), model.ErrTooManyAttempts)
	require.NoError(t, b.enter(jane, model.Client{IP: "2001:db8:2::1"}))
}

func TestUSER_003_ASuccessForgivesThePair(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 3 {
		b.guess(t, 4, jane, home)
		require.NoError(t, b.enter(jane, home))
	}
}

func TestUSER_003_SuccessesAreNotCounted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 120 {
		require.NoError(t, b.enter(jane, home))
	}
}

func TestUSER_003_FiftyFailuresOfANetworkLockEveryAccountThere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 50 {
		b.guess(t, 1, fmt.Sprintf("guess%d@example.com", i), home)
	}
	err := b.enter(jane, home)
	require.ErrorIs(t, err, model.ErrTooManyAttempts)
	var e *errs.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 15*time.Minute, e.RetryAfter)
	require.NoError(t, b.enter(jane, network(1)))
	b.clock.Advance(15 * time.Minute)
	require.NoError(t, b.enter(jane, home))
}

func TestUSER_003_AHundredFailuresLockAnAccountForStrangers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.enter(jane, home))
	b.clock.Advance(24 * time.Hour)
	for i := range 20 {
		b.guess(t, 5, jane, network(i))
	}
	require.ErrorIs(t, b.enter(jane, network(100)), model.ErrTooManyAttempts)
	require.NoError(t, b.enter(jane, home), "where she signed in before she still may")
	b.guess(t, 5, jane, home)
	require.ErrorIs(t, b.enter(jane, home), model.ErrTooManyAttempts, "but not without end")
}

func TestUSER_003_AnUnknownAccountIsCountedLikeAKnownOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 20 {
		b.guess(t, 5, "nobody@example.com", network(i))
	}
	require.ErrorIs(t, b.enter("nobody@example.com", network(100)), model.ErrTooManyAttempts)
}

func TestUSER_003_TheBulkheadAnswersBusyAndCountsNoFailure(t *testing.T) {
	t.Parallel()
	b := setup(t)
	leave, err := b.hasher.Enter(ctx)
	require.NoError(t, err)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	for range 10 {
		_, err = b.Login(gone, jane, password, home)
		require.Error(t, err)
	}
	result := make(chan error, 1)
	go func() { result <- b.enter(jane, home) }()
	require.Eventually(t, func() bool { b.clock.Advance(time.Second); return len(result) == 1 }, 10*time.Second, time.Millisecond)
	require.ErrorIs(t, <-result, auth.ErrBusy)
	leave()
	require.NoError(t, b.enter(jane, home))
}

// brokenThrottle fails from the given call on.
type brokenThrottle struct {
	service.Throttle
	take, forget error
}

func (b brokenThrottle) Take(ctx context.Context, at time.Time, attempt string, limits []service.Limit) (service.Block, error) {
	if b.take != nil {
		return service.Block{}, b.take
	}
	return b.Throttle.Take(ctx, at, attempt, limits)
}

func (b brokenThrottle) Forget(ctx context.Context, attempt string, limits []service.Limit) error {
	if b.forget != nil {
		return b.forget
	}
	return b.Throttle.Forget(ctx, attempt, limits)
}

func TestUSER_003_WithoutAThrottleNobodyEnters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	broken := errors.New("broken")
	for _, throttle := range []service.Throttle{
		brokenThrottle{b.deps.Throttle, broken, nil}, brokenThrottle{b.deps.Throttle, nil, broken},
	} {
		deps := b.deps
		deps.Throttle = throttle
		_, err := service.New(deps, service.Options{}).Login(ctx, jane, password, home)
		require.ErrorIs(t, err, broken)
	}
}

func TestUSER_002_UnknownEmailsTakeAsLongAsKnownOnes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	hasher, err := auth.NewHasher(7, 1, b.clock) // some 6 ms, well above everything else
	require.NoError(t, err)
	deps := b.deps
	deps.Hasher = hasher
	svc := service.New(deps, service.Options{})
	slow := func(email string, i int) time.Duration {
		start := clock.Monotonic()
		_, err := svc.Login(ctx, email, "not this one", network(i))
		require.ErrorIs(t, err, model.ErrCredentials)
		return clock.Since(start)
	}
	hash, err := hasher.Hash(ctx, password)
	require.NoError(t, err)
	_, err = b.db.Exec(ctx, "UPDATE users SET password_hash = $1", hash)
	require.NoError(t, err)
	var known, unknown, malformed []time.Duration
	for i := range 7 {
		known = append(known, slow(jane, i))
		unknown = append(unknown, slow("nobody@example.com", i))
		malformed = append(malformed, slow("no email", i))
	}
	least := slices.Min[[]time.Duration]
	require.Greater(t, least(unknown), least(known)/2)
	require.Greater(t, least(malformed), least(known)/2)
	require.Less(t, least(unknown), least(known)*2)
	require.Less(t, least(malformed), least(known)*2)
}

// lateStore lets something happen between the proof of a password and the session.
type lateStore struct {
	service.Store
	meanwhile func()
}

func (s lateStore) InTx(ctx context.Context, fn func(service.Store) error) error {
	s.meanwhile()
	return s.Store.InTx(ctx, fn)
}

func (b bundle) late(meanwhile string) *service.Service {
	deps := b.deps
	deps.Store = lateStore{deps.Store, func() { _, _ = b.db.Exec(ctx, meanwhile) }}
	return service.New(deps, service.Options{})
}

func TestUSER_006_ABanDuringASignInWins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.late("UPDATE users SET status = 'banned'").Login(ctx, jane, password, home)
	require.ErrorIs(t, err, model.ErrBanned)
}

func TestUSER_006_APasswordChangedDuringASignInWins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.late("UPDATE users SET password_hash = '$2a$12$other'").Login(ctx, jane, password, home)
	require.ErrorIs(t, err, model.ErrCredentials)
}

func TestUSER_006_OfTwoPasswordChangesAtOnceOneWins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in, err := b.Login(ctx, jane, password, home)
	require.NoError(t, err)
	caller := b.claims(t, in)
	err = b.late("UPDATE users SET password_hash = '$2a$12$other'").ChangePassword(ctx, caller, password, "green tractor hums", home)
	require.ErrorIs(t, err, model.ErrVersion)
}

func (b bundle) claims(t testing.TB, in service.SignedIn) auth.Claims {
	t.Helper()
	v, err := auth.NewVerifier(auth.Config{Keys: "test:a-test-key-of-at-least-thirty-two-bytes"}, b.clock)
	require.NoError(t, err)
	c, err := v.Access(in.Access.Token)
	require.NoError(t, err)
	return c
}

func TestUSER_006_ATokenSpeaksForItsOwnSessionOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in, err := b.Login(ctx, jane, password, home)
	require.NoError(t, err)
	caller := b.claims(t, in)
	caller.Account = id.New()
	_, err = b.Profile(ctx, caller)
	require.ErrorIs(t, err, model.ErrSessionEnded)
	_, err = b.Profile(ctx, auth.Claims{})
	require.ErrorIs(t, err, model.ErrSessionEnded)
}

func TestUSER_006_ASessionEndsWithItsRefreshToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in, err := b.Login(ctx, jane, password, home)
	require.NoError(t, err)
	caller := b.claims(t, in)
	b.clock.Advance(auth.RefreshTTL)
	_, err = b.Profile(ctx, caller)
	require.ErrorIs(t, err, model.ErrSessionEnded)
}

func TestUSER_006_TheSessionKeepsWhatTheClientSays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	long := make([]rune, 400)
	for i := range long {
		long[i] = 'é'
	}
	for _, c := range []model.Client{
		{Device: string(long), IP: "fe80::1%eth0"}, {Device: "a\x00b\nc\xff", IP: "not an address"},
	} {
		require.NoError(t, b.enter(jane, c))
	}
	in, err := b.Login(ctx, jane, password, home)
	require.NoError(t, err)
	sessions, err := b.Sessions(ctx, b.claims(t, in), nil, 10)
	require.NoError(t, err)
	require.Equal(t, home, sessions[0].Client)
	require.Equal(t, model.Client{Device: "abc"}, sessions[1].Client)
	require.Equal(t, model.Client{Device: string(long[:300]), IP: "fe80::1"}, sessions[2].Client)
}

func TestUSER_009_AnUnknownRoleIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.SetRoles(ctx, auth.Claims{}, id.New(), []model.Role{"root"}, "because")
	require.Equal(t, errs.InvalidArgument, errs.KindOf(err))
}

func TestADeadDatabaseIsNoDomainAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in, err := b.Login(ctx, jane, password, home)
	require.NoError(t, err)
	caller := b.claims(t, in)
	b.db.Close()
	calls := map[string]func() error{
		"login":    func() error { return b.enter(jane, home) },
		"register": func() error { return b.Register(ctx, service.Registration{"x@example.com", password, "X", "Y"}) },
		"owner":    func() error { return b.CreateOwner(ctx, "x@example.com", password) },
		"refresh":  func() error { _, err := b.Refresh(ctx, in.Refresh); return err },
		"profile":  func() error { _, err := b.Profile(ctx, caller); return err },
		"update": func() error {
			_, err := b.UpdateProfile(ctx, caller, func(*model.Profile) {})
			return err
		},
		"password":  func() error { return b.ChangePassword(ctx, caller, password, "green tractor hums", home) },
		"terms":     func() error { _, _, err := b.AcceptSellerTerms(ctx, caller); return err },
		"logout":    func() error { return b.Logout(ctx, caller) },
		"revoke":    func() error { return b.RevokeSession(ctx, caller, id.New()) },
		"sessions":  func() error { _, err := b.Sessions(ctx, caller, nil, 1); return err },
		"add":       func() error { _, err := b.AddAddress(ctx, caller, address()); return err },
		"address":   func() error { _, err := b.Address(ctx, caller, id.New()); return err },
		"addresses": func() error { _, err := b.Addresses(ctx, caller, "", nil, 1); return err },
		"delete":    func() error { return b.DeleteAddress(ctx, caller, id.New()) },
		"users":     func() error { _, err := b.Users(ctx, caller, "", nil, 1); return err },
		"user":      func() error { _, err := b.User(ctx, caller, id.New()); return err },
		"ban":       func() error { _, err := b.Ban(ctx, caller, id.New(), "x"); return err },
		"sweep":     func() error { return b.Sweep(ctx) },
	}
	for name, call := range calls {
		err := call()
		require.Error(t, err, name)
		require.Equal(t, errs.Internal, errs.KindOf(err), "%s: %v", name, err)
	}
}

func address() model.Address {
	return model.Address{Kind: model.KindShipping, Recipient: "J", Line1: "1", City: "C", PostalCode: "1", Country: "US"}
}
