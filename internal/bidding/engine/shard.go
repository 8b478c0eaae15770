package engine

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

const (
	queueLength   = 8192
	batchLimit    = 1024
	sweepEvery    = 500 * time.Millisecond // expiry is marked at most this late (MATCH-009)
	claimEvery    = 100 * time.Millisecond
	lookEvery     = 10 * time.Millisecond // at the tables of a shard that is served elsewhere
	claimTimeout  = 2 * time.Second       // of which a blocked row takes 500 ms
	commitTimeout = 10 * time.Second
	patience      = 500 * time.Millisecond // how long callers wait for a shard without an owner
)

// shard is the single writer of its markets.
type shard struct {
	number uint8
	store  Store
	clock  clock.Clock
	node   Node
	log    zerolog.Logger
	queue  chan *request

	openElsewhere func(model.AccountID) int32
	sight         func() *sight // of who holds which shard
	metrics       *Metrics
	feeds         *feeds

	held    atomic.Pointer[Lease] // to be renewed; nil while not owned
	serving atomic.Pointer[state] // what readers see; nil while not served
	until   atomic.Int64          // monotonic nanoseconds up to which reads may be served
	lost    chan struct{}         // the lease was not renewed
	leave   chan struct{}         // another node is to have the shard

	released time.Time // when the shard was last given up, by the monotonic clock
}

// poisoned is why a shard stopped serving, with the batches whose callers still wait.
type poisoned struct {
	cause    error
	inflight *batch     // sent; its outcome may be unknown
	next     *batch     // matched on top of it; never sent
	again    []*request // not yet carried out
}

func (p *poisoned) Error() string { return p.cause.Error() }

// run owns the shard whenever it can, until ctx ends.
func (s *shard) run(ctx context.Context) {
	var broken *poisoned
	var again []*request // to be carried out one at a time
	for {
		st, err := s.acquire(ctx, broken, &again)
		if err != nil {
			if broken != nil {
				broken.fail()
				s.refuse(broken.again)
			}
			s.refuse(again)
			return // ctx ended
		}
		broken = s.serve(ctx, st, again)
		again = nil
		s.serving.Store(nil)
		s.held.Store(nil)
		s.feeds.tellAll()
		if broken == nil { // nothing is left to be done here
			s.release(st.lease)
			s.released = clock.Monotonic()
			s.drain(model.ErrNotOwner)
			if ctx.Err() != nil {
				return
			}
			continue
		}
		s.log.Warn().Err(broken.cause).Uint8("shard", s.number).Int64("epoch", st.lease.Epoch).Msg("shard stopped; reloading")
	}
}

// fail tells every waiting caller that the outcome is not known to be good.
func (p *poisoned) fail() {
	for _, b := range []*batch{p.inflight, p.next} {
		if b != nil {
			b.release(model.ErrUnavailable)
		}
	}
}

// alone returns what is to be carried out again, one at a time, after the
// database refused a batch: all of it but an offender that was alone already.
func (p *poisoned) alone() []*request {
	again := p.inflight.requests
	if len(again) == 1 {
		again[0].answer(p.cause)
		again = nil
	}
	return slices.Concat(again, p.next.requests, p.again)
}

// acquire claims the shard, settles what a broken batch left open and loads it.
// Errors: only that of ctx.
func (s *shard) acquire(ctx context.Context, broken *poisoned, again *[]*request) (*state, error) {
	since := clock.Monotonic()
	for {
		asked := clock.Monotonic()
		lease, ok, elsewhere, err := s.claim(ctx)
		if err == nil && (ok || elsewhere) && broken != nil { // the epoch has moved on or is another's: the past is settled
			if *again, err = s.settle(ctx, broken); err == nil {
				*broken = poisoned{} // whoever ends the shard now has nobody left to answer there
				broken = nil
			}
		}
		if err == nil && ok {
			var st *state
			if st, err = s.load(ctx, lease); err == nil {
				s.until.Store(deadline(asked))
				return st, nil
			}
			s.held.Store(nil)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			s.log.Warn().Err(err).Uint8("shard", s.number).Msg("shard cannot be claimed; trying again")
		}
		if elsewhere || clock.Since(since) > patience {
			if broken != nil {
				broken.fail()
				s.refuse(broken.again)
				broken.again = nil
			}
			s.refuse(*again)
			*again = nil
			s.drain(unowned(elsewhere))
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(claimEvery):
		}
	}
}

