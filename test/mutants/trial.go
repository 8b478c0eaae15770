package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

const (
	// grace is how much longer than their limit tests may take to end by themselves.
	grace = 10 * time.Second
	// afterwards is how long the tests may go on once one has failed: it says why, and
	// the mutant may make others wait for what will never be.
	afterwards = 500 * time.Millisecond
)

// trial is one run of tests, in a folder of its own that is removed afterwards.
type trial struct {
	root  string // of the module
	dir   string
	limit time.Duration
}

// newTrial makes the folder; the caller removes it with close.
func newTrial(root string, limit time.Duration) (*trial, error) {
	dir, err := os.MkdirTemp("", "mutant-") // a short path: a database's socket lies in it
	if err != nil {
		return nil, fmt.Errorf("make a folder for a trial: %w", err)
	}
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // the database's user walks through
		return nil, fmt.Errorf("open the folder of a trial: %w", err)
	}
	return &trial{root, dir, limit}, nil
}

// close removes the folder; a killed test leaves its database in it.
func (t *trial) close() { _ = os.RemoveAll(t.dir) }

// overlay says that text stands in place of a file.
func (t *trial) overlay(file, text string) error {
	planted := filepath.Join(t.dir, "planted"+filepath.Ext(file))
	if err := os.WriteFile(planted, []byte(text), 0o600); err != nil {
		return fmt.Errorf("plant: %w", err)
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(t.root, file): planted}})
	if err != nil {
		return fmt.Errorf("plant: %w", err)
	}
	if err := os.WriteFile(t.overlayFile(), replace, 0o600); err != nil {
		return fmt.Errorf("plant: %w", err)
	}
	return nil
}

func (t *trial) overlayFile() string { return filepath.Join(t.dir, "overlay.json") }

// test builds a suite, with the overlay if there is one, and runs it. Errors: it
// does not build, or what it said is no answer of tests.
func (t *trial) test(ctx context.Context, s suite) (outcome, time.Duration, error) {
	program := filepath.Join(t.dir, "suite.test")
	if err := t.build(ctx, s, program); err != nil {
		return outcome{}, 0, err
	}
	start := clock.Monotonic()
	text, err := t.execute(ctx, s, program)
	took := clock.Since(start)
	if ctx.Err() != nil {
		return outcome{}, took, fmt.Errorf("interrupted: %w", ctx.Err())
	}
	o, err := judge(text, err)
	if err != nil {
		return outcome{}, took, fmt.Errorf("%s: %w", s, err)
	}
	return o, took, nil
}

// build leaves out vet and what a debugger would need: the compiler's word counts.
func (t *trial) build(ctx context.Context, s suite, program string) error {
	args := []string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-o", program}
	if _, err := os.Stat(t.overlayFile()); err == nil {
		args = append(args, "-overlay", t.overlayFile())
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+s.pkg)...) //nolint:gosec // the packages of our own tables
	cmd.Dir = t.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("does not build: %w: %s", err, bytes.TrimSpace(out))
	}
	if _, err := os.Stat(program); err != nil {
		return fmt.Errorf("has no tests: %s", s.pkg)
	}
	return nil
}

// execute runs the tests in their package's folder. Their own time limit ends them;
// who hangs beyond that, or goes on although a test has failed, is killed.
func (t *trial) execute(ctx context.Context, s suite, program string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, t.limit+grace)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append(s.flags(), "-test.timeout="+t.limit.String())...) //nolint:gosec // built a moment ago
	cmd.Dir = filepath.Join(t.root, s.pkg)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.dir)
	cmd.WaitDelay = time.Second // a child of the killed may hold on to the output
	out := &watch{failed: func() { time.AfterFunc(afterwards, cancel) }}
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %w", errHang, err)
	}
	return out.text.String(), err
}

// watch keeps what tests write and tells when the first has failed.
type watch struct {
	text   bytes.Buffer
	failed func() // nil once told
}

// Write implements io.Writer.
func (w *watch) Write(p []byte) (int, error) {
	n, err := w.text.Write(p)
	if w.failed != nil && failedTest.Match(w.text.Bytes()) {
		w.failed()
		w.failed = nil
	}
	return n, err
}
