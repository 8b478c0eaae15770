package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// program is the marketplace's program and what it runs with.
type program struct {
	binary    string
	dir       string // working directory, without a .env file
	variables []string
}

// command prepares a subcommand; a Ctrl-C at the terminal does not reach it.
func (p program) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.binary, args...) //nolint:gosec // the program that was built for the proof
	cmd.Dir, cmd.Env = p.dir, p.variables
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// run carries a subcommand out.
func (p program) run(ctx context.Context, input string, args ...string) error {
	cmd := p.command(ctx, args...)
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("marketplace %s: %w: %s", args[0], err, bytes.TrimSpace(out))
	}
	return nil
}

// process is one service as a process of its own, and a connection to it.
type process struct {
	program
	name string
	log  string
	conn *grpc.ClientConn
	cmd  *exec.Cmd
	gone chan struct{} // closed when the process has ended
}

func newProcess(name, address string, p program) (*process, error) {
	// Whoever measures how soon a service is back must not be late himself.
	soon := backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.5, Jitter: 0.2, MaxDelay: 100 * time.Millisecond}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: soon, MinConnectTimeout: time.Second}))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	return &process{program: p, name: name, log: filepath.Join(p.dir, name+".log"), conn: conn}, nil
}

// start starts the service; it does not wait until it serves.
func (p *process) start(ctx context.Context) error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("log of %s: %w", p.name, err)
	}
	defer func() { _ = log.Close() }() // the child has its own
	cmd := p.command(context.WithoutCancel(ctx), "serve", "--target", p.name)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	gone := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(gone)
	}()
	p.cmd, p.gone = cmd, gone
	return nil
}

const tick = 20 * time.Millisecond

// ready waits until the service says that it serves.
func (p *process) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for health := healthv1.NewHealthClient(p.conn); ; {
		r, err := health.Check(ctx, &healthv1.HealthCheckRequest{})
		if err == nil && r.GetStatus() == healthv1.HealthCheckResponse_SERVING {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not get ready: %w\n%s", p.name, errors.Join(ctx.Err(), err), p.tail())
		case <-p.gone:
			return fmt.Errorf("%s stopped while it was starting\n%s", p.name, p.tail())
		case <-clock.System{}.After(tick):
		}
	}
}

// signal sends the process, and nobody else, a signal.
func (p *process) signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("signal %s to %s: %w", s, p.name, err)
	}
	return nil
}

// kill ends the process as a crash would and waits until it is gone.
func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	<-p.gone
	return nil
}

// stopIn is how long a process that is told to stop may take.
const stopIn = 30 * time.Second

// stop ends the process in good order, or else by force.
func (p *process) stop() error {
	_ = p.conn.Close() // only this program hears of it
	if p.cmd == nil {
		return nil
	}
	_ = p.cmd.Process.Signal(syscall.SIGCONT) // one that sleeps cannot stop
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		if errors.Is(err, os.ErrProcessDone) {
			return nil
		}
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	select {
	case <-p.gone:
		return nil
	case <-clock.System{}.After(stopIn):
		return errors.Join(fmt.Errorf("%s does not stop when it is told to", p.name), p.kill())
	}
}

// tail is the end of the log.
func (p *process) tail() string {
	const most = 2000
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error() + "\n"
	}
	return string(text[max(0, len(text)-most):])
}

// Ports below what systems give to outgoing connections, which would otherwise take a
// port while nobody listens there.
const (
	firstPort = 20000
	ports     = 9000
)

// freeAddresses returns n addresses nobody listens on, chosen beforehand, so that a
// process that is started again is found at the same place.
func freeAddresses(ctx context.Context, n int) ([]string, error) {
	var found []string
	var err error
	offset := int(dice(ports))
	for i := 0; i < ports && len(found) < n; i++ {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+(offset+i)%ports))
		var l net.Listener
		if l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", address); err == nil {
			found = append(found, address)
			err = l.Close()
		}
	}
	if len(found) < n {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	return found, nil
}
