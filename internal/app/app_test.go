package app

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/seed"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/migrations"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// screen collects what a marketplace prints; safe for concurrent use.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// variables are those of a marketplace on free ports, cheap to sign in to.
func variables(database string) config.Source {
	return config.Source{
		"ENVIRONMENT": "test", "USER_BCRYPT_COST": "4", "DATABASE_URL": database,
		"USER_LISTEN": "127.0.0.1:0", "PRODUCT_LISTEN": "127.0.0.1:0", "BIDDING_LISTEN": "127.0.0.1:0",
	}
}

// stateDir is a folder that root's PostgreSQL can enter.
func stateDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "app-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711)) //nolint:gosec // root's server walks through it as another user
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// opened is an Up in the background.
type opened struct {
	screen *screen
	state  string
	cancel context.CancelFunc
	ended  chan error
}

// little is a demo that is made at once.
var little = seed.Scale{Products: 6, Days: 2, Sales: 20, Sellers: 1, Buyers: 2}

func open(t *testing.T, src config.Source, state string, demo bool) *opened {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	o := &opened{screen: &screen{}, state: state, cancel: cancel, ended: make(chan error, 1)}
	go func() {
		o.ended <- Up(ctx, UpOptions{
			Options: Options{Source: src, State: state, Log: io.Discard, Notice: o.screen},
			Demo:    demo, Scale: little, LogPath: "some.log", Out: o.screen, Version: "test",
		})
	}()
	t.Cleanup(cancel)
	return o
}

// ready waits for the first screen.
func (o *opened) ready(t *testing.T) *opened {
	t.Helper()
	require.Eventually(t, func() bool {
		select {
		case err := <-o.ended:
			require.NoError(t, err)
			return true
		default:
			return strings.Contains(o.screen.String(), "Ctrl-C")
		}
	}, time.Minute, 10*time.Millisecond, "%s", o.screen)
	return o
}

func (o *opened) stop(t *testing.T) {
	t.Helper()
	o.cancel()
	select {
	case err := <-o.ended:
		require.NoError(t, err)
	case <-time.After(20 * time.Second):
		t.Fatal("does not stop")
	}
}

func TestUpShowsAScreenWorthLookingAt(t *testing.T) {
	t.Parallel()
	src := variables(testkit.EmptyDatabaseURL(t))
	o := open(t, src, stateDir(t), true).ready(t)

	r, ok := FindRunning(src, o.state)
	require.True(t, ok)
	require.Equal(t, src["DATABASE_URL"], r.DatabaseURL)
	require.Equal(t, os.Getpid(), r.PID)
	require.Len(t, r.Accounts, 4)
	require.Equal(t, r.Accounts[0], *r.Owner)
	info, err := os.Stat(runningFile(o.state))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	for _, part := range []string{"ready in", "user.v1.UserService", "some.log", r.Owner.Email, r.Owner.Password, "best bid", "Most active markets", "USD", "SearchProducts", "GetDepth"} {
		require.Contains(t, o.screen.String(), part)
	}
	require.NotContains(t, o.screen.String(), "\x1b", "no colours in a file")
	o.stop(t)
	_, ok = FindRunning(src, o.state)
	require.False(t, ok)
	require.NoFileExists(t, runningFile(o.state))
}

func TestDemoIsMadeOnce(t *testing.T) {
	t.Parallel()
	src, state := variables(testkit.EmptyDatabaseURL(t)), stateDir(t)
	first := open(t, src, state, true).ready(t)
	first.stop(t)
	before := count(t, src["DATABASE_URL"])
	second := open(t, src, state, true).ready(t)
	second.stop(t)
	require.Equal(t, before, count(t, src["DATABASE_URL"]))
	require.NotContains(t, second.screen.String(), "making the demo")

	elsewhere := open(t, src, stateDir(t), true).ready(t)
	elsewhere.stop(t)
	require.Contains(t, elsewhere.screen.String(), "its password is in the state folder")
	require.NotContains(t, elsewhere.screen.String(), "Demo accounts")
}

func count(t *testing.T, url string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, Query(context.Background(), url, "SELECT (SELECT count(*) FROM bids), (SELECT count(*) FROM asks), (SELECT count(*) FROM matches), (SELECT count(*) FROM users)", false, &out))
	return out.String()
}