// unowned is what callers hear of a shard that is not served here.
func unowned(elsewhere bool) error {
	if elsewhere {
		return model.ErrNotOwner
	}
	return model.ErrUnavailable.After(time.Second)
}

// claim takes the shard if it is this node's turn; elsewhere is whether another holds it.
func (s *shard) claim(ctx context.Context) (lease Lease, ok, elsewhere bool, err error) {
	switch now := s.sight(); {
	case !now.fresh() || now.asked.Before(s.released):
		return lease, false, false, nil
	case now.skewed:
		return lease, false, false, errors.New("this machine's clock is more than 1 s off the database's")
	case !now.MayClaim(s.node.Name, s.number):
		return lease, false, now.Shards[s.number].Held(), nil
	}
	call, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	lease, ok, err = s.store.Claim(call, s.node, s.number, Term)
	return lease, ok, err == nil && !ok, err
}

// giveUp has the writer finish and release the shard; false when it does not write it.
func (s *shard) giveUp() bool {
	if s.serving.Load() == nil {
		return false
	}
	signal(s.leave)
	return true
}

// settle finds out what became of a batch whose commit failed: its callers are
// answered if it was written after all. It returns the requests to carry out
// again when the batch itself was refused by the database.
func (s *shard) settle(ctx context.Context, p *poisoned) ([]*request, error) {
	if p.inflight == nil {
		p.fail()
		return p.again, nil
	}
	if errors.Is(p.cause, ErrData) {
		return p.alone(), nil
	}
	row := &p.inflight.record.Row
	epoch, hash, found, err := s.store.Written(ctx, s.number, row.Seq)
	if err != nil {
		return nil, err
	}
	if found && epoch == row.Epoch && hash == row.Hash {
		p.inflight.release(nil)
	}
	p.fail()
	return p.again, nil
}

func (s *shard) load(ctx context.Context, lease Lease) (*state, error) {
	start := clock.Monotonic()
	s.held.Store(&lease)
	if err := catchUp(ctx, s.store, s.number); err != nil {
		return nil, err
	}
	st := newState(lease)
	head, err := s.store.Load(ctx, s.number, st)
	if err != nil {
		return nil, err
	}
	st.start(head)
	s.log.Info().Uint8("shard", s.number).Int64("epoch", lease.Epoch).Int64("seq", head.Seq).
		Int("markets", len(st.markets)).Int("open", len(st.orders)).Dur("took", clock.Since(start)).Msg("shard loaded")
	return st, nil
}

// hasten tells the shard's projector, if it is this node's, that a reader is about to wait.
func (s *shard) hasten() {
	if st := s.serving.Load(); st != nil {
		signal(st.tables.hurry)
	}
}

// settled waits until the shard's tables show what is committed now.
func (s *shard) settled(ctx context.Context) error {
	if st := s.serving.Load(); st != nil {
		return st.tables.settled(ctx)
	}
	head, _, err := s.store.Lag(ctx, s.number)
	for at := int64(-1); err == nil && at < head; _, at, err = s.store.Lag(ctx, s.number) {
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

// refuse answers requests that cannot be carried out now.
func (s *shard) refuse(requests []*request) {
	for _, r := range requests {
		r.answer(model.ErrUnavailable.After(time.Second))
	}
}

// drain refuses what has queued.
func (s *shard) drain(why error) {
	for {
		select {
		case r := <-s.queue:
			r.answer(why)
		default:
			return
		}
	}
}

func (s *shard) release(lease Lease) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := s.store.Release(ctx, s.node, []Lease{lease}); err != nil {
		s.log.Warn().Err(err).Uint8("shard", s.number).Msg("lease not released; it expires by itself")
	}
}

// deadline is until when reads may be served after a claim or renewal asked for at start.
func deadline(start time.Time) int64 {
	return start.Add(Term - readMargin).Sub(origin).Nanoseconds()
}

// termLasts reports whether the shard is surely still this node's own.
func (s *shard) termLasts() bool {
	return clock.Monotonic().Sub(origin).Nanoseconds() <= s.until.Load()
}

// readable returns what readers may see now, nil when the shard may be another node's.
func (s *shard) readable() *state {
	if !s.termLasts() {
		return nil
	}
	return s.serving.Load()
}

// origin is the zero of the monotonic readings kept in until.
var origin = clock.Monotonic()
