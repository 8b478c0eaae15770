package engine

import (
	"fmt"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// item is one command and the place its answer goes.
type item struct {
	command model.Command
	reply   Reply
	err     error
}

// request is what one caller hands to a shard: commands that are carried out one after
// the other in the same batch, so that all of them become durable or none (MATCH-014).
type request struct {
	items []item
	done  chan struct{}
}

func newRequest(commands ...model.Command) *request {
	r := &request{items: make([]item, len(commands)), done: make(chan struct{})}
	for i := range commands {
		r.items[i].command = commands[i]
	}
	return r
}

// answer releases the caller; a nil err sends what apply has put into each reply and err.
func (r *request) answer(err error) {
	if err != nil {
		for i := range r.items {
			r.items[i].reply, r.items[i].err = Reply{}, err
		}
	}
	close(r.done)
}

// Reply is what a command's caller is told.
type Reply struct {
	Order   model.LimitOrder // Place, Replace, Cancel: the order as it now stands
	Matches []model.Match    // of this command, in order
	Closed  []model.LimitOrder
	Market  *model.Market // OpenMarket, ChangeSettings
	Kept    bool          // Replace: the order kept its place
	Repeat  bool          // an earlier answer, given again; Matches are in the tables
}

// batch is what one commit makes durable, with the answers it holds back.
type batch struct {
	at       model.Instant
	entries  []model.Entry
	events   []model.Event // backs the entries' events
	requests []*request
	items    int // of the requests
	touched  []*market
	sold     []sold
	views    []*View // of touched, cut when the batch is sealed
	record   *Record
}

// sold is one match, or the undoing of one, counted and told once it is durable.
type sold struct {
	market *market
	value  money.Minor
	seq    int64 // of the market's feed
	sale   model.Sale
	undone bool
}

func (x *sold) publish() {
	v := model.Volume{Value: x.value, Sales: 1}
	if x.undone {
		x.market.sold.take(x.sale.At, v)
		x.market.tape.correct(x.seq, x.sale)
		return
	}
	x.market.sold.add(x.sale.At, v)
	x.market.tape.add(x.seq, x.sale)
}

func (b *batch) empty() bool { return len(b.requests) == 0 && len(b.entries) == 0 }

// touch marks a market whose picture changes.
func (b *batch) touch(m *market) {
	if !m.dirty {
		m.dirty = true
		b.touched = append(b.touched, m)
	}
}

// add records a command's entry; events are copied, the book reuses its own.
func (b *batch) add(c *model.Command, o model.Outcome, events []model.Event, feedSeq int64) *model.Entry {
	from := len(b.events)
	b.events = append(b.events, events...)
	b.entries = append(b.entries, model.Entry{
		Command: *c, Outcome: o, Events: b.events[from:len(b.events):len(b.events)], FeedSeq: feedSeq,
	})
	return &b.entries[len(b.entries)-1]
}

// seal turns the batch into the record that follows the state's head and moves the head.
func (b *batch) seal(s *state) error {
	body, err := journal.Encode(b.entries)
	if err != nil {
		return fmt.Errorf("encode batch %d of shard %d: %w", s.head.Seq+1, s.lease.Shard, err)
	}
	row := journal.Row{
		Shard: s.lease.Shard, Seq: s.head.Seq + 1, Epoch: s.lease.Epoch,
		N: s.seq.Last(), At: b.at, PrevHash: s.head.Hash, Body: body,
	}
	row.Seal()
	s.head = Head{Seq: row.Seq, N: row.N, At: row.At, Hash: row.Hash}
	b.record = &Record{Row: row, Entries: b.entries}
	b.views = make([]*View, len(b.touched))
	for i, m := range b.touched {
		m.dirty = false
		b.views[i] = m.cut()
	}
	return nil
}

// publish shows readers what the batch did and answers its callers.
func (b *batch) publish() {
	for i := range b.sold {
		b.sold[i].publish()
	}
	for i, m := range b.touched { // whoever sees a view finds its sales on the tape
		m.view.Store(b.views[i])
	}
	b.release(nil)
}

func (b *batch) release(err error) {
	for _, r := range b.requests {
		r.answer(err)
	}
	b.requests = nil
}