func TestMarketplaceWithAnOwnerGetsNoDemo(t *testing.T) {
	t.Parallel()
	src := variables(testkit.EmptyDatabaseURL(t))
	require.NoError(t, CreateOwner(context.Background(), src, src["DATABASE_URL"], "me@example.com", "correct horse battery"))
	o := open(t, src, stateDir(t), true).ready(t)
	o.stop(t)
	require.Contains(t, o.screen.String(), "No demo")
	require.Contains(t, o.screen.String(), "none has been traded yet")
}

func TestProductionGetsNoDemo(t *testing.T) {
	t.Parallel()
	src := variables(testkit.DatabaseURL(t))
	src["ENVIRONMENT"], src["USER_BCRYPT_COST"] = "production", "12"
	src["JWT_KEYS"] = "k1:0123456789abcdef0123456789abcdef-of-this-test"
	o := open(t, src, stateDir(t), true).ready(t)
	o.stop(t)
	require.Contains(t, o.screen.String(), "No demo")
	require.True(t, exposed(config.Source{"USER_LISTEN": "0.0.0.0:1"}, Targets()))
	require.False(t, exposed(config.Source{}, Targets()))
}

func TestUpBringsItsOwnPostgreSQL(t *testing.T) {
	t.Parallel()
	src := variables("")
	delete(src, "DATABASE_URL")
	found, err := embeddedpg.Find(os.Getenv("MARKETPLACE_PG_BIN"), "../..")
	require.NoError(t, err)
	src["MARKETPLACE_PG_BIN"], src["MARKETPLACE_STATE"] = found[0].Bin, stateDir(t)
	o := open(t, src, "", false).ready(t)
	require.Contains(t, o.screen.String(), "of its own")
	r, ok := FindRunning(src, "")
	require.True(t, ok)

	second := open(t, src, "", false)
	err = <-second.ended
	var locked *embeddedpg.LockedError
	require.ErrorAs(t, err, &locked)

	require.NoError(t, WithDatabase(context.Background(), src, "", func(url string) error {
		require.Equal(t, r.DatabaseURL, url, "the running one")
		return nil
	}))
	o.stop(t)
	require.NoError(t, WithDatabase(context.Background(), src, "", func(url string) error {
		version, _, err := migrations.Version(context.Background(), url)
		require.NoError(t, err)
		require.Equal(t, migrations.Latest(), version)
		return nil
	}), "started for as long as it takes")
	_, held := embeddedpg.Holder(src["MARKETPLACE_STATE"])
	require.False(t, held)
}

func TestInsideEndsTheMarketplace(t *testing.T) {
	t.Parallel()
	src := variables(testkit.EmptyDatabaseURL(t))
	o := Options{Source: src, State: stateDir(t), Log: io.Discard}
	require.NoError(t, Run(context.Background(), o, func(ctx context.Context, m *Marketplace) error {
		require.NoError(t, m.Ready(ctx))
		conn, err := m.Dial("product")
		require.NoError(t, err)
		defer func() { _ = conn.Close() }()
		_, err = productv1.NewProductServiceClient(conn).ListProducts(ctx, &productv1.ListProductsRequest{})
		return err
	}))
	require.ErrorIs(t, Run(context.Background(), o, func(context.Context, *Marketplace) error { return io.ErrUnexpectedEOF }), io.ErrUnexpectedEOF)
}

func TestPortInUseNamesPortAndVariable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's listener
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	src := variables(testkit.DatabaseURL(t))
	src["PRODUCT_LISTEN"] = l.Addr().String()
	o := open(t, src, stateDir(t), false)
	err = <-o.ended
	require.ErrorContains(t, err, "PRODUCT_LISTEN")
	require.ErrorContains(t, err, l.Addr().String())
	require.ErrorContains(t, err, "in use")
}

func TestDatabaseThatIsDownIsNamedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	src := variables("postgres://shop:topsecret@127.0.0.1:1/shop")
	err := <-open(t, src, stateDir(t), false).ended
	require.ErrorContains(t, err, "127.0.0.1 port 1")
	require.ErrorContains(t, err, "connection refused")
	require.NotContains(t, err.Error(), "topsecret")

	err = <-open(t, variables("nonsense"), stateDir(t), false).ended
	require.ErrorContains(t, err, "DATABASE_URL")
}

