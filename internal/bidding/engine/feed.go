package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

const (
	heartbeat = 5 * time.Second
	feedPace  = 5 * time.Millisecond // between two updates of one watcher; what happens meanwhile is told together
	feedLost  = 5 * time.Second      // how long a watcher waits for a market that is being recovered
	tapeSales = 128                  // of a market, for watchers that missed some
)

// feeds wakes those who watch markets.
type feeds struct {
	watchers atomic.Int64 // so that a writer whom nobody watches takes no lock

	mu     sync.Mutex
	topics map[model.MarketID]*topic
}

// topic is one market that is watched.
type topic struct {
	watchers int
	changed  chan struct{} // closed, and made anew, when there is something to see
}

func newFeeds() *feeds { return &feeds{topics: make(map[model.MarketID]*topic)} }

func (f *feeds) join(market model.MarketID) {
	f.watchers.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.topics[market]
	if t == nil {
		t = &topic{changed: make(chan struct{})}
		f.topics[market] = t
	}
	t.watchers++
}

func (f *feeds) leave(market model.MarketID) {
	f.watchers.Add(-1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if t := f.topics[market]; t.watchers > 1 {
		t.watchers--
	} else {
		delete(f.topics, market)
	}
}

// next is closed when there is something to see after this call. The caller has joined.
func (f *feeds) next(market model.MarketID) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.topics[market].changed
}

// tell wakes those who watch markets that have changed.
func (f *feeds) tell(markets []*market) {
	if f.watchers.Load() == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range markets {
		if t := f.topics[m.ID]; t != nil {
			close(t.changed)
			t.changed = make(chan struct{})
		}
	}
}

// tellAll wakes everybody: a writer has stopped.
func (f *feeds) tellAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.topics {
		close(t.changed)
		t.changed = make(chan struct{})
	}
}

// tape is the last sales of a market with the feed sequence each belongs to.
type tape struct {
	mu    sync.Mutex
	sales []told // oldest first
	from  int64  // what was sold up to this sequence may be missing
}

type told struct {
	seq    int64
	sale   model.Sale
	undone bool // it counts no longer
}

func (t *tape) add(seq int64, s model.Sale) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.append(told{seq: seq, sale: s})
}

// correct takes a sale off the tape, and tells those who have seen it.
func (t *tape) correct(seq int64, s model.Sale) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sales = slices.DeleteFunc(t.sales, func(x told) bool { return x.sale.Match == s.Match })
	t.append(told{seq: seq, sale: s, undone: true})
}

func (t *tape) append(line told) {
	if len(t.sales) == 2*tapeSales {
		t.from = t.sales[tapeSales-1].seq
		t.sales = append(t.sales[:0], t.sales[tapeSales:]...)
	}
	t.sales = append(t.sales, line)
}

// between returns what was sold after one sequence and up to another, what was undone,
// and whether the tape does not reach back that far.
func (t *tape) between(after, to int64) (sales []model.Sale, undone []model.MatchID, missed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := len(t.sales)
	for first > 0 && t.sales[first-1].seq > after {
		first--
	}
	for _, x := range t.sales[first:] {
		switch {
		case x.seq > to:
		case x.undone:
			undone = append(undone, x.sale.Match)
		default:
			sales = append(sales, x.sale)
		}
	}
	return sales, undone, after < t.from
}

// Watch tells a watcher what a market looks like and then, within moments of each commit,
// what has changed; nothing for five seconds is told as well. It returns when send fails,
// when ctx ends, or with model.ErrNotOwner when the market moves to another node. unopened
// is what a market looks like that nobody used yet. Rule: DATA-003.
func (e *Engine) Watch(
	ctx context.Context, market model.MarketID, w model.Watch, unopened *View, send func(*model.FeedUpdate) error,
) error {
	e.feeds.join(market)
	defer e.feeds.leave(market)
	f := &follower{engine: e, market: market, watch: w, unopened: unopened, send: send}
	for {
		changed := e.feeds.next(market)
		if err := f.look(); err != nil {
			return err
		}
		if err := f.wait(ctx, changed); err != nil {
			return err
		}
	}
}

