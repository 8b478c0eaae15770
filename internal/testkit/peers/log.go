package peers

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/event"
)

// Log is a service's events in memory, in one partition. The zero value is empty.
type Log struct {
	mu      sync.Mutex
	batches []event.Batch
}

// Happen adds a batch of events of now and returns its position.
func (l *Log) Happen(payloads ...proto.Message) int64 {
	return l.HappenAt(clock.System{}.Now(), payloads...)
}

// HappenAt is Happen at a time of the test's own.
func (l *Log) HappenAt(at time.Time, payloads ...proto.Message) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := event.Batch{Seq: int64(len(l.batches)) + 1}
	for _, p := range payloads {
		e, err := event.Of(at, p)
		if err != nil {
			panic(err) // a test's own message
		}
		b.Events = append(b.Events, e)
	}
	l.batches = append(l.batches, b)
	return b.Seq
}

// Partitions implements event.Log.
func (l *Log) Partitions(context.Context) ([]int32, error) { return []int32{0}, nil }

// After implements event.Log.
func (l *Log) After(_ context.Context, _ int32, seq int64, limit int) ([]event.Batch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.batches[min(int(seq), len(l.batches)):]
	return all[:min(limit, len(all))], nil
}
