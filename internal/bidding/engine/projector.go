package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// The tables may be this many commands behind the journal; then the writer takes
// nothing in until they have caught up a little. They are written in small steps, so
// that the writer goes on soon and evenly.
const (
	lagLimit       = 10 * 1024
	projectLimit   = 5 * 1024              // commands of one step
	gatherFor      = 20 * time.Millisecond // a smaller step waits this long for more, unless a reader waits for it
	projectTimeout = 30 * time.Second
	projectRetry   = 200 * time.Millisecond
	finishTimeout  = 5 * time.Second // for an owner that leaves; the next one writes what is left
)

// projector writes the tables of one shard behind its journal, during one tenure.
type projector struct {
	shard uint8
	store Projection
	log   zerolog.Logger
	room  chan struct{} // told when the writer may go on
	lost  func()        // called when somebody else moves the tables
	gauge lag

	mu      sync.Mutex
	waiting []*Record // committed and not in the tables yet, oldest first
	behind  int       // commands of waiting
	head    int64     // last batch that was committed
	done    int64     // last batch the tables show
	moved   chan struct{}
	wake    chan struct{} // something is waiting, or full
	hurry   chan struct{} // a reader waits
	stop    context.CancelFunc
	ended   chan struct{}
}

// newProjector starts a projector for a shard whose tables show batch at.
func newProjector(shard uint8, store Projection, log zerolog.Logger, at int64, lost func(), gauge lag) *projector {
	ctx, stop := context.WithCancel(context.Background())
	p := &projector{
		shard: shard, store: store, log: log, lost: lost, gauge: gauge, head: at, done: at, stop: stop,
		room: make(chan struct{}, 1), moved: make(chan struct{}), wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	go p.run(ctx)
	return p
}

// add hands a committed batch over.
func (p *projector) add(r *Record) {
	p.mu.Lock()
	p.waiting = append(p.waiting, r)
	p.behind += len(r.Entries)
	p.gauge.grow(r)
	p.head = r.Row.Seq
	p.mu.Unlock()
	signal(p.wake)
}

// roomy reports whether the writer may take more in; room is told when that changes.
func (p *projector) roomy() bool { return p.lag() < lagLimit }

// run writes what is waiting until ctx ends.
func (p *projector) run(ctx context.Context) {
	defer close(p.ended)
	for {
		if !p.gather(ctx) {
			return
		}
		records := p.step()
		if records == nil {
			continue
		}
		if !p.write(ctx, records) {
			return
		}
	}
}

// gather waits until there is something to write: a whole step, or what there is once a
// reader waits for it or it has waited long enough. It is false when ctx ended.
func (p *projector) gather(ctx context.Context) bool {
	var enough <-chan time.Time
	for {
		switch waiting := p.lag(); {
		case waiting >= projectLimit:
			return ctx.Err() == nil
		case waiting > 0 && enough == nil:
			enough = time.After(gatherFor)
		}
		select {
		case <-p.wake:
		case <-p.hurry:
			return true
		case <-enough:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// lag is how many commands are not in the tables yet.
func (p *projector) lag() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.behind
}

// step returns what is to be written next, nil when nothing is.
func (p *projector) step() []*Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, commands := 0, 0
	for n < len(p.waiting) && (n == 0 || commands+len(p.waiting[n].Entries) <= projectLimit) {
		commands += len(p.waiting[n].Entries)
		n++
	}
	if n == 0 {
		return nil
	}
	return p.waiting[:n:n]
}

// write puts records into the tables, however often that takes; false when it must
// not be tried again.
func (p *projector) write(ctx context.Context, records []*Record) bool {
	for try := 0; ; try++ {
		err := p.project(ctx, records)
		if err == nil {
			p.advance(len(records))
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if errors.Is(err, ErrFenced) {
			p.log.Warn().Err(err).Msg("somebody else writes the tables of this shard")
			p.lost()
			return false
		}
		if errors.Is(err, ErrData) && len(records) > 1 { // as far as it goes
			records = records[:len(records)/2]
			continue
		}
		p.log.Error().Err(err).Uint8("shard", p.shard).Int("try", try).Msg("the tables cannot be written; trying again")
		select {
		case <-time.After(projectRetry):
		case <-ctx.Done():
			return false
		}
	}
}

// project writes records unless the tables show them already, as they may after a
// try whose outcome was unknown.
func (p *projector) project(ctx context.Context, records []*Record) error {
	call, cancel := context.WithTimeout(ctx, projectTimeout)
	defer cancel()
	err := p.store.Project(call, p.shard, records[0].Row.Seq-1, records)
	if !errors.Is(err, ErrFenced) {
		return err
	}
	_, at, lag := p.store.Lag(call, p.shard)
	if lag == nil && at == records[len(records)-1].Row.Seq {
		return nil
	}
	return errors.Join(err, lag)
}

// advance notes that the tables show n records more.
func (p *projector) advance(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.waiting[:n] {
		p.behind -= len(r.Entries)
		p.gauge.shrink(r)
	}
	p.done = p.waiting[n-1].Row.Seq
	clear(p.waiting[:n])
	p.waiting = p.waiting[n:]
	close(p.moved)
	p.moved = make(chan struct{})
	signal(p.room)
}

// settled waits until the tables show every batch that is committed now.
// Errors: ctx's own; model.ErrUnavailable when the tenure ends before.
func (p *projector) settled(ctx context.Context) error {
	p.mu.Lock()
	head := p.head
	p.mu.Unlock()
	for {
		p.mu.Lock()
		done, moved := p.done, p.moved
		p.mu.Unlock()
		if done >= head {
			return nil
		}
		signal(p.hurry)
		select {
		case <-moved:
		case <-p.ended:
			return model.ErrUnavailable.After(renewEvery)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// finish ends the projector: with everything written when all is true, else at once.
func (p *projector) finish(all bool) {
	if all {
		ctx, cancel := context.WithTimeout(context.Background(), finishTimeout)
		_ = p.settled(ctx) // what is left, the next owner writes
		cancel()
	}
	p.stop()
	<-p.ended
	p.gauge.end()
}

// signal tells a channel of one, which may have been told already.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// catchUpRows is how many rows of the journal are read at a time to write the tables.
const catchUpRows = 64

// catchUp writes what an earlier owner has left to be written.
func catchUp(ctx context.Context, store Projection, shard uint8) error {
	for {
		at, rows, err := store.Behind(ctx, shard, catchUpRows)
		if err != nil || len(rows) == 0 {
			return err
		}
		records, err := decode(rows)
		if err != nil {
			return err
		}
		err = store.Project(ctx, shard, at, records)
		if err != nil && !errors.Is(err, ErrFenced) { // the earlier owner's last step came between
			return err
		}
	}
}

// decode reads what the rows of a journal say.
func decode(rows []journal.Row) ([]*Record, error) {
	records := make([]*Record, len(rows))
	for i := range rows {
		entries, err := journal.Decode(rows[i].Body)
		if err != nil {
			return nil, fmt.Errorf("shard %d batch %d: %w", rows[i].Shard, rows[i].Seq, err)
		}
		records[i] = &Record{Row: rows[i], Entries: entries}
	}
	return records, nil
}
