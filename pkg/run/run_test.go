package run

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/logger"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

const grace = 5 * time.Second

// diary notes what happens, in order.
type diary struct {
	mu    sync.Mutex
	notes []string
}

func (d *diary) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes = append(d.notes, fmt.Sprintf(format, args...))
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.notes...)
}

// part is a task that writes a diary.
type part struct {
	name   string
	diary  *diary
	began  chan struct{}                   // closed when Run begins
	run    func(ctx context.Context) error // nil: waits for ctx
	closed error
}

func newPart(d *diary, name string) *part {
	return &part{name: name, diary: d, began: make(chan struct{})}
}

func (p *part) Run(ctx context.Context) error {
	p.diary.note("run %s", p.name)
	close(p.began)
	defer p.diary.note("end %s", p.name)
	if p.run != nil {
		return p.run(ctx)
	}
	<-ctx.Done()
	return ctx.Err()
}

func (p *part) Close(context.Context) error {
	p.diary.note("close %s", p.name)
	return p.closed
}

func (p *part) String() string { return p.name }

// build is a Build of parts whose start is awaited by the next build.
func build(d *diary, parts ...*part) Build {
	return func(_ context.Context, _ *Env) ([]Task, error) {
		var tasks []Task
		for _, p := range parts {
			d.note("build %s", p.name)
			tasks = append(tasks, p)
		}
		return tasks, nil
	}
}

func after(p *part, b Build) Build {
	return func(ctx context.Context, env *Env) ([]Task, error) {
		<-p.began
		return b(ctx, env)
	}
}

func newEnv() *Env {
	return &Env{Source: config.Source{}, Log: zerolog.Nop(), Clock: clock.System{}, Network: rpc.NewNetwork(), Metrics: prometheus.NewRegistry()}
}

func TestTasksStartInOrderAndStopInReverse(t *testing.T) {
	t.Parallel()
	d := &diary{}
	a, b, c := newPart(d, "a"), newPart(d, "b"), newPart(d, "c")
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-c.began; cancel() }()
	require.NoError(t, Run(ctx, grace, newEnv(), build(d, a), after(a, build(d, b)), after(b, build(d, c))))
	require.Equal(t, []string{
		"build a", "run a", "build b", "run b", "build c", "run c",
		"end c", "close c", "end b", "close b", "end a", "close a",
	}, d.read())
}

func TestFirstFailureStopsAll(t *testing.T) {
	t.Parallel()
	d, boom := &diary{}, errors.New("boom")
	a, b, c := newPart(d, "a"), newPart(d, "b"), newPart(d, "c")
	b.run = func(context.Context) error { <-c.began; return boom }
	err := Run(t.Context(), grace, newEnv(), build(d, a), after(a, build(d, b)), after(b, build(d, c)))
	require.EqualError(t, err, "b: boom", "said once")
	require.ErrorIs(t, err, boom)
	notes := d.read()
	require.Equal(t, []string{"close c", "close b", "end a", "close a"}, []string{notes[len(notes)-4], notes[len(notes)-3], notes[len(notes)-2], notes[len(notes)-1]})
}

func TestFailureDuringALaterBuildEndsThatBuild(t *testing.T) {
	t.Parallel()
	d, boom := &diary{}, errors.New("boom")
	a, b := newPart(d, "a"), newPart(d, "b")
	a.run = func(context.Context) error { return boom }
	err := Run(t.Context(), grace, newEnv(), build(d, a), func(ctx context.Context, _ *Env) ([]Task, error) {
		<-ctx.Done()
		return []Task{b}, nil
	})
	require.EqualError(t, err, "a: boom")
	require.Equal(t, []string{"build a", "run a", "end a", "close b", "close a"}, d.read(), "b never ran but is closed")
}

func TestFailedBuildClosesWhatItMadeAndWhatRan(t *testing.T) {
	t.Parallel()
	d, boom := &diary{}, errors.New("boom")
	a, b := newPart(d, "a"), newPart(d, "b")
	err := Run(t.Context(), grace, newEnv(), build(d, a), after(a, func(context.Context, *Env) ([]Task, error) { return []Task{b}, boom }), build(d, newPart(d, "c")))
	require.EqualError(t, err, "boom")
	require.ErrorIs(t, err, boom)
	require.Equal(t, []string{"build a", "run a", "close b", "end a", "close a"}, d.read())
}

func TestStopDuringABuildIsClean(t *testing.T) {
	t.Parallel()
	d := &diary{}
	a := newPart(d, "a")
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, Run(ctx, grace, newEnv(), build(d, a), after(a, func(ctx context.Context, _ *Env) ([]Task, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	})))
	require.Equal(t, []string{"build a", "run a", "end a", "close a"}, d.read())
}

