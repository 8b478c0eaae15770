package repository

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/user/service"
)

// sweepEvery is how often the in-process throttle forgets keys whose attempts are all old.
const sweepEvery = time.Minute

// MemoryThrottle is service.Throttle in this process, for one instance without Redis.
// How much it holds is bounded by how many passwords the machine can check in a window.
type MemoryThrottle struct {
	mu    sync.Mutex
	keys  map[string]*attempts
	swept time.Time
}

// attempts are one key's, oldest first.
type attempts struct {
	list   []attempt
	window time.Duration
}

type attempt struct {
	id string
	at time.Time
}

var _ service.Throttle = (*MemoryThrottle)(nil)

// NewMemoryThrottle returns a throttle without attempts.
func NewMemoryThrottle() *MemoryThrottle { return &MemoryThrottle{keys: map[string]*attempts{}} }

// Blocked implements service.Throttle.
func (t *MemoryThrottle) Blocked(_ context.Context, at time.Time, limits []service.Limit) (service.Block, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.full(at, limits), nil
}

// Take implements service.Throttle.
func (t *MemoryThrottle) Take(_ context.Context, at time.Time, id string, limits []service.Limit) (service.Block, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweep(at)
	if block := t.full(at, limits); block.Full() {
		return block, nil
	}
	for _, l := range limits {
		k := t.keys[l.Key]
		if k == nil {
			k = &attempts{}
			t.keys[l.Key] = k
		}
		k.window = l.Window
		k.list = append(k.list, attempt{id, at})
	}
	return service.Block{}, nil
}

// Forget implements service.Throttle.
func (t *MemoryThrottle) Forget(_ context.Context, id string, limits []service.Limit) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range limits {
		if k := t.keys[l.Key]; k != nil {
			k.list = slices.DeleteFunc(k.list, func(a attempt) bool { return a.id == id })
		}
	}
	return nil
}

// Clear implements service.Throttle.
func (t *MemoryThrottle) Clear(_ context.Context, key string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.keys, key)
	return nil
}

func (t *MemoryThrottle) full(at time.Time, limits []service.Limit) service.Block {
	for _, l := range limits {
		k := t.keys[l.Key]
		if k == nil || l.Max == 0 {
			continue
		}
		k.prune(at, l.Window)
		if n := len(k.list); n >= l.Max {
			return service.Block{Key: l.Key, Retry: k.list[n-l.Max].at.Add(l.Window).Sub(at)}
		}
	}
	return service.Block{}
}

func (t *MemoryThrottle) sweep(at time.Time) {
	if at.Sub(t.swept) < sweepEvery {
		return
	}
	t.swept = at
	for key, k := range t.keys {
		if k.prune(at, k.window); len(k.list) == 0 {
			delete(t.keys, key)
		}
	}
}

func (k *attempts) prune(at time.Time, window time.Duration) {
	k.list = slices.DeleteFunc(k.list, func(a attempt) bool { return !a.at.After(at.Add(-window)) })
}
