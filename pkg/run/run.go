// Package run starts the parts of a process in order, watches them and stops them in
// reverse order: the first failure stops all, a signal is a clean exit, and nothing
// is left behind.
package run

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/logger"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// Task is a part of the process. Run works until ctx ends and then returns nil; an
// earlier error stops the whole process, an earlier nil means that the work is done.
// Close is called once, after Run has returned, and also when Run was never called;
// it gives back what the task holds before its context ends. While a task stops, the
// tasks started before it still run.
type Task interface {
	Run(ctx context.Context) error
	Close(ctx context.Context) error
}

// Env is what the process offers to its parts.
type Env struct {
	Source  config.Source
	Log     zerolog.Logger
	Clock   clock.Clock
	Network *rpc.Network
	Metrics *prometheus.Registry

	// Quiet is the time between readiness turning false and the first task's stop.
	Quiet time.Duration
}

// Build makes the tasks of one part, in the order in which they start; what it returns
// beside an error is closed. ctx ends when the process begins to stop.
type Build func(ctx context.Context, env *Env) ([]Task, error)

// Run makes and starts the tasks of each build, in order, and waits: until ctx ends
// (nil is returned), until all work is done (nil), or until the first failure (that
// error). Then it turns readiness off, waits Quiet and stops the tasks one by one, the
// last started first, within grace in all; what does not stop in time is an error that
// names it.
func Run(ctx context.Context, grace time.Duration, env *Env, builds ...Build) error {
	live, fail := context.WithCancelCause(logger.Into(ctx, &env.Log))
	defer fail(nil)
	tasks, err := start(live, fail, env, builds)
	if err == nil {
		err = wait(live, tasks)
	}
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		err = nil // told to stop, so stopping is no failure
	}
	fail(err)
	return errors.Join(err, stop(live, grace, env, tasks, err))
}

// start runs the builds and launches what each returns before the next begins, so that
// a part may already use those before it.
func start(live context.Context, fail context.CancelCauseFunc, env *Env, builds []Build) (tasks []*running, err error) {
	for _, build := range builds {
		made, err := build(live, env)
		first := len(tasks)
		for _, t := range made {
			tasks = append(tasks, &running{Task: t, log: &env.Log})
		}
		if live.Err() != nil { // told to stop, or a task failed meanwhile
			return tasks, context.Cause(live)
		}
		if err != nil {
			return tasks, err
		}
		for _, r := range tasks[first:] {
			r.launch(live, fail)
		}
	}
	return tasks, nil
}

// wait returns when live ends, with its cause, or when all work is done.
func wait(live context.Context, tasks []*running) error {
	for _, r := range tasks {
		select {
		case <-r.done:
		case <-live.Done():
			return context.Cause(live)
		}
	}
	return context.Cause(live) // the last task's failure; nil when it was done
}

// stop turns readiness off and ends the tasks, the last started first. known is the
// failure that is reported already.
func stop(live context.Context, grace time.Duration, env *Env, tasks []*running, known error) error {
	if len(tasks) > 0 {
		drain(env)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(live), grace)
	defer cancel()
	var problems []error
	for _, r := range slices.Backward(tasks) {
		for _, err := range []error{r.stop(ctx), r.close(ctx)} {
			if err != nil && !errors.Is(known, err) {
				problems = append(problems, err)
			}
		}
	}
	return errors.Join(problems...)
}

// drain turns readiness off and gives load balancers time to notice.
func drain(env *Env) {
	if env.Network != nil {
		env.Network.Drain()
	}
	if env.Quiet > 0 {
		<-env.Clock.After(env.Quiet)
	}
}
