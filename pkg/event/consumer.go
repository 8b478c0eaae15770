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
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	eventv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/event/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

const (
	retryEvery = 500 * time.Millisecond
	readAhead  = 200 // batches received while others have their effect
)

// Handler gives batches their effect.
type Handler interface {
	// Position is how far a partition's batches have had their effect; 0: none had.
	Position(ctx context.Context, partition int32) (int64, error)
	// Handle makes a batch's effect and its position durable, in one transaction or so that
	// the same batch again changes nothing. Batches of a partition come in order. After an
	// error the batch comes again.
	Handle(ctx context.Context, partition int32, b Batch) error
}

// Gatherer is a Handler that gives several batches their effect at once. A busy producer
// then costs it one transaction where there were many.
type Gatherer interface {
	Handler
	// HandleAll is Handle for batches that follow each other; there is at least one.
	HandleAll(ctx context.Context, partition int32, batches []Batch) error
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
	c.persist(ctx, "list partitions", func(ctx context.Context) (bool, error) {
		r, err := c.client.ListPartitions(ctx, &eventv1.ListPartitionsRequest{}, grpc.WaitForReady(true))
		partitions = r.GetPartitions()
		return false, err
	})
	var each sync.WaitGroup
	for _, p := range partitions {
		each.Go(func() {
			c.persist(ctx, fmt.Sprintf("follow partition %d", p), func(ctx context.Context) (bool, error) { return c.follow(ctx, p) })
		})
	}
	each.Wait()
	return nil
}

// Close implements run.Task; everything ends with Run.
func (c *Consumer) Close(context.Context) error { return nil }

// persist repeats what until it succeeds or ctx ends; worked is whether it did some of
// its work before it failed, so that this is another outage.
func (c *Consumer) persist(ctx context.Context, name string, what func(context.Context) (worked bool, err error)) {
	failing := false
	for {
		worked, err := what(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		if !failing || worked {
			c.log.WithLevel(severity(err)).Err(err).Str("task", name).Msg("events cannot be followed now; trying again")
		}
		failing = true
		select {
		case <-ctx.Done():
			return
		case <-clock.System{}.After(retryEvery):
		}
	}
}

// severity of a failure: a producer that says it stops is no surprise.
func severity(err error) zerolog.Level {
	if errs.ReasonOf(rpc.FromStatus(err)) == "SHUTTING_DOWN" {
		return zerolog.InfoLevel
	}
	return zerolog.WarnLevel
}

// follow gives batches their effect until something fails; worked is whether any had its.
func (c *Consumer) follow(ctx context.Context, partition int32) (worked bool, err error) {
	after, err := c.handler.Position(ctx, partition)
	if err != nil {
		return false, fmt.Errorf("position: %w", err)
	}
	var reading sync.WaitGroup
	defer reading.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the stream
	stream, err := c.client.Tail(ctx, &eventv1.TailRequest{Partition: partition, After: after}, grpc.WaitForReady(true))
	if err != nil {
		return false, fmt.Errorf("tail: %w", err)
	}
	var ended error
	read := make(chan Batch, readAhead)
	reading.Go(func() {
		defer close(read)
		ended = receive(stream, after, read)
	})
	for first := range read {
		batches := append([]Batch{first}, waiting(read)...)
		if err := c.handle(ctx, partition, batches); err != nil {
			return worked, err
		}
		worked = true
	}
	return worked, ended
}

// receive passes on what comes after a position until something fails.
func receive(stream grpc.ServerStreamingClient[eventv1.TailResponse], after int64, to chan<- Batch) error {
	var b Batch
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
		if b.add(r); r.GetMore() {
			continue
		}
		select {
		case to <- b:
		case <-stream.Context().Done():
			return context.Cause(stream.Context())
		}
		after++
		b = Batch{}
	}
}

// waiting takes what has been read already.
func waiting(read <-chan Batch) (batches []Batch) {
	for range len(read) {
		batches = append(batches, <-read)
	}
	return batches
}

func (c *Consumer) handle(ctx context.Context, partition int32, batches []Batch) error {
	if all, ok := c.handler.(Gatherer); ok {
		if err := all.HandleAll(ctx, partition, batches); err != nil {
			return fmt.Errorf("batches %d to %d: %w", batches[0].Seq, batches[len(batches)-1].Seq, err)
		}
		return nil
	}
	for _, b := range batches {
		if err := c.handler.Handle(ctx, partition, b); err != nil {
			return fmt.Errorf("batch %d: %w", b.Seq, err)
		}
	}
	return nil
}

// add adds a piece of the batch.
func (b *Batch) add(r *eventv1.TailResponse) {
	b.Seq = r.GetSeq()
	for _, e := range r.GetEvents() {
		b.Events = append(b.Events, Event{At: e.GetAt().AsTime(), Payload: e.GetPayload()})
	}
}
