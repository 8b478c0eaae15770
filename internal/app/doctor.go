package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sneakers-marketplace/marketplace/migrations"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
)

// verdict is how one thing that the doctor looked at is.
type verdict uint8

const (
	good    verdict = iota
	absent          // not needed to run the marketplace
	missing         // needed
)

// finding is one line of the doctor's report.
type finding struct {
	verdict verdict
	what    string
	detail  string // how it is, or what to do
}

// doctor looks at one machine.
type doctor struct {
	src     config.Source
	own     Settings
	running *Running
}

// Doctor reports on what the marketplace needs here and what would be handy.
// The error says how many needed things are missing.
func Doctor(ctx context.Context, src config.Source, state string, w io.Writer) error {
	own, err := settings(src, state)
	if err != nil {
		return err
	}
	d := doctor{src: src, own: own}
	if r, ok := ReadRunning(own.State); ok {
		d.running = &r
	}
	findings := []finding{d.postgres(ctx), d.state()}
	for _, t := range Targets() {
		findings = append(findings, d.port(ctx, t))
	}
	findings = append(findings, d.redis(ctx),
		tool("golang-migrate", "migrate"), tool("grpcurl", "grpcurl"))
	return report(w, findings)
}

func report(w io.Writer, findings []finding) error {
	s := styleFor(w)
	lacking := 0
	for _, f := range findings {
		mark, colour := "ok  ", s.green
		switch f.verdict {
		case good:
		case absent:
			mark, colour = "-   ", s.dim
		case missing:
			mark, colour = "FAIL", s.red
			lacking++
		}
		detail := strings.ReplaceAll(f.detail, "\n", "\n"+strings.Repeat(" ", 23))
		if _, err := fmt.Fprintf(w, "%s%s%s  %-16s %s\n", colour, mark, s.reset, f.what, detail); err != nil {
			return err
		}
	}
	if lacking > 0 {
		return fmt.Errorf("%d of %d checks failed", lacking, len(findings))
	}
	return nil
}

// postgres looks for the database, or for one to start.
func (d *doctor) postgres(ctx context.Context) finding {
	f := finding{what: "PostgreSQL"}
	if url := d.src["DATABASE_URL"]; url != "" {
		return d.outside(ctx, url)
	}
	if d.running != nil {
		return d.outside(ctx, d.running.DatabaseURL)
	}
	inst, err := embeddedpg.Choose(embeddedpg.Options{StateDir: d.own.State, Bin: d.own.PGBin})
	if err != nil {
		f.verdict, f.detail = missing, err.Error()
		return f
	}
	f.detail = inst.String()
	return f
}

func (d *doctor) outside(ctx context.Context, url string) finding {
	f := finding{what: "PostgreSQL"}
	name, err := describe(ctx, url)
	if err != nil {
		f.verdict, f.detail = missing, err.Error()
		return f
	}
	f.detail = name
	version, dirty, err := migrations.Version(ctx, url)
	switch {
	case err != nil:
		f.verdict, f.detail = missing, err.Error()
	case dirty:
		f.verdict, f.detail = missing, f.detail+fmt.Sprintf(": migration %d broke off half-way", version)
	case version < migrations.Latest():
		f.detail += fmt.Sprintf(", schema at version %d of %d: `marketplace migrate up` (up does it itself)", version, migrations.Latest())
	default:
		f.detail += fmt.Sprintf(", schema at version %d", version)
	}
	return f
}

// state checks that the state folder can be written to.
func (d *doctor) state() finding {
	f := finding{what: "state folder", detail: d.own.State}
	if d.running != nil {
		f.detail += fmt.Sprintf(", in use by process %d", d.running.PID)
		return f
	}
	dir := d.own.State
	for {
		if _, err := os.Stat(dir); err == nil || filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir) // made when it is needed
	}
	probe, err := os.CreateTemp(dir, ".doctor-")
	if err != nil {
		f.verdict, f.detail = missing, fmt.Sprintf("%s cannot be written to (%s): choose another with --state or MARKETPLACE_STATE", d.own.State, why(err))
		return f
	}
	_, _ = probe.Close(), os.Remove(probe.Name()) // an empty file
	return f
}

// port checks that a service could listen, or that ours does.
func (d *doctor) port(ctx context.Context, t Target) finding {
	address := t.Listen(d.src)
	f := finding{what: t.Name + " service", detail: address + " is free"}
	if d.running != nil && d.running.Services[t.Name] == address {
		f.detail = address + ", running"
		return f
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		_ = l.Close() // it was a question only
	case errors.Is(err, syscall.EADDRINUSE):
		f.verdict, f.detail = missing, fmt.Sprintf("%s is in use: stop what listens there, or set %s to another address", address, t.ListenVariable())
	default:
		f.verdict, f.detail = missing, fmt.Sprintf("%s=%q: %s", t.ListenVariable(), address, why(err))
	}
	return f
}

// redis checks the one that is configured.
func (d *doctor) redis(ctx context.Context) finding {
	f := finding{what: "Redis"}
	cfg, err := config.Load[database.RedisConfig](d.src)
	if err != nil {
		f.verdict, f.detail = missing, err.Error()
		return f
	}
	client, err := database.OpenRedis(cfg)
	switch {
	case err != nil:
		f.verdict, f.detail = missing, err.Error()
		return f
	case client == nil:
		f.verdict, f.detail = absent, "not configured (REDIS_URL): login limits are kept in memory"
		return f
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if err := database.RedisHealth(ctx, client); err != nil {
		f.verdict, f.detail = missing, "does not answer: "+why(err)
		return f
	}
	f.detail = "answers"
	return f
}

// tool looks for a program that is handy but not needed.
func tool(what, program string) finding {
	for _, place := range []string{filepath.Join("bin", "tools", program), program} {
		if path, err := exec.LookPath(place); err == nil {
			return finding{good, what, path}
		}
	}
	return finding{absent, what, "not found: `make tools` puts it into bin/tools"}
}
