package run

import "context"

// Closing is a task that only holds something: it waits, and release gives it back.
// Pools and clients are tasks this way. The name is for errors.
func Closing(name string, release func(ctx context.Context) error) Task {
	return holder{name, release}
}

type holder struct {
	name    string
	release func(ctx context.Context) error
}

func (h holder) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (h holder) Close(ctx context.Context) error { return h.release(ctx) }

func (h holder) String() string { return h.name }

// Working is a task that is one function: work runs until ctx ends. The name is for errors.
func Working(name string, work func(ctx context.Context) error) Task {
	return worker{name, work}
}

type worker struct {
	name string
	work func(ctx context.Context) error
}

func (w worker) Run(ctx context.Context) error { return w.work(ctx) }

func (w worker) Close(context.Context) error { return nil }

func (w worker) String() string { return w.name }
