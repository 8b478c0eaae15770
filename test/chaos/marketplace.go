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
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// marketplace is the program under test, as a process of its own.
type marketplace struct {
	binary    string
	target    string // the services it runs
	dir       string // working directory, without a .env file
	variables []string
	log       string
	cmd       *exec.Cmd
	gone      chan struct{} // closed when the process has ended
}

// addresses are where the services listen; ports are chosen beforehand, so that a
// process that is started again is found at the same place.
type addresses struct{ user, product, bidding, second string } // second: of another bidding node

// firstPort and ports are below what systems give to outgoing connections, which
// would otherwise take a port while nobody listens there.
const (
	firstPort = 20000
	ports     = 9000
)

// freeAddresses returns addresses nobody listens on. Where the search begins is
// given, so that drills at the same time do not meet.
func freeAddresses(ctx context.Context, offset int) (addresses, error) {
	var found []string
	var err error
	for i := 0; i < ports && len(found) < 4; i++ {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+(offset+i)%ports))
		var l net.Listener
		if l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", address); err == nil {
			found = append(found, address)
			err = l.Close()
		}
	}
	if len(found) < 4 {
		return addresses{}, fmt.Errorf("find a free port: %w", err)
	}
	return addresses{found[0], found[1], found[2], found[3]}, nil
}

// newMarketplace prepares the program to run on a database.
func newMarketplace(binary, dir, url string, at addresses) *marketplace {
	return &marketplace{
		binary: binary, target: "all", dir: dir, log: filepath.Join(dir, "marketplace.log"),
		variables: []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + os.TempDir(), "DATABASE_URL=" + url,
			"USER_LISTEN=" + at.user, "PRODUCT_LISTEN=" + at.product, "BIDDING_LISTEN=" + at.bidding,
			"USER_ADDRESS=" + at.user, "PRODUCT_ADDRESS=" + at.product, "BIDDING_ADDRESS=" + at.bidding, "LOG_LEVEL=warn", "LOG_NO_COLOR=true",
		},
	}
}

// only is the same program for some of the services, the exchange among them at listen.
func (m *marketplace) only(target, name, listen string) *marketplace {
	o := *m
	o.target, o.log = target, filepath.Join(m.dir, name+".log")
	o.variables = append(slices.Clone(m.variables), "BIDDING_LISTEN="+listen)
	return &o
}

// command prepares a subcommand; a Ctrl-C at the terminal does not reach it.
func (m *marketplace) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, m.binary, args...) //nolint:gosec // the program that was built for the drill
	cmd.Dir, cmd.Env = m.dir, m.variables
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// start starts the services; it does not wait until they serve.
func (m *marketplace) start(ctx context.Context) error {
	log, err := os.OpenFile(m.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("log of the marketplace: %w", err)
	}
	defer func() { _ = log.Close() }() // the child has its own
	cmd := m.command(context.WithoutCancel(ctx), "serve", "--target", m.target)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the marketplace: %w", err)
	}
	gone := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is in its log
		close(gone)
	}()
	m.cmd, m.gone = cmd, gone
	return nil
}

// signal tells the process something.
func (m *marketplace) signal(s syscall.Signal) error {
	if err := m.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("send %s to the marketplace: %w", s, err)
	}
	return nil
}

// kill ends the process as a crash would and waits until it is gone.
func (m *marketplace) kill() error {
	if err := m.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("kill the marketplace: %w", err)
	}
	<-m.gone
	return nil
}

// stopIn is how long a process that is told to stop may take.
const stopIn = 15 * time.Second

// stop ends the process in good order, or else by force.
func (m *marketplace) stop() error {
	if m.cmd == nil {
		return nil
	}
	if err := m.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		if errors.Is(err, os.ErrProcessDone) {
			return nil
		}
		return fmt.Errorf("stop the marketplace: %w", err)
	}
	select {
	case <-m.gone:
		return nil
	case <-clock.System{}.After(stopIn):
		return errors.Join(errors.New("the marketplace does not stop when it is told to"), m.kill())
	}
}

// migrate brings the database to the schema of the program.
func (m *marketplace) migrate(ctx context.Context) error {
	if out, err := m.command(ctx, "migrate", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

var fsckLine = regexp.MustCompile(`(?m)^fsck checks=\d+ violations=(\d+)`)

// fsck has the program check the database and returns the number of violations and
// what it printed.
func (m *marketplace) fsck(ctx context.Context) (violations int, report string, err error) {
	out, err := m.command(ctx, "fsck").CombinedOutput()
	found := fsckLine.FindSubmatch(out)
	if found == nil {
		return 0, "", fmt.Errorf("fsck: %w: %s", errors.Join(err, errors.New("no verdict")), bytes.TrimSpace(out))
	}
	if violations, err = strconv.Atoi(string(found[1])); err != nil {
		return 0, "", fmt.Errorf("fsck: %w", err)
	}
	return violations, string(out), nil
}
