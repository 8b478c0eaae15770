package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/migrations"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// Options say how a whole marketplace starts.
type Options struct {
	Source config.Source // variables, as of config.Environ
	State  string        // state folder; blank: MARKETPLACE_STATE, else the default one
	Log    io.Writer     // the whole log
	Notice io.Writer     // errors as well, for the terminal; nil: nobody
	Clock  clock.Clock   // nil: the machine's

	// Prepare is called on databases that are up to date, before any service starts; nil: nothing.
	Prepare func(context.Context, *Marketplace) error
}

// Marketplace is every service in one process, running.
type Marketplace struct {
	Env      *run.Env
	State    string // absolute state folder
	Database string // what and where the database is, for people
	targets  []Target
	settings Settings
	grace    time.Duration
	outside  bool // the database was there before us
	finish   context.CancelFunc
}

// Run starts a PostgreSQL (unless DATABASE_URL names one), applies what is
// missing of the migrations, starts every service and calls inside. It stops
// everything, the last started first, when inside returns or ctx ends.
// Errors: of inside, or why the marketplace could not start or go on.
func Run(ctx context.Context, o Options, inside func(context.Context, *Marketplace) error) error {
	m, err := newMarketplace(o)
	if err != nil {
		return err
	}
	builds := []run.Build{m.database, m.migrate}
	if o.Prepare != nil {
		builds = append(builds, m.preparation(o.Prepare))
	}
	builds = append(builds, run.Admin)
	for _, t := range m.targets {
		builds = append(builds, t.Build)
	}
	return m.run(ctx, inside, builds...)
}

func newMarketplace(o Options) (*Marketplace, error) {
	own, err := settings(o.Source, o.State)
	if err != nil {
		return nil, err
	}
	env, common, err := run.NewEnv("marketplace", calm(o.Source), o.Log)
	if err != nil {
		return nil, err
	}
	env.Log = withNotices(env.Log, o)
	if o.Clock != nil {
		env.Clock = o.Clock
	}
	m := &Marketplace{Env: env, State: own.State, settings: own, grace: common.ShutdownGrace, targets: Targets()}
	for _, t := range m.targets {
		env.Network.Expect(t.Name)
	}
	return m, nil
}

// run starts the builds, calls inside and stops everything.
func (m *Marketplace) run(ctx context.Context, inside func(context.Context, *Marketplace) error, builds ...run.Build) error {
	ctx, m.finish = context.WithCancel(ctx)
	defer m.finish()
	return run.Run(ctx, m.grace, m.Env, append(builds, m.visitor(inside))...)
}

// preparation is the build of what is done before the services start.
func (m *Marketplace) preparation(prepare func(context.Context, *Marketplace) error) run.Build {
	return func(ctx context.Context, _ *run.Env) ([]run.Task, error) { return nil, prepare(ctx, m) }
}

// drain is how long running calls may hold up a Ctrl-C.
const drain = "2s"

// calm gives a marketplace at a terminal a short drain, unless RPC_DRAIN says otherwise.
func calm(src config.Source) config.Source {
	return config.Source{"RPC_DRAIN": drain}.With(src)
}

// withNotices sends errors to o.Notice too.
func withNotices(log zerolog.Logger, o Options) zerolog.Logger {
	if o.Notice == nil {
		return log
	}
	notice := zerolog.New(zerolog.ConsoleWriter{Out: o.Notice, NoColor: !terminal(o.Notice), TimeFormat: time.TimeOnly}).
		With().Timestamp().Logger()
	return log.Hook(zerolog.HookFunc(func(_ *zerolog.Event, level zerolog.Level, message string) {
		if level >= zerolog.ErrorLevel && level < zerolog.NoLevel {
			notice.WithLevel(level).Msg(message + " (more in the log)")
		}
	}))
}

// Dial returns a connection to a service of this process.
func (m *Marketplace) Dial(service string) (*grpc.ClientConn, error) {
	return m.Env.Network.Dial(service, "")
}

