package main

import (
	"context"
	"errors"
	"io"
	"maps"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha" //nolint:staticcheck // served for old clients, so it is tried too

	eventv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/event/v1"
)

// asking is one cell of the table: who asks, and of whom.
type asking struct {
	*world
	caller *caller
	owner  *caller // of what is asked for
	conn   *grpc.ClientConn
}

// me returns a context whose calls come from who asks.
func (a *asking) me(ctx context.Context) context.Context { return a.caller.call(ctx) }

// ask makes what a method needs and calls it as the caller. Its error is the answer,
// or errUnprepared.
type ask func(ctx context.Context, a *asking) error

// calls are the requests, by method and case; a row without one is a finding.
func calls() map[string]ask {
	all := sharedCalls()
	for _, more := range []map[string]ask{accountCalls(), staffCalls(), productCalls(), stockCalls(), orderCalls(), marketCalls(), nodeCalls()} {
		maps.Copy(all, more)
	}
	return all
}

// only is the error of a call whose answer does not matter.
func only[R any](_ R, err error) error { return err }

// given prepares what a call needs, anew for each caller.
func given[T any](prepare func(context.Context, *asking) (T, error), call func(context.Context, *asking, T) error) ask {
	return func(ctx context.Context, a *asking) error {
		thing, err := prepare(ctx, a)
		if err != nil {
			return errUnprepared{err}
		}
		return call(ctx, a, thing)
	}
}

// fresh has another caller of the same kind call, whose account or session may go.
func fresh(call ask) ask {
	return given(func(ctx context.Context, a *asking) (*caller, error) { return a.again(ctx, a.caller) },
		func(ctx context.Context, a *asking, c *caller) error {
			return call(ctx, &asking{a.world, c, c, a.conn})
		})
}

// sharedCalls are those of what every server serves.
func sharedCalls() map[string]ask {
	return map[string]ask{
		"event.v1.EventLog/ListPartitions": func(ctx context.Context, a *asking) error {
			return only(eventv1.NewEventLogClient(a.conn).ListPartitions(a.me(ctx), &eventv1.ListPartitionsRequest{}))
		},
		"event.v1.EventLog/Tail": func(ctx context.Context, a *asking) error {
			return first(eventv1.NewEventLogClient(a.conn).Tail(a.me(ctx), &eventv1.TailRequest{}))
		},
		"grpc.health.v1.Health/Check": func(ctx context.Context, a *asking) error {
			return only(healthv1.NewHealthClient(a.conn).Check(a.me(ctx), &healthv1.HealthCheckRequest{}))
		},
		"grpc.health.v1.Health/List": func(ctx context.Context, a *asking) error {
			return only(healthv1.NewHealthClient(a.conn).List(a.me(ctx), &healthv1.HealthListRequest{}))
		},
		"grpc.health.v1.Health/Watch": func(ctx context.Context, a *asking) error {
			return first(healthv1.NewHealthClient(a.conn).Watch(a.me(ctx), &healthv1.HealthCheckRequest{}))
		},
		"grpc.reflection.v1.ServerReflection/ServerReflectionInfo": func(ctx context.Context, a *asking) error {
			return talk(reflectionv1.NewServerReflectionClient(a.conn).ServerReflectionInfo, a.me(ctx), &reflectionv1.ServerReflectionRequest{
				MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{},
			})
		},
		"grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": func(ctx context.Context, a *asking) error {
			return talk(reflectionv1alpha.NewServerReflectionClient(a.conn).ServerReflectionInfo, a.me(ctx), oldListServices)
		},
	}
}

//nolint:staticcheck // served for old clients, so it is tried too
var oldListServices = &reflectionv1alpha.ServerReflectionRequest{MessageRequest: &reflectionv1alpha.ServerReflectionRequest_ListServices{}}

// first waits for the first message of a stream of answers.
func first[R any](stream grpc.ServerStreamingClient[R], err error) error {
	if err != nil {
		return err
	}
	return only(stream.Recv())
}

// rest reads a stream of answers to its end.
func rest[R any](stream grpc.ServerStreamingClient[R], err error) error {
	for err == nil {
		_, err = stream.Recv()
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// talk sends one message into a stream and waits for its answer.
func talk[Q, R any](
	open func(context.Context, ...grpc.CallOption) (grpc.BidiStreamingClient[Q, R], error), ctx context.Context, r *Q, //nolint:revive // the method comes first, then its call
) error {
	stream, err := open(ctx)
	if err != nil {
		return err
	}
	if err := stream.Send(r); err != nil && !errors.Is(err, io.EOF) { // then Recv says why
		return err
	}
	return only(stream.Recv())
}
