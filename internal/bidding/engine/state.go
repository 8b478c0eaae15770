package engine

import (
	"fmt"
	"sync"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/book"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// state is everything a shard knows in memory. It is dropped whole when a commit
// fails and read back from the database.
type state struct {
	lease    Lease
	head     Head // of the batch at hand, once it is sealed
	seq      *book.Sequence
	markets  map[model.MarketID]*market
	public   *sync.Map                 // MarketID -> *market, for readers
	orders   map[model.OrderID]*market // open orders
	limits   map[model.AccountID]model.AccountLimits
	bans     map[model.AccountID]model.Ban     // lifted ones too
	deadMen  map[model.AccountID]model.Instant // when the switches fire that are set
	reversed map[model.MatchID]struct{}
	recent   *dedupe
	tally    *tally

	tables *projector // nil until it is served
}

func newState(lease Lease) *state {
	return &state{
		lease:    lease,
		seq:      book.NewSequence(lease.Shard, 0),
		markets:  make(map[model.MarketID]*market),
		public:   &sync.Map{},
		orders:   make(map[model.OrderID]*market),
		limits:   make(map[model.AccountID]model.AccountLimits),
		bans:     make(map[model.AccountID]model.Ban),
		deadMen:  make(map[model.AccountID]model.Instant),
		reversed: make(map[model.MatchID]struct{}),
		recent:   newDedupe(RememberOrders),
		tally:    newTally(),
	}
}

// start continues where the shard's head is; every market becomes readable.
func (s *state) start(h Head) {
	s.head = h
	*s.seq = *book.NewSequence(s.lease.Shard, h.N)
	for _, m := range s.markets {
		m.tape.from = m.FeedSeq // what was sold before is in the tables
		m.view.Store(m.cut())
	}
}

// Market implements Restorer.
func (s *state) Market(m model.Market) { s.open(m) }

func (s *state) open(m model.Market) *market {
	mk := &market{Market: m, book: book.New(s.seq, m.Settings)}
	mk.book.Delist(m.Listing.Delisted)
	s.markets[m.ID] = mk
	s.public.Store(m.ID, mk)
	return mk
}

// Order implements Restorer.
func (s *state) Order(o *model.LimitOrder) {
	m := s.markets[o.Market]
	m.book.Restore(o)
	s.orders[o.ID] = m
	s.tally.add(o.Account, 1)
}

// Limits implements Restorer.
func (s *state) Limits(account model.AccountID, l model.AccountLimits) { s.limits[account] = l }

// Ban implements Restorer.
func (s *state) Ban(account model.AccountID, b model.Ban) { s.bans[account] = b }

// banned reports whether an account may place nothing.
func (s *state) banned(account model.AccountID) bool {
	b, known := s.bans[account]
	return known && !b.Lifted
}

// Sold implements Restorer.
func (s *state) Sold(market model.MarketID, at model.Instant, v model.Volume) {
	s.markets[market].sold.add(at, v)
}

// Recent implements Restorer: it remembers the answers in a journal row.
func (s *state) Recent(r *journal.Row) error {
	entries, err := journal.Decode(r.Body)
	if err != nil {
		return fmt.Errorf("shard %d batch %d: %w", r.Shard, r.Seq, err)
	}
	for i := range entries {
		if e := &entries[i]; e.Outcome.Order != 0 {
			s.recent.remember(r.At, &e.Command, e.Outcome)
		}
	}
	return nil
}

func (s *state) limitsOf(account model.AccountID) model.AccountLimits {
	if l, ok := s.limits[account]; ok {
		return l
	}
	return model.DefaultLimits
}

// tally counts open orders by account over a shard's markets.
type tally struct {
	mu   sync.Mutex
	open map[model.AccountID]int32
}

func newTally() *tally { return &tally{open: make(map[model.AccountID]int32)} }

func (t *tally) add(account model.AccountID, by int32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open[account] += by; t.open[account] == 0 {
		delete(t.open, account)
	}
}

func (t *tally) of(account model.AccountID) int32 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open[account]
}
