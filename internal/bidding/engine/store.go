// Package engine is the single writer of each shard: callers queue, it matches
// what has queued in memory, commits the batch in one round trip and only then
// answers. Ownership of a shard is fenced in the database, so that a writer that
// lost it can acknowledge nothing.
package engine

import (
	"context"
	"errors"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// Slots is how many pieces markets are spread over; a market's slot never changes.
const Slots = 256

// Node is one running engine.
type Node struct {
	Name string // unique to the process
	Addr string // where the others reach it
}

// Lease is the ownership of one shard; a newer one has a higher epoch.
type Lease struct {
	Shard uint8
	Epoch int64
}

// Topology says which shard each slot belongs to.
type Topology struct {
	ShardOf [Slots]uint8
	Shards  []uint8
}

// Ownership is who may write which shard, on the database's clock.
type Ownership interface {
	// Topology reads the map of slots to shards.
	Topology(ctx context.Context) (Topology, error)
	// Landscape reads who holds which shard, and which nodes were seen within a term.
	Landscape(ctx context.Context, term time.Duration) (Landscape, error)
	// Announce says that a node is alive, for as long as a term.
	Announce(ctx context.Context, node Node) error
	// Withdraw takes back that a node is alive.
	Withdraw(ctx context.Context, node Node) error
	// Claim takes a shard that is free, expired or already the node's own, with the
	// next epoch; false when another node holds it.
	Claim(ctx context.Context, node Node, shard uint8, term time.Duration) (Lease, bool, error)
	// Renew prolongs the leases it still holds and returns their shards; beside an error, those
	// that surely are: of the others nothing is known.
	Renew(ctx context.Context, node Node, leases []Lease, term time.Duration) ([]uint8, error)
	// Release gives leases up at once.
	Release(ctx context.Context, node Node, leases []Lease) error
}

// Log is the durable side of a shard.
type Log interface {
	// Commit makes a batch durable: fence and journal row, both or neither.
	// Errors: ErrFenced when the lease is no longer valid, ErrData when the batch
	// itself cannot be stored; after any other error the outcome is unknown.
	Commit(ctx context.Context, r *journal.Row) error
	// Written reads who wrote batch seq of a shard; false when nobody did.
	Written(ctx context.Context, shard uint8, seq int64) (epoch int64, hash journal.Hash, found bool, err error)
	// Load reads a shard, whose tables show all of its journal, as of one moment into r
	// and returns its head.
	Load(ctx context.Context, shard uint8, r Restorer) (Head, error)
}

// Projection is the tables, which show what the journal says a little later.
type Projection interface {
	// Project writes what batches that follow batch after did and moves the tables of
	// the shard on to the last of them, all or nothing.
	// Errors: ErrFenced when they are not at batch after, ErrData when the batches
	// cannot be stored; after any other error the outcome is unknown.
	Project(ctx context.Context, shard uint8, after int64, records []*Record) error
	// Behind says which batch the tables of a shard are at and reads at most limit of
	// the batches that follow it.
	Behind(ctx context.Context, shard uint8, limit int) (at int64, rows []journal.Row, err error)
	// Lag says which batch a shard is at, and which its tables, whoever owns it.
	Lag(ctx context.Context, shard uint8) (head, projected int64, err error)
}

// Store is all the engine needs of the database.
type Store interface {
	Ownership
	Log
	Projection
}

// What a Store answers of a batch that was certainly not committed.
var (
	ErrFenced = errors.New("engine: the shard has another owner or is at another batch")
	ErrData   = errors.New("engine: the batch cannot be stored")
)

// Head is how far a shard has come.
type Head struct {
	Seq  int64
	N    int64
	At   model.Instant
	Hash journal.Hash
}

// Record is a batch on its way to the tables.
type Record struct {
	Row     journal.Row
	Entries []model.Entry
}

// Restorer takes a shard's state as it is read back: markets before their
// orders, journal rows oldest first.
type Restorer interface {
	Market(m model.Market)
	Order(o *model.LimitOrder)
	Limits(account model.AccountID, l model.AccountLimits)
	Ban(account model.AccountID, b model.Ban)
	DeadMan(account model.AccountID, ends model.Instant)
	Reversed(match model.MatchID)
	Sold(market model.MarketID, minute model.Instant, v model.Volume)
	Recent(r *journal.Row) error
}

// How much of the past answers repeated commands (MATCH-011).
const (
	RememberFor    = 24 * time.Hour
	RememberOrders = 250_000
	longestWindow  = 72 * time.Hour
)
