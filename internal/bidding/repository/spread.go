package repository

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/dropcopy"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/service"
	"github.com/sneakers-marketplace/marketplace/pkg/event"
)

// Spread is an exchange whose shards are in several databases: a shard, its journal and its
// tables are in one, so that each batch is a transaction of one database. The first has
// every shard that is nowhere else, the map of slots, the nodes that are alive and how far
// other services' events were followed.
type Spread struct {
	*Repository // the first database

	of  map[uint8]*Repository // of shards that are elsewhere
	all []*Repository         // the first one first

	topology atomic.Pointer[engine.Topology]
}

var (
	_ engine.Store   = (*Spread)(nil)
	_ service.Store  = (*Spread)(nil)
	_ dropcopy.Store = (*Spread)(nil)
	_ event.Log      = (*Spread)(nil)
)

// NewSpread returns the repository of an exchange with some shards in other databases.
func NewSpread(first *Repository, elsewhere map[uint8]*Repository) *Spread {
	s := &Spread{Repository: first, of: elsewhere, all: []*Repository{first}}
	for _, shard := range slices.Sorted(maps.Keys(elsewhere)) {
		if r := elsewhere[shard]; !slices.Contains(s.all, r) {
			s.all = append(s.all, r)
		}
	}
	return s
}

// shard returns where a shard is.
func (s *Spread) shard(n uint8) *Repository {
	if r := s.of[n]; r != nil {
		return r
	}
	return s.Repository
}

// order returns where the shard is that gave an id.
func (s *Spread) order(number int64) *Repository { return s.shard(uint8(number & 0xff)) }

// market returns where a market is.
func (s *Spread) market(ctx context.Context, m model.MarketID) (*Repository, error) {
	t := s.topology.Load()
	if t == nil {
		read, err := s.Topology(ctx)
		if err != nil {
			return nil, err
		}
		t = &read
	}
	return s.shard(t.ShardOf[engine.SlotOf(m)]), nil
}

// own reports whether a shard is in a database.
func (s *Spread) own(r *Repository, shard uint8) bool { return s.shard(shard) == r }

// Topology implements engine.Ownership. Errors: a shard that has written in another database
// than the one it is said to be in.
func (s *Spread) Topology(ctx context.Context) (engine.Topology, error) {
	t, err := s.Repository.Topology(ctx)
	if err != nil {
		return t, err
	}
	for _, r := range s.all {
		heads, err := r.Heads(ctx)
		if err != nil {
			return t, err
		}
		for shard, seq := range heads {
			if seq > 0 && !s.own(r, shard) {
				return t, fmt.Errorf("shard %d has %d batches in a database that it is not said to be in", shard, seq)
			}
		}
		for _, shard := range t.Shards {
			if _, there := heads[shard]; !there && s.own(r, shard) {
				return t, fmt.Errorf("shard %d is not in the database that it is said to be in", shard)
			}
		}
	}
	s.topology.Store(&t)
	return t, nil
}

// lookFor is how long a database other than the first may take to say who holds its shards:
// the others are not to wait for one that hangs.
const lookFor = 300 * time.Millisecond

// Landscape implements engine.Ownership. What a database does not say in time is not known.
func (s *Spread) Landscape(ctx context.Context, term time.Duration) (engine.Landscape, error) {
	there := make([]engine.Landscape, len(s.all)-1)
	var asking sync.WaitGroup
	for i, r := range s.all[1:] {
		asking.Go(func() {
			call, cancel := context.WithTimeout(ctx, lookFor)
			defer cancel()
			there[i], _ = r.Landscape(call, term) // whoever claims there says what is wrong
		})
	}
	out, err := s.Repository.Landscape(ctx, term)
	asking.Wait()
	if err != nil {
		return out, err
	}
	maps.DeleteFunc(out.Shards, func(shard uint8, _ engine.Holding) bool { return !s.own(s.Repository, shard) })
	for i, l := range there {
		for shard, h := range l.Shards {
			if s.own(s.all[i+1], shard) {
				out.Shards[shard] = h
			}
		}
	}
	return out, nil
}

