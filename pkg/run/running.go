package run

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// overtime is what each remaining step gets once the grace time is used up, so that one
// deaf task does not take the others' chance to end properly.
const overtime = 100 * time.Millisecond

// running is a task and, once it is launched, the goroutine that runs it.
type running struct {
	Task
	log    *zerolog.Logger
	cancel context.CancelFunc // nil before launch
	done   chan struct{}      // closed when Run has returned
	err    error              // how Run ended; read after done
}

// launch starts the task under a context of its own, which ends when the task's turn
// to stop comes, not already when the process is told to stop.
func (r *running) launch(live context.Context, fail context.CancelCauseFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(live))
	r.cancel, r.done = cancel, make(chan struct{})
	go func() {
		defer close(r.done)
		err := r.guarded(ctx)
		if err == nil || ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return
		}
		r.err = fmt.Errorf("%s: %w", r.name(), err)
		fail(r.err)
	}()
}

// guarded turns a panic into an error, so that the other tasks are still stopped properly.
func (r *running) guarded(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error().Str("task", r.name()).Bytes("stack", debug.Stack()).Msg("panic")
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return r.Run(ctx)
}

// stop ends Run and returns its error.
func (r *running) stop(ctx context.Context) error {
	if r.cancel == nil {
		return nil
	}
	r.cancel()
	if !ended(ctx, r.done) {
		return fmt.Errorf("%s did not stop in time", r.name())
	}
	return r.err
}

// close gives back what the task holds; a Close that overstays is left behind.
func (r *running) close(ctx context.Context) error {
	closed := make(chan struct{})
	var result error
	go func() {
		defer close(closed)
		result = r.Close(ctx)
	}()
	if !ended(ctx, closed) {
		return fmt.Errorf("%s did not close in time", r.name())
	}
	if result != nil {
		return fmt.Errorf("close %s: %w", r.name(), result)
	}
	return nil
}

// ended waits for done until ctx ends, and a moment more.
func ended(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
	}
	select {
	case <-done:
		return true
	case <-clock.System{}.After(overtime):
		return false
	}
}

// name is how the task calls itself, else its type.
func (r *running) name() string {
	if s, ok := r.Task.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", r.Task)
}