func TestRunEndsWhenAllWorkIsDone(t *testing.T) {
	t.Parallel()
	d := &diary{}
	a, b := newPart(d, "a"), newPart(d, "b")
	a.run = func(context.Context) error { return nil }
	b.run = a.run
	require.NoError(t, Run(t.Context(), grace, newEnv(), build(d, a, b)))
	require.Equal(t, []string{"close b", "close a"}, d.read()[len(d.read())-2:])
	require.NoError(t, Run(t.Context(), grace, newEnv()), "nothing to do")
}

func TestErrorsOfTheStopAreReported(t *testing.T) {
	t.Parallel()
	d := &diary{}
	a, b := newPart(d, "a"), newPart(d, "b")
	a.closed = errors.New("stuck")
	b.run = func(ctx context.Context) error { <-ctx.Done(); return errors.New("half written") }
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-b.began; cancel() }()
	err := Run(ctx, grace, newEnv(), build(d, a), after(a, build(d, b)))
	require.Equal(t, "b: half written; close a: stuck", OneLine(err))
}

func TestStopTakesNoLongerThanTheGraceTime(t *testing.T) {
	t.Parallel()
	d, forever := &diary{}, make(chan struct{})
	defer close(forever)
	deaf := newPart(d, "deaf")
	deaf.run = func(context.Context) error { <-forever; return nil }
	stuck := Closing("stuck", func(context.Context) error { <-forever; return nil })
	slow := Closing("slow", func(ctx context.Context) error { <-ctx.Done(); return errors.New("cut") })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-deaf.began; cancel() }()
	start := clock.Monotonic()
	err := Run(ctx, 20*time.Millisecond, newEnv(), func(context.Context, *Env) ([]Task, error) { return []Task{stuck, slow, deaf}, nil })
	require.Equal(t, "deaf did not stop in time; close slow: cut; stuck did not close in time", OneLine(err))
	require.Less(t, clock.Since(start), 20*overtime)
}

func TestPanicOfATaskStopsTheOthersProperly(t *testing.T) {
	t.Parallel()
	d := &diary{}
	a := newPart(d, "a")
	err := Run(t.Context(), grace, newEnv(), build(d, a), after(a, func(context.Context, *Env) ([]Task, error) {
		return []Task{Working("bug", func(context.Context) error { panic("oops") })}, nil
	}))
	require.EqualError(t, err, "bug: panic: oops")
	require.Equal(t, []string{"end a", "close a"}, d.read()[2:])
}

type nameless struct{}

func (nameless) Run(context.Context) error   { return errors.New("boom") }
func (nameless) Close(context.Context) error { return nil }

func TestTaskWithoutANameIsCalledByItsType(t *testing.T) {
	t.Parallel()
	err := Run(t.Context(), grace, newEnv(), func(context.Context, *Env) ([]Task, error) { return []Task{nameless{}}, nil })
	require.EqualError(t, err, "run.nameless: boom")
}

func TestTasksLogThroughTheirContext(t *testing.T) {
	t.Parallel()
	env := newEnv()
	var got *zerolog.Logger
	env.Log = zerolog.Nop().Level(zerolog.WarnLevel)
	require.NoError(t, Run(t.Context(), grace, env, func(ctx context.Context, _ *Env) ([]Task, error) {
		require.Equal(t, zerolog.WarnLevel, logger.From(ctx).GetLevel())
		return []Task{Working("x", func(ctx context.Context) error { got = logger.From(ctx); return nil })}, nil
	}))
	require.Same(t, &env.Log, got)
}

func TestReadinessTurnsFalseBeforeTheFirstTaskStops(t *testing.T) {
	t.Parallel()
	d, clk := &diary{}, clock.NewFake(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	env := newEnv()
	env.Clock, env.Quiet = clk, 5*time.Second
	server := userServer(t, env)
	a := newPart(d, "a")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- Run(ctx, grace, env, func(context.Context, *Env) ([]Task, error) { return []Task{server, a}, nil })
	}()
	<-a.began
	require.NoError(t, env.Network.Ready(t.Context()))
	cancel()
	require.Eventually(t, func() bool { return env.Network.Ready(context.Background()) != nil }, grace, time.Millisecond)
	require.Equal(t, []string{"run a"}, d.read(), "nothing stops during the quiet time")
	require.Eventually(t, func() bool { clk.Advance(5 * time.Second); return len(done) > 0 || len(d.read()) == 3 }, grace, time.Millisecond)
	require.NoError(t, <-done)
	require.Equal(t, []string{"run a", "end a", "close a"}, d.read())
}
