package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
)

// postgres is a PostgreSQL of the drill's own, which is started again whenever it dies.
type postgres struct {
	server *embeddedpg.Server
	leave  context.CancelFunc
	left   chan struct{} // closed when nobody starts it again
}

func startPostgres(ctx context.Context, dir string) (*postgres, error) {
	server, err := embeddedpg.Start(ctx, embeddedpg.Options{StateDir: dir, Bin: os.Getenv("MARKETPLACE_PG_BIN"), Log: zerolog.Nop()})
	if err != nil {
		return nil, err
	}
	watched, leave := context.WithCancel(context.WithoutCancel(ctx))
	p := &postgres{server, leave, make(chan struct{})}
	go func() {
		defer close(p.left)
		_ = server.Run(watched) // it only ends, and without an error
	}()
	return p, nil
}

func (p *postgres) stop() error {
	p.leave()
	<-p.left
	ctx, cancel := context.WithTimeout(context.Background(), stopIn)
	defer cancel()
	return p.server.Stop(ctx)
}

// durable refuses a server that may forget what it has committed: the drill would
// prove nothing.
func (p *postgres) durable(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.server.URL())
	if err != nil {
		return fmt.Errorf("read the settings of postgresql: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		var value string
		if err := conn.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			return fmt.Errorf("read the settings of postgresql: %w", err)
		}
		if value != "on" {
			return fmt.Errorf("postgresql runs with %s=%s: it must be on", name, value)
		}
	}
	return nil
}

// kill ends the postmaster as a crash would: alone, so that its children find out by
// themselves and may finish what they are at, or with all of them. It returns when
// none of them is left.
func (p *postgres) kill(ctx context.Context, withChildren bool) error {
	pid := p.server.PID()
	family := children(pid)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill postgresql (process %d): %w", pid, err)
	}
	for _, child := range family {
		if withChildren && childOfPostgres(child) {
			_ = syscall.Kill(child, syscall.SIGKILL) // it may be gone already
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, child := range append(family, pid) {
		for syscall.Kill(child, 0) == nil && childOfPostgres(child) {
			select {
			case <-ctx.Done():
				return fmt.Errorf("process %d of postgresql outlives its postmaster: %w", child, ctx.Err())
			case <-clock.System{}.After(time.Millisecond):
			}
		}
	}
	return nil
}

// children lists the processes that pid has started; none where the system has no /proc.
func children(pid int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well formed
	var out []int
	for _, path := range stats {
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		if fields := statOf(child); len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			out = append(out, child)
		}
	}
	return out
}

// childOfPostgres reports whether a process is one of PostgreSQL's that has not ended.
func childOfPostgres(pid int) bool {
	comm, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	fields := statOf(pid)
	return strings.HasPrefix(string(comm), "postgres") && len(fields) > 0 && fields[0] != "Z"
}

// statOf returns state, parent and more of a process.
func statOf(pid int) []string {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.Fields(rest)
}
