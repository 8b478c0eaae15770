// Package dropcopy tells accounts what becomes of their own bids and asks, wherever they
// were entered, out of the journals of all shards (DATA-003). A node reads the journals
// while somebody listens there; whoever owns the shards, every node tells the same.
package dropcopy

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

const (
	lookEvery = 20 * time.Millisecond
	pageRows  = 64 // of a journal, read at a time

	mostWaiting = 10_000 // updates of one listener that does not read them
	mostMissed  = 5_000  // rows of a shard that somebody who comes back is told
)

// Refusals of a listener.
var (
	ErrTooSlow = errs.New(errs.ResourceExhausted, "TOO_SLOW", "too many updates were not read; go on from the last resume_token")
	errBroken  = errs.New(errs.Unavailable, "UNAVAILABLE", "the journal cannot be read; try again with the last resume_token")
)

// Position is how far somebody is in the journals: the last batch of each shard.
type Position map[uint8]int64

// Update is one change of an account's orders.
type Update struct {
	Market        model.MarketID
	At            model.Instant
	Event         model.Event
	ClientOrderID string       // OrderAccepted
	Why           model.Reason // MatchReversed

	shard uint8 // and the batch of it that told this
	seq   int64
}

// Store is what the feed reads.
type Store interface {
	// Heads reads the last batch of every shard.
	Heads(ctx context.Context) (map[uint8]int64, error)
	// Rows reads at most limit batches of a shard that follow one.
	Rows(ctx context.Context, shard uint8, after int64, limit int) ([]journal.Row, error)
	// OpenOrders reads an account's open orders and which batch of each shard they show,
	// all at one moment.
	OpenOrders(ctx context.Context, account model.AccountID) ([]model.LimitOrder, map[uint8]int64, error)
}

// Feed reads the journals and passes on what concerns those who listen. It is a task.
type Feed struct {
	store Store
	log   zerolog.Logger

	mu        sync.Mutex
	at        Position // what was passed on; nil: nobody listens
	listeners map[model.AccountID]map[*listener]struct{}
	wake      chan struct{}
}

// New returns a feed; Run works it.
func New(store Store, log zerolog.Logger) *Feed {
	return &Feed{store: store, log: log, listeners: make(map[model.AccountID]map[*listener]struct{}), wake: make(chan struct{}, 1)}
}

// String names the task.
func (f *Feed) String() string { return "drop copies" }

// Close implements run.Task; everything ends with Run.
func (f *Feed) Close(context.Context) error { return nil }

// Run passes on what is written until ctx ends.
func (f *Feed) Run(ctx context.Context) error {
	for {
		wait := time.After(lookEvery)
		if f.position() == nil {
			wait = nil
		}
		select {
		case <-ctx.Done():
			f.end(errBroken)
			return nil
		case <-wait:
		case <-f.wake:
		}
		if err := f.look(ctx); err != nil && ctx.Err() == nil {
			f.log.Warn().Err(err).Msg("the journals cannot be read; whoever listens starts again")
			f.end(errBroken)
		}
	}
}

// look passes on what was written since the last time.
func (f *Feed) look(ctx context.Context) error {
	at := f.position()
	if at == nil {
		return nil
	}
	heads, err := f.store.Heads(ctx)
	if err != nil {
		return err
	}
	for shard, head := range heads {
		if err := f.read(ctx, shard, at[shard], head, f.pass); err != nil {
			return err
		}
	}
	return nil
}

// read hands every batch of a shard after one and up to another over, with its updates.
func (f *Feed) read(ctx context.Context, shard uint8, after, to int64, take func(shard uint8, seq int64, told map[model.AccountID][]Update)) error {
	for after < to {
		rows, err := f.store.Rows(ctx, shard, after, pageRows)
		if err != nil {
			return err
		}
		if len(rows) == 0 || rows[0].Seq != after+1 {
			return fmt.Errorf("shard %d: batch %d is not there", shard, after+1)
		}
		for i := range rows {
			told, err := updates(&rows[i])
			if err != nil {
				return err
			}
			take(shard, rows[i].Seq, told)
			after = rows[i].Seq
		}
	}
	return nil
}

