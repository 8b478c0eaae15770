package engine

import (
	"context"
	"errors"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// writer is one tenure of a shard: at most one batch is being committed and at
// most one is matched on top of it.
type writer struct {
	*shard
	state    *state
	next     *batch // being filled
	inflight *batch // being committed; nil when none is
	sent     time.Time
	done     chan error
	again    []*request // to be carried out each in a batch of its own
}

// serve writes the shard until ctx ends (nil), or until a commit fails.
func (s *shard) serve(ctx context.Context, st *state, again []*request) *poisoned {
	w := &writer{shard: s, state: st, next: &batch{}, done: make(chan error, 1), again: again}
	select {
	case <-s.lost: // about an earlier tenure
	default:
	}
	select {
	case <-s.leave:
	default:
	}
	st.tables = newProjector(s.number, s.store, s.log, st.head.Seq, func() { signal(s.lost) }, s.metrics.lagOf(s.number))
	s.serving.Store(st)
	broken := w.write(ctx)
	st.tables.finish(broken == nil)
	return broken
}

// write takes in, commits and answers until ctx ends (nil), or until a commit fails.
func (w *writer) write(ctx context.Context) *poisoned {
	sweep := w.clock.After(sweepEvery)
	for {
		if !w.flush() {
			return w.abandon(ErrFenced)
		}
		var queue chan *request
		if w.next.items < batchLimit && len(w.again) == 0 && w.state.tables.roomy() {
			queue = w.queue
		}
		select {
		case r := <-queue:
			w.take(r)
		case err := <-w.done:
			if err != nil {
				return &poisoned{err, w.inflight, w.next, w.again}
			}
			w.committed()
		case <-sweep:
			w.sweep()
			sweep = w.clock.After(sweepEvery)
		case <-w.state.tables.room:
		case <-w.lost:
			return w.abandon(ErrFenced)
		case <-w.leave:
			return w.finish()
		case <-ctx.Done():
			return w.finish()
		}
	}
}

// take applies a request and whatever else has queued, up to the batch's limit.
func (w *writer) take(r *request) {
	w.begin()
	for {
		w.metrics.take(r)
		w.state.apply(w.next, r, w.openElsewhere)
		if w.next.items >= batchLimit {
			return
		}
		select {
		case r = <-w.queue:
		default:
			return
		}
	}
}

// begin fixes the logical time of the batch being filled: it never falls.
func (w *writer) begin() {
	if w.next.at == 0 {
		w.next.at = max(model.At(w.clock.Now()), w.state.head.At)
	}
}

// flush sends the batch being filled when none is on its way. It is false when the term
// has ended: then nothing may be answered without asking the database.
func (w *writer) flush() bool {
	for w.inflight == nil {
		if w.next.empty() && len(w.again) > 0 {
			w.begin()
			w.state.apply(w.next, w.again[0], w.openElsewhere)
			w.again = w.again[1:]
		}
		if w.next.empty() {
			return true
		}
		if len(w.next.entries) == 0 && !w.termLasts() {
			return false
		}
		b := w.next
		w.next = &batch{}
		if len(b.entries) == 0 { // nothing changed: every answer rests on what is committed
			b.release(nil)
			continue
		}
		w.inflight, w.sent = b, clock.Monotonic()
		if err := b.seal(w.state); err != nil {
			w.done <- errors.Join(ErrData, err)
			return true
		}
		go w.commit(b)
	}
	return true
}

// commit runs beside the writer, which owns it: it waits on done before it leaves.
func (w *writer) commit(b *batch) {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	w.done <- w.store.Commit(ctx, &b.record.Row)
}

func (w *writer) committed() {
	b := w.inflight
	w.inflight = nil
	w.metrics.observe(b, clock.Since(w.sent))
	w.state.tables.add(b.record)
	b.publish()
	w.feeds.tell(b.touched)
}

// sweep closes what has expired in markets nobody has touched since, warns of what is
// about to, and fires dead men's switches.
func (w *writer) sweep() {
	now := max(model.At(w.clock.Now()), w.state.head.At)
	for _, account := range w.state.dead(now) {
		w.begin()
		w.state.fire(w.next, account)
	}
	for _, m := range w.state.markets {
		if at, ok := m.book.NextExpiry(); !ok || at > now {
			continue
		}
		w.begin()
		r := newRequest(model.Command{Kind: model.Expire, Market: m.ID})
		w.state.apply(w.next, r, w.openElsewhere)
	}
}

// abandon stops without committing what was not sent.
func (w *writer) abandon(cause error) *poisoned {
	if w.inflight != nil {
		if err := <-w.done; err == nil {
			w.committed()
		} else {
			return &poisoned{err, w.inflight, w.next, w.again}
		}
	}
	return &poisoned{cause, nil, w.next, w.again}
}

// finish commits and answers what was taken in, then stops.
func (w *writer) finish() *poisoned {
	for w.inflight != nil || !w.next.empty() {
		if !w.flush() {
			w.next.release(model.ErrUnavailable)
		}
		if w.inflight == nil {
			break
		}
		if err := <-w.done; err != nil {
			p := &poisoned{err, w.inflight, w.next, w.again}
			p.fail()
			return p
		}
		w.committed()
	}
	w.refuse(w.again)
	return nil
}
