// Package event lets services tell each other what happened (EVENT-001). Each producer
// serves the log of its own events; a consumer follows it from the position that it
// keeps with its effects. It is the same over memory in one process and over the network.
package event

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/anypb"
)

// Event is one thing that happened.
type Event struct {
	At      time.Time
	Payload *anypb.Any // such as a product.v1.ProductChanged
}

// Message unpacks the payload; nil when it is of a kind that this program does not know,
// as one of a newer producer may be. Errors: a payload that is damaged.
func (e Event) Message() (proto.Message, error) {
	msg, err := e.Payload.UnmarshalNew()
	if errors.Is(err, protoregistry.NotFound) {
		return nil, nil //nolint:nilnil // said above
	}
	return msg, err
}

// Batch is all that was committed under one position of a partition.
type Batch struct {
	Seq    int64 // rises without gaps from 1
	Events []Event
}

// Log is a service's events, in the order in which they were committed.
type Log interface {
	// Partitions names the log's partitions.
	Partitions(ctx context.Context) ([]int32, error)
	// After reads at most limit batches behind a position, oldest first. A batch it
	// returns is never preceded by one that appears later.
	After(ctx context.Context, partition int32, seq int64, limit int) ([]Batch, error)
}

// Of packs a payload. Errors: a message that cannot be encoded.
func Of(at time.Time, payload proto.Message) (Event, error) {
	packed, err := anypb.New(payload)
	return Event{at, packed}, err
}