// Claim implements engine.Ownership.
func (s *Spread) Claim(ctx context.Context, node engine.Node, shard uint8, term time.Duration) (engine.Lease, bool, error) {
	return s.shard(shard).Claim(ctx, node, shard, term)
}

// by sorts leases by database.
func (s *Spread) by(leases []engine.Lease) map[*Repository][]engine.Lease {
	out := make(map[*Repository][]engine.Lease)
	for _, l := range leases {
		out[s.shard(l.Shard)] = append(out[s.shard(l.Shard)], l)
	}
	return out
}

// Renew implements engine.Ownership. One database does not wait for another.
func (s *Spread) Renew(ctx context.Context, node engine.Node, leases []engine.Lease, term time.Duration) (held []uint8, err error) {
	var asking sync.WaitGroup
	var mu sync.Mutex
	for r, list := range s.by(leases) {
		asking.Go(func() {
			some, failed := r.Renew(ctx, node, list, term)
			mu.Lock()
			defer mu.Unlock()
			held, err = append(held, some...), errors.Join(err, failed)
		})
	}
	asking.Wait()
	return held, err
}

// Release implements engine.Ownership.
func (s *Spread) Release(ctx context.Context, node engine.Node, leases []engine.Lease) (err error) {
	for r, list := range s.by(leases) {
		err = errors.Join(err, r.Release(ctx, node, list))
	}
	return err
}

// Commit implements engine.Log.
func (s *Spread) Commit(ctx context.Context, row *journal.Row) error {
	return s.shard(row.Shard).Commit(ctx, row)
}

// Written implements engine.Log.
func (s *Spread) Written(ctx context.Context, shard uint8, seq int64) (int64, journal.Hash, bool, error) {
	return s.shard(shard).Written(ctx, shard, seq)
}

// Load implements engine.Log.
func (s *Spread) Load(ctx context.Context, shard uint8, into engine.Restorer) (engine.Head, error) {
	return s.shard(shard).Load(ctx, shard, into)
}

// Project implements engine.Projection.
func (s *Spread) Project(ctx context.Context, shard uint8, after int64, records []*engine.Record) error {
	return s.shard(shard).Project(ctx, shard, after, records)
}

// Behind implements engine.Projection.
func (s *Spread) Behind(ctx context.Context, shard uint8, limit int) (int64, []journal.Row, error) {
	return s.shard(shard).Behind(ctx, shard, limit)
}

// Lag implements engine.Projection.
func (s *Spread) Lag(ctx context.Context, shard uint8) (head, projected int64, err error) {
	return s.shard(shard).Lag(ctx, shard)
}

// Heads implements dropcopy.Store.
func (s *Spread) Heads(ctx context.Context) (map[uint8]int64, error) {
	out := make(map[uint8]int64)
	for _, r := range s.all {
		heads, err := r.Heads(ctx)
		if err != nil {
			return nil, err
		}
		s.keep(r, heads, out)
	}
	return out, nil
}

// keep takes over what a database says of its own shards.
func (s *Spread) keep(r *Repository, from, into map[uint8]int64) {
	for shard, seq := range from {
		if s.own(r, shard) {
			into[shard] = seq
		}
	}
}

// Rows implements dropcopy.Store.
func (s *Spread) Rows(ctx context.Context, shard uint8, after int64, limit int) ([]journal.Row, error) {
	return s.shard(shard).Rows(ctx, shard, after, limit)
}

// OpenOrders implements dropcopy.Store: at one moment of each database.
func (s *Spread) OpenOrders(ctx context.Context, account model.AccountID) (open []model.LimitOrder, at map[uint8]int64, err error) {
	at = make(map[uint8]int64)
	for _, r := range s.all {
		list, there, err := r.OpenOrders(ctx, account)
		if err != nil {
			return nil, nil, err
		}
		open = append(open, list...)
		s.keep(r, there, at)
	}
	return open, at, nil
}

// After implements event.Log.
func (s *Spread) After(ctx context.Context, shard int32, seq int64, limit int) ([]event.Batch, error) {
	return s.shard(uint8(shard)).After(ctx, shard, seq, limit) //nolint:gosec // 0 to 255
}