func TestWrongVariableStopsTheStart(t *testing.T) {
	t.Parallel()
	for _, bad := range []config.Source{{"MARKETPLACE_STAT": "x"}, {"ENVIRONMENT": "moon"}} {
		err := <-open(t, variables("").With(bad), stateDir(t), false).ended
		for name := range bad {
			require.ErrorContains(t, err, name)
		}
	}
	src := variables("")
	delete(src, "DATABASE_URL")
	src["USER_DATABASE_URL"] = "postgres://127.0.0.1:1/x"
	require.ErrorContains(t, <-open(t, src, stateDir(t), false).ended, "set DATABASE_URL as well")
}

func TestErrorsAreShownOnTheTerminalToo(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	notice := &screen{}
	l := withNotices(zerolog.New(&log), Options{Notice: notice})
	l.Error().Msg("postgresql died")
	l.Info().Msg("serving")
	require.Contains(t, notice.String(), "postgresql died")
	require.NotContains(t, notice.String(), "serving")
	require.Contains(t, log.String(), "serving")
}

func TestSelectNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	got, err := Select("bidding, user")
	require.NoError(t, err)
	require.Equal(t, []string{"user", "bidding"}, []string{got[0].Name, got[1].Name}, "in starting order")
	got, err = Select("all")
	require.NoError(t, err)
	require.Len(t, got, 3)
	_, err = Select("user,shop")
	require.ErrorContains(t, err, `unknown target "shop"`)
	_, err = Select("")
	require.ErrorContains(t, err, "no target given")
}

func TestEachServiceMayHaveItsOwnDatabase(t *testing.T) {
	t.Parallel()
	src := config.Source{"DATABASE_URL": "a", "BIDDING_DATABASE_URL": "b", "USER_LISTEN": "127.0.0.1:1"}
	require.Equal(t, []string{"a", "b"}, databases(src, Targets()))
	require.Equal(t, "127.0.0.1:1", Targets()[0].Listen(src))
	require.Equal(t, "127.0.0.1:50053", Targets()[2].Listen(src))
}

func TestServeRefusesAnOldSchemaAndAMissingDatabase(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	require.ErrorContains(t, Serve(ctx, config.Source{}, Targets(), io.Discard), "set DATABASE_URL")
	require.ErrorContains(t, Serve(ctx, variables(testkit.EmptyDatabaseURL(t)), Targets(), io.Discard), "marketplace migrate up")
	require.ErrorContains(t, Serve(ctx, config.Source{"ENVIRONMENT": "moon"}, Targets(), io.Discard), "ENVIRONMENT")
}

func TestServeServesUntilItIsToldToStop(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	log := &screen{}
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, variables(testkit.DatabaseURL(t)), Targets()[:2], log) }()
	require.Eventually(t, func() bool { return strings.Count(log.String(), "serving") == 2 }, 20*time.Second, 10*time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
}

func TestServeStartsWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	require.NoError(t, CheckSchema(context.Background(), "postgres://127.0.0.1:1/x"))
}

func TestOwnerIsMadeOnce(t *testing.T) {
	t.Parallel()
	src := variables(testkit.EmptyDatabaseURL(t))
	ctx := context.Background()
	require.Error(t, CreateOwner(ctx, src, src["DATABASE_URL"], "me@example.com", "short"))
	require.NoError(t, CreateOwner(ctx, src, src["DATABASE_URL"], "me@example.com", "correct horse battery"))
	require.ErrorContains(t, CreateOwner(ctx, src, src["DATABASE_URL"], "you@example.com", "correct horse battery"), "has an owner already")
	require.Error(t, CreateOwner(ctx, src, "postgres://127.0.0.1:1/x", "me@example.com", "x"))
}

func TestQueryPrintsRowsAndReadsOnly(t *testing.T) {
	t.Parallel()
	url, ctx := testkit.DatabaseURL(t), context.Background()
	var out bytes.Buffer
	require.NoError(t, Query(ctx, url, `SELECT 1 AS n, NULL AS none, E'a\tb\\' AS text, '{"k":1}'::jsonb AS j`, true, &out))
	require.Equal(t, "n\tnone\ttext\tj\n1\t\\N\ta\\tb\\\\\t{\"k\": 1}\n", out.String())
	require.ErrorContains(t, Query(ctx, url, "DELETE FROM users", false, &out), "read-only")
	require.ErrorContains(t, Query(ctx, url, "SELEC 1", false, &out), "syntax error")
	require.ErrorContains(t, Query(ctx, "postgres://127.0.0.1:1/x", "SELECT 1", false, &out), "cannot reach")
}

