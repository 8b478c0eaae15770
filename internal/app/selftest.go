package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/fsck"
	"github.com/sneakers-marketplace/marketplace/internal/user"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// SelftestFsck trades a small day on a marketplace of its own, then plants every
// fault fsck knows into its database and sees each found. Its database is a new
// one on the server DATABASE_URL names, else on a PostgreSQL of its own; both are
// gone afterwards. Errors: what went wrong, or which faults were missed.
func SelftestFsck(ctx context.Context, src config.Source, w io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "fsck-")
	if err != nil {
		return fmt.Errorf("fsck selftest: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // the server's user walks through it
		return fmt.Errorf("fsck selftest: %w", err)
	}
	server := src["DATABASE_URL"]
	if server == "" {
		own, err := settings(src, filepath.Join(dir, "server"))
		if err != nil {
			return err
		}
		pg, err := embeddedpg.Start(ctx, embeddedpg.Options{StateDir: own.State, Bin: own.PGBin, Throwaway: true, Log: zerolog.Nop()})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, pg.Stop(context.WithoutCancel(ctx))) }()
		server = pg.URL()
	}
	return withThrowaway(ctx, server, func(database string) error {
		return selftest(ctx, database, filepath.Join(dir, "state"), w)
	})
}

func selftest(ctx context.Context, database, state string, w io.Writer) error {
	if err := TradeSample(ctx, database, state); err != nil {
		return err
	}
	summary, err := fsck.Selftest(ctx, database, w)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w, summary); err != nil {
		return err
	}
	if n := len(summary.Missed); n > 0 {
		return fmt.Errorf("fsck missed %d faults: %s", n, summary.Missed)
	}
	return nil
}

// withThrowaway calls fn with the URL of a new database on a server and drops it.
func withThrowaway(ctx context.Context, server string, fn func(database string) error) (err error) {
	conn, err := connect(ctx, server)
	if err != nil {
		return err
	}
	after := context.WithoutCancel(ctx)
	defer func() { err = errors.Join(err, conn.Close(after)) }()
	name := "fsck_selftest_" + id.New().String()
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return fmt.Errorf("fsck selftest: %w", err)
	}
	defer func() {
		_, dropped := conn.Exec(after, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
		err = errors.Join(err, dropped)
	}()
	u, err := url.Parse(server)
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	u.Path = "/" + name
	return fn(u.String())
}

// samplePassword is that of every account of a sample.
const samplePassword = "sample day 4711"

// TradeSample runs a marketplace on a database, at ports nobody knows,
// and trades fsck's sample day on it.
func TradeSample(ctx context.Context, database, state string) error {
	src := config.Source{"ENVIRONMENT": string(config.Test), "USER_BCRYPT_COST": "4", "DATABASE_URL": database}
	for _, t := range Targets() {
		src[t.ListenVariable()] = "127.0.0.1:0"
	}
	return Run(ctx, Options{Source: src, State: state, Log: io.Discard}, func(ctx context.Context, m *Marketplace) error {
		ready, cancel := context.WithTimeout(ctx, readyTimeout)
		defer cancel()
		if err := m.Ready(ready); err != nil {
			return err
		}
		if err := user.CreateOwner(ctx, m.Env, "owner@sample.example", samplePassword); err != nil {
			return err
		}
		s := fsck.Services{OwnerEmail: "owner@sample.example", Password: samplePassword, Clock: m.Env.Clock}
		for name, to := range map[string]*grpc.ClientConnInterface{"user": &s.Users, "product": &s.Products, "bidding": &s.Bidding} {
			conn, err := m.Dial(name)
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close() }() // nothing is under way
			*to = conn
		}
		orders, err := m.DialAs("order", "bidding")
		if err != nil {
			return err
		}
		defer func() { _ = orders.Close() }() // nothing is under way
		s.Orders = orders
		if err := fsck.Sample(ctx, s); err != nil {
			return err
		}
		return followed(ctx, database, m.Env.Clock)
	})
}
