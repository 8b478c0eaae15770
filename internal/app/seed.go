package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/seed"
	"github.com/sneakers-marketplace/marketplace/internal/user"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// SeedOptions are Options for making a demo; the clock is its own.
type SeedOptions struct {
	Options
	Scale    seed.Scale
	Progress io.Writer
}

// Seed makes the demo of a marketplace that nobody serves, or what is missing of
// it: on the databases the variables name, else on the state folder's own. The
// password of its accounts is in the state folder. Errors: one that says what to
// do when the marketplace is not a new one, is in production or is running.
func Seed(ctx context.Context, o SeedOptions) (report seed.Report, err error) {
	if o.Source["ENVIRONMENT"] == string(config.Production) {
		return report, errors.New("a marketplace in production gets no demo: ENVIRONMENT is production")
	}
	m, err := newMarketplace(o.Options)
	if err != nil {
		return report, err
	}
	var failed error
	err = m.run(ctx, func(ctx context.Context, m *Marketplace) error {
		report, failed = m.seed(ctx, o)
		return failed
	}, m.database, m.migrate)
	var locked *embeddedpg.LockedError
	switch {
	case ctx.Err() != nil:
		return report, ctx.Err()
	case errors.As(err, &locked):
		return report, fmt.Errorf("a marketplace is running on the state folder %s, and a demo begins in the past: stop it first", locked.Dir)
	case failed != nil:
		return report, failed
	}
	return report, err
}

func (m *Marketplace) seed(ctx context.Context, o SeedOptions) (seed.Report, error) {
	password, _, err := demoPassword(m.State)
	if err != nil {
		return seed.Report{}, err
	}
	mark, err := m.lookForDemo(ctx)
	if err == nil && mark.State == seed.Complete {
		return seed.Report{Mark: mark}, nil
	}
	var report seed.Report
	if err == nil {
		report, err = m.makeDemo(ctx, mark.Or(o.Scale), password, o.Progress)
	}
	if errors.Is(err, seed.ErrSignIn) || errors.Is(err, seed.ErrTraded) || errors.Is(err, seed.ErrForeign) {
		return report, fmt.Errorf("no demo: %w; name an empty database in DATABASE_URL, or a new state folder with --state", err)
	}
	return report, err
}

// lookForDemo asks the catalogue how far the demo is.
func (m *Marketplace) lookForDemo(ctx context.Context) (mark seed.Mark, err error) {
	products, err := Select("product")
	if err != nil {
		return mark, err
	}
	err = m.within(ctx, clock.System{}, products, func(ctx context.Context, _ *run.Env, conns []*grpc.ClientConn) error {
		mark, err = seed.Look(ctx, productv1.NewProductServiceClient(conns[0]))
		return err
	})
	return mark, err
}

// makeDemo makes a demo with services of its own, which nobody else reaches and
// whose clock begins in the past.
func (m *Marketplace) makeDemo(ctx context.Context, mark seed.Mark, password string, w io.Writer) (report seed.Report, err error) {
	clk := clock.NewTraveller(mark.Begin())
	err = m.within(ctx, clk, m.targets, func(ctx context.Context, env *run.Env, conns []*grpc.ClientConn) error {
		if err := user.CreateOwner(ctx, env, seed.Owner, password); err != nil && !ownerExists(err) {
			return fmt.Errorf("make the demo's owner: %w", err)
		}
		report, err = seed.Run(ctx, seed.Options{
			Client: seed.NewClient(conns[0], conns[1], conns[2]), Clock: clk, Mark: mark, Password: password,
			Progress: w, Terminal: terminal(w),
		})
		if err != nil {
			return err
		}
		return followed(ctx, env.Source["DATABASE_URL"], clk) // or it would look as if nobody had told the exchange
	})
	return report, err
}

// within runs services on the marketplace's databases, by a clock of their own and
// at addresses nobody knows, for as long as work takes.
func (m *Marketplace) within(ctx context.Context, clk clock.Clock, targets []Target, work func(context.Context, *run.Env, []*grpc.ClientConn) error) error {
	private := config.Source{"METRICS_LISTEN": "", "REDIS_URL": "", "SHUTDOWN_DELAY": ""}
	var builds []run.Build
	for _, t := range targets {
		private[t.ListenVariable()] = "127.0.0.1:0"
		builds = append(builds, t.Build)
	}
	env := &run.Env{
		Source: m.Env.Source.With(private), Log: m.Env.Log, Clock: clk,
		Network: rpc.NewNetwork(), Metrics: prometheus.NewRegistry(),
	}
	served, finish := context.WithCancel(ctx)
	defer finish()
	failed := errors.New("the services stopped before the work was done")
	builds = append(builds, func(context.Context, *run.Env) ([]run.Task, error) {
		return []run.Task{run.Working("demo", func(ctx context.Context) error {
			defer finish()
			failed = dialled(ctx, env, targets, work)
			return failed
		})}, nil
	})
	err := run.Run(served, m.grace, env, builds...)
	switch {
	case ctx.Err() != nil: // told to stop
		return ctx.Err()
	case err == nil || failed != nil && errors.Is(err, failed):
		return failed
	}
	return err
}

// dialled waits until services serve and calls work with a connection to each.
func dialled(ctx context.Context, env *run.Env, targets []Target, work func(context.Context, *run.Env, []*grpc.ClientConn) error) error {
	wait, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := ready(wait, env.Network); err != nil {
		return fmt.Errorf("%w; does another marketplace serve this database?", err)
	}
	conns := make([]*grpc.ClientConn, len(targets))
	for i, t := range targets {
		conn, err := env.Network.Dial(t.Name, "")
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }() // nothing is under way
		conns[i] = conn
	}
	return work(ctx, env, conns)
}