// DialAs returns a connection to a service of this process, for calls another one makes.
func (m *Marketplace) DialAs(caller, service string) (*grpc.ClientConn, error) {
	cfg, err := config.Load[struct{ Auth auth.Config }](m.Env.Source)
	if err != nil {
		return nil, err
	}
	credential, err := auth.NewServiceCredential(cfg.Auth, caller, m.Env.Clock)
	if err != nil {
		return nil, err
	}
	return m.Env.Network.Dial(service, "", rpc.AsService(credential))
}

// Ready waits until every service can serve.
func (m *Marketplace) Ready(ctx context.Context) error { return ready(ctx, m.Env.Network) }

func ready(ctx context.Context, network *rpc.Network) error {
	for {
		err := network.Ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the services: %w", errors.Join(ctx.Err(), err))
		case <-clock.System{}.After(20 * time.Millisecond): // a test's clock may stand still
		}
	}
}

// database is the build that takes the state folder and brings a database.
func (m *Marketplace) database(ctx context.Context, env *run.Env) ([]run.Task, error) {
	if len(databases(env.Source, m.targets)) > 0 {
		return m.outsideDatabase(ctx, env)
	}
	server, err := embeddedpg.Start(ctx, embeddedpg.Options{StateDir: m.State, Bin: m.settings.PGBin, Log: env.Log})
	if err != nil {
		return nil, err
	}
	env.Source = env.Source.With(config.Source{"DATABASE_URL": server.URL()})
	m.Database = fmt.Sprintf("PostgreSQL %s of its own, data in %s", server.Installation().Version, m.State)
	return []run.Task{server}, nil
}

// outsideDatabase is for a database that runs already.
func (m *Marketplace) outsideDatabase(ctx context.Context, env *run.Env) ([]run.Task, error) {
	for _, t := range m.targets {
		if t.DatabaseURL(env.Source) == "" {
			return nil, fmt.Errorf("the %s service has no database: set DATABASE_URL as well, or none at all", t.Name)
		}
	}
	unlock, err := embeddedpg.Lock(m.State)
	if err != nil {
		return nil, err
	}
	m.outside = true
	for i, url := range databases(env.Source, m.targets) {
		name, err := describe(ctx, url)
		if err != nil {
			unlock()
			return nil, err
		}
		if i == 0 {
			m.Database = name
		}
	}
	return []run.Task{&task{name: "state folder", close: func(context.Context) error { unlock(); return nil }}}, nil
}

// migrate is the build that brings every database up to date.
func (m *Marketplace) migrate(ctx context.Context, env *run.Env) ([]run.Task, error) {
	for _, url := range databases(env.Source, m.targets) {
		if err := bringUp(ctx, url); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// bringUp applies what is missing; when nothing is, one query says so.
func bringUp(ctx context.Context, url string) error {
	version, dirty, err := migrations.Version(ctx, url)
	if err == nil && !dirty && version == migrations.Latest() {
		return nil
	}
	return migrations.Up(ctx, url)
}

// visitor is the build of the task that runs inside; when it is done, so is the process.
func (m *Marketplace) visitor(inside func(context.Context, *Marketplace) error) run.Build {
	return func(context.Context, *run.Env) ([]run.Task, error) {
		return []run.Task{&task{name: "marketplace", run: func(ctx context.Context) error {
			defer m.finish()
			return inside(ctx, m)
		}}}, nil
	}
}

// task makes a run.Task of two functions, either of which may be absent.
type task struct {
	name  string
	run   func(context.Context) error
	close func(context.Context) error
}

// String implements fmt.Stringer, for the log.
func (t *task) String() string { return t.name }

// Run implements run.Task.
func (t *task) Run(ctx context.Context) error {
	if t.run == nil {
		<-ctx.Done()
		return nil
	}
	return t.run(ctx)
}

// Close implements run.Task.
func (t *task) Close(ctx context.Context) error {
	if t.close == nil {
		return nil
	}
	return t.close(ctx)
}
