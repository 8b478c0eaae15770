package peers

import (
	"context"

	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/pkg/event"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// Bidding is the exchange as those see it who follow its events. The zero value has none.
type Bidding struct {
	Events Log
}

// Build is the run.Build that serves it.
func (b *Bidding) Build(_ context.Context, env *run.Env) ([]run.Task, error) {
	return serve(env, "bidding", func(r grpc.ServiceRegistrar) { event.NewServer(&b.Events).Serve(r) })
}
