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
			if err := send(stream, b); err != nil {
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

// pieceBytes is about how large a message is: well below what gRPC takes.
const pieceBytes = 1 << 20

// send sends a batch, in pieces when it is large.
func send(stream grpc.ServerStreamingServer[eventv1.TailResponse], b Batch) error {
	piece, size := &eventv1.TailResponse{Seq: b.Seq}, 0
	for _, e := range b.Events {
		if size >= pieceBytes {
			piece.More = true
			if err := stream.Send(piece); err != nil {
				return err
			}
			piece, size = &eventv1.TailResponse{Seq: b.Seq}, 0
		}
		piece.Events = append(piece.Events, &eventv1.Event{At: timestamppb.New(e.At), Payload: e.Payload})
		size += len(e.Payload.GetTypeUrl()) + len(e.Payload.GetValue()) + eventOverhead
	}
	return stream.Send(piece)
}

const eventOverhead = 32 // of an event's frame and time