// pass gives each listener what concerns him.
func (f *Feed) pass(shard uint8, seq int64, told map[model.AccountID][]Update) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		return
	}
	f.at[shard] = seq
	for account, list := range told {
		for l := range f.listeners[account] {
			l.take(list)
		}
	}
}

func (f *Feed) position() Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.at)
}

// end lets every listener go.
func (f *Feed) end(why error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, all := range f.listeners {
		for l := range all {
			l.fail(why)
		}
	}
	clear(f.listeners)
	f.at = nil
}

// listen adds a listener: it is told every batch after the position it starts at.
func (f *Feed) listen(ctx context.Context, account model.AccountID) (l *listener, heads Position, err error) {
	if heads, err = f.store.Heads(ctx); err != nil {
		return nil, nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		f.at = maps.Clone(heads)
		signal(f.wake)
	}
	l = &listener{from: maps.Clone(f.at), told: make(chan struct{}, 1)}
	if f.listeners[account] == nil {
		f.listeners[account] = make(map[*listener]struct{})
	}
	f.listeners[account][l] = struct{}{}
	return l, heads, nil
}

func (f *Feed) leave(account model.AccountID, l *listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.listeners[account], l)
	if len(f.listeners[account]) == 0 {
		delete(f.listeners, account)
	}
	if len(f.listeners) == 0 {
		f.at = nil
	}
}

// listener is one who listens. The feed's lock guards it.
type listener struct {
	from    Position // it is told what comes after
	waiting []Update
	err     error
	told    chan struct{}
}

func (l *listener) take(list []Update) {
	if l.err != nil {
		return
	}
	list = l.news(list)
	if len(l.waiting)+len(list) > mostWaiting {
		l.fail(ErrTooSlow)
		return
	}
	l.waiting = append(l.waiting, list...)
	signal(l.told)
}

// news leaves out what the listener knows.
func (l *listener) news(list []Update) (out []Update) {
	for _, u := range list {
		if u.seq > l.from[u.shard] {
			out = append(out, u)
		}
	}
	return out
}

// knows notes what a listener was told by other means.
func (f *Feed) knows(l *listener, at Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for shard, seq := range at {
		l.from[shard] = max(l.from[shard], seq)
	}
	l.waiting = l.news(l.waiting)
}

func (l *listener) fail(why error) {
	if l.err == nil {
		l.err = why
	}
	signal(l.told)
}

// next returns what is waiting and the position behind it.
func (f *Feed) next(l *listener) ([]Update, Position, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if l.err != nil {
		return nil, nil, l.err
	}
	out := l.waiting
	l.waiting = nil
	at := maps.Clone(l.from)
	for shard, seq := range f.at { // what this one was shown elsewhere may be further on
		at[shard] = max(at[shard], seq)
	}
	return out, at, nil
}

// signal tells a channel of one, which may have been told already.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// updates sorts what a batch did by account.
func updates(r *journal.Row) (map[model.AccountID][]Update, error) {
	entries, err := journal.Decode(r.Body)
	if err != nil {
		return nil, fmt.Errorf("shard %d batch %d: %w", r.Shard, r.Seq, err)
	}
	out := make(map[model.AccountID][]Update)
	for i := range entries {
		c := &entries[i].Command
		for _, e := range entries[i].Events {
			u := Update{Market: c.Market, At: r.At, Event: e, shard: r.Shard, seq: r.Seq}
			switch e.Kind {
			case model.OrderMatched, model.MatchReversed:
				if c.Reversal != nil {
					u.Why = c.Reversal.Why
				}
				out[e.Buyer], out[e.Seller] = append(out[e.Buyer], u), append(out[e.Seller], u)
				continue
			case model.OrderAccepted:
				u.ClientOrderID = c.ClientOrderID
			default: // of one account
			}
			out[e.Account] = append(out[e.Account], u)
		}
	}
	return out, nil
}
