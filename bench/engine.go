package main

import (
	"context"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
)

// lookEvery is how often a starting engine is asked whether it serves.
const lookEvery = 5 * time.Millisecond

// start runs an engine without the services around it and returns once it serves; stop
// ends it and waits until it has ended.
func start(ctx context.Context, o engine.Options) (e *engine.Engine, stop func(), err error) {
	e = engine.New(o)
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() { defer close(ended); _ = e.Run(running) }()
	stop = func() { cancel(); <-ended }
	for e.Ready(ctx) != nil {
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			stop()
			return nil, nil, ctx.Err()
		}
	}
	return e, stop, nil
}
