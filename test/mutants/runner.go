package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// wellWithin is how many times faster than its limit a suite without any mutant must
// be, so that a hang can be taken for the mutant's.
const wellWithin = 3

// runner plants mutants one after the other.
type runner struct {
	root   string        // of the module
	limit  time.Duration // for the tests of one package
	atOnce int
	say    func(line string)

	mu sync.Mutex // one line at a time
}

// total is how it went.
type total struct {
	planted, killed, survived, errors int
	seconds                           int
}

func (t total) ok() bool { return t.planted > 0 && t.killed == t.planted }

// String is the line that programs read.
func (t total) String() string {
	verdict := "ok"
	if !t.ok() {
		verdict = "short"
	}
	return fmt.Sprintf("mutants planted=%d killed=%d survived=%d errors=%d seconds=%d verdict=%s",
		t.planted, t.killed, t.survived, t.errors, t.seconds, verdict)
}

// run wants the tests green as the code is, and red with each mutant.
// Errors: tests that are red without any mutant; ctx's.
func (r *runner) run(ctx context.Context, mutants []mutant) (total, error) {
	start := clock.Monotonic()
	if err := r.unmutated(ctx, mutants); err != nil {
		return total{}, err
	}
	t := total{planted: len(mutants)}
	var g errgroup.Group
	g.SetLimit(r.atOnce)
	for _, m := range mutants {
		g.Go(func() error {
			since := clock.Monotonic()
			o, err := r.plant(ctx, m)
			r.report(&t, m, o, err, clock.Since(since))
			return nil
		})
	}
	_ = g.Wait() // what goes wrong is counted
	t.seconds = int(clock.Since(start).Round(time.Second) / time.Second)
	if ctx.Err() != nil {
		return t, fmt.Errorf("interrupted: %w", ctx.Err())
	}
	return t, nil
}

// unmutated runs every suite once on the code as it is.
func (r *runner) unmutated(ctx context.Context, mutants []mutant) error {
	var suites []suite
	for _, m := range mutants {
		for _, s := range m.tests {
			if !slices.Contains(suites, s) {
				suites = append(suites, s)
			}
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(r.atOnce)
	for _, s := range suites {
		g.Go(func() error { return r.green(ctx, s) })
	}
	return g.Wait()
}

// green wants a suite to pass, well within its limit.
func (r *runner) green(ctx context.Context, s suite) error {
	t, err := newTrial(r.root, r.limit)
	if err != nil {
		return err
	}
	defer t.close()
	o, took, err := t.test(ctx, s)
	switch {
	case err != nil:
		return fmt.Errorf("without any mutant: %w", err)
	case o.noticed:
		return fmt.Errorf("%s is red without any mutant: %s", s, o.by)
	case took > r.limit/wellWithin:
		return fmt.Errorf("%s takes %s without any mutant: too near its limit of %s to tell a hang", s, took.Round(time.Second), r.limit)
	}
	r.tell(fmt.Sprintf("green  %s (%.1f s)", s, took.Seconds()))
	return nil
}

// plant runs the tests that must notice a mutant until one of them does.
func (r *runner) plant(ctx context.Context, m mutant) (outcome, error) {
	if len(m.tests) == 0 {
		return outcome{}, errors.New("no tests are said to notice it")
	}
	text, err := m.mutate(r.root)
	if err != nil {
		return outcome{}, err
	}
	t, err := newTrial(r.root, r.limit)
	if err != nil {
		return outcome{}, err
	}
	defer t.close()
	if err := t.overlay(m.file, text); err != nil {
		return outcome{}, err
	}
	for _, s := range m.tests {
		if o, _, err := t.test(ctx, s); err != nil || o.noticed {
			return o, err
		}
	}
	return outcome{}, nil
}

// report counts a mutant and writes its line.
func (r *runner) report(t *total, m mutant, o outcome, err error, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	verdict := "SURVIVED"
	switch {
	case err != nil:
		t.errors++
		verdict = "ERROR " + run.OneLine(err)
	case o.noticed:
		t.killed++
		verdict = "killed by " + o.by
	default:
		t.survived++
	}
	r.say(fmt.Sprintf("%-6s %-40s %-9s %s (%.1f s)", m.area, m.name, m.rule, verdict, took.Seconds()))
}

func (r *runner) tell(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.say(line)
}
