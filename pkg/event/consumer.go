package event

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	eventv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/event/v1"
)

const retryEvery = 500 * time.Millisecond

// Handler gives batches their effect.
type Handler interface {
	// Position is how far a partition's batches have had their effect; 0: none had.
	Position(ctx context.Context, partition int32) (int64, error)
	// Handle makes a batch's effect and its position durable, in one transaction or so that
	// the same batch again changes nothing. Batches of a partition come in order. After an
	// error the batch comes again.
	Handle(ctx context.Context, partition int32, b Batch) error
}

// Consumer follows one service's log. It is a task of pkg/run.
type Consumer struct {
	source  string
	client  eventv1.EventLogClient
	handler Handler
	log     zerolog.Logger
}

// NewConsumer returns a consumer of the log of the service that conn leads to.
func NewConsumer(source string, conn grpc.ClientConnInterface, h Handler, log zerolog.Logger) *Consumer {
	return &Consumer{source, eventv1.NewEventLogClient(conn), h, log.With().Str("source", source).Logger()}
}

// String names the task.
func (c *Consumer) String() string { return "events of " + c.source }

// Run follows every partition until ctx ends. Whatever fails is tried again, from the
// position that is durable; an outage is logged once.
func (c *Consumer) Run(ctx context.Context) error {
	var partitions []int32
	c.persist(ctx, "list partitions", func(ctx context.Context) error {
		r, err := c.client.ListPartitions(ctx, &eventv1.ListPartitionsRequest{}, grpc.WaitForReady(true))
		partitions = r.GetPartitions()
		return err
	})
	var each sync.WaitGroup
	for _, p := range partitions {
		each.Go(func() {
			c.persist(ctx, fmt.Sprintf("follow partition %d", p), func(ctx context.Context) error { return c.follow(ctx, p) })
		})
	}
	each.Wait()
	return nil
}

// Close implements run.Task; everything ends with Run.
func (c *Consumer) Close(context.Context) error { return nil }

// persist repeats what until it succeeds or ctx ends.
func (c *Consumer) persist(ctx context.Context, name string, what func(context.Context) error) {
	failing := false
	for {
		err := what(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		if !failing {
			c.log.Warn().Err(err).Str("task", name).Msg("events cannot be followed now; trying again")
		}
		failing = true
		select {
		case <-ctx.Done():
			return
		case <-clock.System{}.After(retryEvery):
		}
	}
}

// follow gives batches their effect until something fails.
func (c *Consumer) follow(ctx context.Context, partition int32) error {
	after, err := c.handler.Position(ctx, partition)
	if err != nil {
		return fmt.Errorf("position: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the stream
	stream, err := c.client.Tail(ctx, &eventv1.TailRequest{Partition: partition, After: after}, grpc.WaitForReady(true))
	if err != nil {
		return fmt.Errorf("tail: %w", err)
	}
	for {
		r, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return errors.New("the producer ended its log")
		case err != nil:
			return fmt.Errorf("tail: %w", err)
		case r.GetSeq() != after+1:
			return fmt.Errorf("batch %d came after batch %d", r.GetSeq(), after)
		}
		if err := c.handler.Handle(ctx, partition, batchOf(r)); err != nil {
			return fmt.Errorf("batch %d: %w", r.GetSeq(), err)
		}
		after = r.GetSeq()
	}
}

func batchOf(r *eventv1.TailResponse) Batch {
	b := Batch{Seq: r.GetSeq(), Events: make([]Event, len(r.GetEvents()))}
	for i, e := range r.GetEvents() {
		b.Events[i] = Event{At: e.GetAt().AsTime(), Payload: e.GetPayload()}
	}
	return b
}
