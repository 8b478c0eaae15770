package embeddedpg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const pollEvery = 10 * time.Millisecond

// process is a postmaster: our child, or one that outlived its parent.
type process struct {
	id   int
	done chan struct{} // closed when it has gone
}

func (p process) pid() int { return p.id }

func (p process) gone() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// spawn starts a command whose end closes done. The goroutine keeps its
// thread: Linux sends a parent-death signal when the thread that forked ends.
func spawn(cmd *exec.Cmd) (process, error) {
	started := make(chan error, 1)
	done := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
		}
		close(done)
	}()
	if err := <-started; err != nil {
		return process{}, err
	}
	return process{id: cmd.Process.Pid, done: done}, nil
}

// watch follows a process that is not our child.
func watch(pid int) process {
	p := process{id: pid, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		for alive(pid) {
			time.Sleep(pollEvery)
		}
	}()
	return p
}

// alive reports whether pid is a process that has not ended; a zombie has.
func alive(pid int) bool {
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return true // no /proc here
	}
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	return !bytes.HasPrefix(rest, []byte("Z"))
}

// launchOrAdopt leaves s.proc answering.
func (s *Server) launchOrAdopt(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	adopted, err := s.adopt(ctx)
	if err != nil || adopted {
		return err
	}
	return s.launch(ctx)
}

// adopt takes over a live postmaster of this data folder.
func (s *Server) adopt(ctx context.Context) (bool, error) {
	for {
		pm, ok := readPostmaster(s.data)
		if !ok || !alive(pm.pid) || !isPostgres(pm.pid) {
			return false, nil // a stale file is PostgreSQL's to judge
		}
		if pm.status == "ready" && pm.socket != "" {
			s.setProcess(watch(pm.pid), pm.socket)
			s.opts.Log.Info().Int("pid", pm.pid).Msg("took over the postgresql that was still running")
			return true, nil
		}
		if err := pause(ctx); err != nil { // it is starting or stopping
			return false, fmt.Errorf("postgresql (process %d) is %q and does not get ready: %w", pm.pid, pm.status, err)
		}
	}
}

// launch starts a postmaster and waits until it answers. One that is not ready
// when ctx ends is left to go on.
func (s *Server) launch(ctx context.Context) error {
	socket, err := s.makeSocketFolder()
	if err != nil {
		return err
	}
	log, from, err := s.openLog()
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := s.command("postgres", s.serverArgs(socket)...)
	cmd.Stdout, cmd.Stderr = log, log
	if s.opts.Throwaway {
		dieWithParent(cmd)
	}
	p, err := spawn(cmd)
	if err != nil {
		return fmt.Errorf("start %s as user %s: %w", filepath.Join(s.bin, "postgres"), s.owner.name, err)
	}
	s.setProcess(p, socket)
	for {
		if pm, ok := readPostmaster(s.data); ok && pm.pid == p.id && pm.status == "ready" {
			return nil
		}
		if p.gone() {
			return fmt.Errorf("postgresql did not start: %s", s.logSince(from))
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("postgresql did not get ready: %w: %s", err, s.logSince(from))
		}
	}
}

func (s *Server) setProcess(p process, socket string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proc, s.socket = p, socket
}

func (s *Server) process() process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc
}

// halt stops the postmaster: fast, or at once when ctx ends first.
func (s *Server) halt(ctx context.Context) error {
	p := s.process()
	if p.id == 0 || p.gone() {
		return nil
	}
	if err := syscall.Kill(p.id, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("stop postgresql (process %d): %w", p.id, err)
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	_ = syscall.Kill(p.id, syscall.SIGQUIT) // gone already, or about to be
	select {
	case <-p.done:
		return nil
	case <-time.After(quitGrace):
		return fmt.Errorf("postgresql (process %d) does not stop: %w", p.id, ctx.Err())
	}
}

// command prepares one of PostgreSQL's programs to run as the child's user, in
// a process group of its own so that a terminal's Ctrl-C does not reach it.
func (s *Server) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, program), args...) //nolint:gosec,noctx // a program of the installation that was picked; it is stopped by a signal of PostgreSQL's own
	cmd.Dir = s.state
	cmd.Env = childEnv()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.owner.credential()}
	return cmd
}

// childEnv is this process's environment without what would steer PostgreSQL.
func childEnv() []string {
	var env []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "PG") || strings.HasPrefix(name, "LC_") || name == "LANG" || name == "LANGUAGE" {
			continue
		}
		env = append(env, kv)
	}
	return append(env, "LC_ALL=C")
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pollEvery):
		return nil
	}
}