func TestSeedMakesADemoOnceAndUpServesIt(t *testing.T) {
	t.Parallel()
	src, state, progress := variables(testkit.EmptyDatabaseURL(t)), stateDir(t), &screen{}
	o := SeedOptions{Options: Options{Source: src, State: state, Log: io.Discard}, Scale: little, Progress: progress}
	made, err := Seed(context.Background(), o)
	require.NoError(t, err)
	require.True(t, made.Made)
	before := count(t, src["DATABASE_URL"])
	again, err := Seed(context.Background(), o)
	require.NoError(t, err)
	require.False(t, again.Made)

	served := open(t, src, state, true).ready(t)
	_, err = Seed(context.Background(), o)
	require.ErrorContains(t, err, "a marketplace is running on the state folder "+state)
	require.ErrorContains(t, err, "stop it first")
	served.stop(t)
	require.Contains(t, served.screen.String(), "Demo accounts")
	require.Equal(t, before, count(t, src["DATABASE_URL"]))
}

func TestSeedSaysWhyItMakesNoDemo(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	src := variables(testkit.EmptyDatabaseURL(t))
	o := SeedOptions{Options: Options{Source: src, State: stateDir(t), Log: io.Discard}, Scale: little, Progress: io.Discard}
	require.NoError(t, CreateOwner(ctx, src, src["DATABASE_URL"], "me@example.com", "correct horse battery"))
	_, err := Seed(ctx, o)
	require.ErrorIs(t, err, seed.ErrSignIn)
	require.ErrorContains(t, err, "no demo: its accounts cannot sign in: "+seed.Owner)
	require.ErrorContains(t, err, "name an empty database in DATABASE_URL")

	o.Source = src.With(config.Source{"ENVIRONMENT": "production"})
	_, err = Seed(ctx, o)
	require.ErrorContains(t, err, "in production gets no demo")

	ended, cancel := context.WithCancel(ctx)
	cancel()
	o.Source = src
	_, err = Seed(ended, o)
	require.ErrorIs(t, err, context.Canceled)
}

func TestStaleRunFileIsIgnored(t *testing.T) {
	t.Parallel()
	state := stateDir(t)
	require.NoError(t, writeRunning(state, Running{PID: os.Getpid(), DatabaseURL: "a&b"}))
	text, err := os.ReadFile(runningFile(state))
	require.NoError(t, err)
	require.Contains(t, string(text), "a&b")
	_, ok := ReadRunning(state)
	require.False(t, ok, "nobody holds the folder")
	require.NoError(t, os.WriteFile(runningFile(state), []byte("{"), 0o600))
	_, ok = ReadRunning(state)
	require.False(t, ok)
	require.Error(t, writeRunning(filepath.Join(state, "none"), Running{}))
	_, ok = FindRunning(config.Source{"MARKETPLACE_X": "1"}, state)
	require.False(t, ok)
}

func TestLogStartsAfreshWhenItIsLarge(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "logs", "marketplace.log")
	f, err := OpenLog(path)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(maxLog+1))
	require.NoError(t, f.Close())
	f, err = OpenLog(path)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.FileExists(t, path+".old")
	_, err = OpenLog(filepath.Join(path, "below", "a-file"))
	require.Error(t, err)
}

func TestStartThatIsInterruptedIsNoFailure(t *testing.T) {
	t.Parallel()
	src := variables(testkit.EmptyDatabaseURL(t))
	o := open(t, src, stateDir(t), true)
	require.Eventually(t, func() bool { return strings.Contains(o.screen.String(), "making the demo") }, time.Minute, time.Millisecond)
	o.stop(t)
	require.NoFileExists(t, runningFile(o.state))

	again := open(t, src, o.state, true).ready(t)
	again.stop(t)
	require.Contains(t, again.screen.String(), "Demo accounts", "what was cut off is finished")
}

func TestScreenWritesAmountsAndNamesShort(t *testing.T) {
	t.Parallel()
	require.Equal(t, "-", amount(0, "USD"))
	require.Equal(t, "200.05 USD", amount(20005, "USD"))
	require.Equal(t, "200 JPY", amount(200, "JPY"))
	require.Len(t, []rune(short(strings.Repeat("é", 100))), 48)
	require.Equal(t, "Samba", short("Samba"))
}
