package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/seed"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

// UpOptions are Options for the marketplace somebody looks at.
type UpOptions struct {
	Options
	Demo    bool       // make the demo unless it is there; never in production
	Scale   seed.Scale // of a demo that is made
	LogPath string     // shown on the screen
	Out     io.Writer  // the first screen
	Version string
}

// readyTimeout is how long the services may take to say that they can serve.
const readyTimeout = 30 * time.Second

// Up runs a marketplace until ctx ends and shows a first screen when it is ready.
func Up(ctx context.Context, o UpOptions) error {
	begin := clock.Monotonic()
	_, _ = fmt.Fprintln(o.Out, "starting ...") // a screen that cannot be written to is no reason to stop
	u := &up{UpOptions: o}
	if o.Demo {
		u.Prepare = u.demo
	}
	return Run(ctx, u.Options, func(ctx context.Context, m *Marketplace) error {
		u.market = m
		defer u.close()
		if err := u.open(ctx); err != nil {
			return quietly(ctx, err)
		}
		u.screen(ctx, clock.Since(begin))
		<-ctx.Done()
		_, _ = fmt.Fprintln(o.Out, "stopping ...")
		return nil
	})
}

// quietly drops what went wrong only because the marketplace was told to stop.
func quietly(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // a stop in the middle of the start is no failure
	}
	return err
}

// up is one run of Up.
type up struct {
	UpOptions
	market   *Marketplace
	conns    []*grpc.ClientConn // to user, product, bidding
	client   seed.Client
	accounts []Credentials // of the demo, the owner's first
	notes    []string      // what the screen should say besides
}

// open waits until the services serve and tells other commands.
func (u *up) open(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := u.market.Ready(wait); err != nil {
		return err
	}
	if err := u.dial(); err != nil {
		return err
	}
	return writeRunning(u.market.State, u.running())
}

// dial connects to every service of the process.
func (u *up) dial() error {
	for _, t := range u.market.targets {
		conn, err := u.market.Dial(t.Name)
		if err != nil {
			return err
		}
		u.conns = append(u.conns, conn)
	}
	u.client = seed.NewClient(u.conns[0], u.conns[1], u.conns[2])
	return nil
}

func (u *up) close() {
	_ = os.Remove(runningFile(u.market.State)) // not there when the start failed
	for _, conn := range u.conns {
		_ = conn.Close() // only this process hears of it
	}
}

func (u *up) running() Running {
	m := u.market
	r := Running{PID: os.Getpid(), StartedAt: m.Env.Clock.Now(), Services: map[string]string{}, Accounts: u.accounts}
	r.DatabaseURL = m.Env.Source["DATABASE_URL"]
	for _, t := range m.targets {
		r.Services[t.Name] = t.Listen(m.Env.Source)
	}
	if len(u.accounts) > 0 {
		r.Owner = &u.accounts[0]
	}
	return r
}

// exposed reports whether a service listens beyond this machine.
func exposed(src config.Source, targets []Target) bool {
	for _, t := range targets {
		if address := t.Listen(src); address != "" && !auth.Loopback(address) {
			return true
		}
	}
	return false
}
