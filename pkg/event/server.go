package event

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	eventv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/event/v1"
)

const (
	pollEvery = 100 * time.Millisecond // how late an event is told, beside the way
	pageSize  = 200                    // batches read at a time
)

// Server implements eventv1.EventLogServer on a log.
type Server struct {
	eventv1.UnimplementedEventLogServer
	log Log
}

// NewServer returns a server of log.
func NewServer(log Log) *Server { return &Server{log: log} }

// Serve adds the log to a server.
func (s *Server) Serve(r grpc.ServiceRegistrar) { eventv1.RegisterEventLogServer(r, s) }

// ListPartitions implements eventv1.EventLogServer.
func (s *Server) ListPartitions(ctx context.Context, _ *eventv1.ListPartitionsRequest) (*eventv1.ListPartitionsResponse, error) {
	partitions, err := s.log.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	return &eventv1.ListPartitionsResponse{Partitions: partitions}, nil
}

// Tail implements eventv1.EventLogServer. It looks for news on the machine's clock,
// whatever the service's own clock says.
func (s *Server) Tail(r *eventv1.TailRequest, stream grpc.ServerStreamingServer[eventv1.TailResponse]) error {
	ctx, after := stream.Context(), r.GetAfter()
	for {
		batches, err := s.log.After(ctx, r.GetPartition(), after, pageSize)
		if err != nil {
			return err
		}
		for _, b := range batches {
			if err := stream.Send(wire(b)); err != nil {
				return err
			}
			after = b.Seq
		}
		if len(batches) == pageSize {
			continue // there is more already
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-clock.System{}.After(pollEvery):
		}
	}
}

func wire(b Batch) *eventv1.TailResponse {
	r := &eventv1.TailResponse{Seq: b.Seq, Events: make([]*eventv1.Event, len(b.Events))}
	for i, e := range b.Events {
		r.Events[i] = &eventv1.Event{At: timestamppb.New(e.At), Payload: e.Payload}
	}
	return r
}