// follower is one watcher.
type follower struct {
	engine   *Engine
	market   model.MarketID
	watch    model.Watch
	unopened *View
	send     func(*model.FeedUpdate) error

	last *View     // what it was told; nil: nothing yet
	sent time.Time // when, by the monotonic clock
	lost time.Time // since when the market is not served; zero while it is
}

// look tells the watcher what it does not know yet.
func (f *follower) look() error {
	v, err := f.engine.View(f.market)
	switch {
	case errors.Is(err, model.ErrMarketNotFound):
		v = f.unopened
	case errors.Is(err, model.ErrUnavailable):
		if f.lost.IsZero() {
			f.lost = clock.Monotonic()
		}
		if clock.Since(f.lost) < feedLost {
			return nil
		}
		return err
	case err != nil:
		return err
	}
	f.lost = time.Time{}
	switch {
	case f.last == nil:
		return f.tell(v, f.first(v))
	case v.Market.FeedSeq != f.last.Market.FeedSeq:
		return f.tell(v, f.delta(v))
	}
	return nil
}

func (f *follower) tell(v *View, u *model.FeedUpdate) error {
	u.Seq, u.Checksum = v.Market.FeedSeq, model.Checksum(v.Asks, v.Bids)
	u.Price = v.Price(model.At(f.engine.clock.Now()))
	f.last, f.sent = v, clock.Monotonic()
	return f.send(u)
}

// first is the snapshot, or nothing new when the watcher has it already.
func (f *follower) first(v *View) *model.FeedUpdate {
	u := &model.FeedUpdate{Snapshot: true, Bids: top(v.Bids, f.watch.Levels), Asks: top(v.Asks, f.watch.Levels)}
	switch f.watch.After {
	case 0:
	case v.Market.FeedSeq:
		return &model.FeedUpdate{PrevSeq: f.watch.After}
	default:
		v.trades(f.watch.After, u)
	}
	return u
}

func (f *follower) delta(v *View) *model.FeedUpdate {
	n, old := f.watch.Levels, f.last
	u := &model.FeedUpdate{
		PrevSeq: old.Market.FeedSeq,
		Bids:    model.ChangedLevels(model.Bid, top(old.Bids, n), top(v.Bids, n)),
		Asks:    model.ChangedLevels(model.Ask, top(old.Asks, n), top(v.Asks, n)),
	}
	v.trades(u.PrevSeq, u)
	return u
}

// trades tells what was sold, or undone, since a sequence.
func (v *View) trades(after int64, u *model.FeedUpdate) {
	if v.tape != nil {
		u.Trades, u.Undone, u.Missed = v.tape.between(after, v.Market.FeedSeq)
	}
}

func top(levels []model.Level, n int) []model.Level { return levels[:min(n, len(levels))] }

// wait returns when there may be something to tell. Errors: ctx's own; those of send.
func (f *follower) wait(ctx context.Context, changed <-chan struct{}) error {
	quiet := heartbeat - clock.Since(f.sent)
	if !f.lost.IsZero() {
		quiet = claimEvery
	}
	silence := time.NewTimer(quiet)
	defer silence.Stop()
	select {
	case <-changed:
	case <-silence.C:
		if f.last == nil || !f.lost.IsZero() {
			return nil
		}
		if _, elsewhere := f.engine.Owner(f.engine.shardOf[SlotOf(f.market)]); elsewhere {
			return model.ErrNotOwner
		}
		return f.tell(f.last, &model.FeedUpdate{PrevSeq: f.last.Market.FeedSeq})
	case <-ctx.Done():
		return ctx.Err()
	}
	if early := feedPace - clock.Since(f.sent); early > 0 {
		select {
		case <-time.After(early):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
