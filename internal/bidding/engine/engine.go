package engine

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/book"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// Term is how long a lease lasts unless it is renewed, which happens each second.
const (
	Term       = 3 * time.Second
	renewEvery = time.Second
	readMargin = 500 * time.Millisecond // reads stop this long before the term ends

	landscapeEvery = 100 * time.Millisecond
	maxSkew        = time.Second // a node whose clock is further off does not claim
)

// Engine runs the shards of one node.
type Engine struct {
	store   Store
	clock   clock.Clock
	node    Node
	log     zerolog.Logger
	metrics *Metrics
	feeds   *feeds

	shardOf [Slots]uint8
	shards  map[uint8]*shard
	sight   atomic.Pointer[sight]
	ready   chan struct{} // closed once the topology is known
	stopped chan struct{}
}

// Options are what an engine is made of.
type Options struct {
	Store   Store
	Clock   clock.Clock
	Node    Node
	Log     zerolog.Logger
	Metrics *Metrics // nil = not measured
}

// New returns an engine; Run starts it.
func New(o Options) *Engine {
	return &Engine{
		store: o.Store, clock: o.Clock, node: o.Node, log: o.Log, metrics: o.Metrics, feeds: newFeeds(),
		shards: make(map[uint8]*shard), ready: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// Run writes the shards until ctx ends; then it commits and answers what was
// taken in and gives the shards up.
func (e *Engine) Run(ctx context.Context) error {
	defer close(e.stopped)
	e.work(ctx)
	return nil
}

// Close implements run.Task; everything ends with Run.
func (e *Engine) Close(context.Context) error { return nil }

// work runs every shard and keeps their leases until ctx ends.
func (e *Engine) work(ctx context.Context) {
	if !e.learn(ctx) {
		return
	}
	var wg sync.WaitGroup
	for _, s := range e.shards {
		wg.Go(func() { s.run(ctx) })
	}
	wg.Go(func() { e.renew(ctx) })
	wg.Go(func() { e.watch(ctx) })
	wg.Wait()
}

// learn reads the topology, however long that takes; false when ctx ended first.
func (e *Engine) learn(ctx context.Context) bool {
	for {
		t, err := e.store.Topology(ctx)
		if err == nil {
			e.shardOf = t.ShardOf
			for _, n := range t.Shards {
				e.shards[n] = e.newShard(n)
			}
			close(e.ready)
			return true
		}
		if ctx.Err() == nil {
			e.log.Warn().Err(err).Msg("the exchange cannot reach its database; trying again")
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(renewEvery):
		}
	}
}

func (e *Engine) newShard(n uint8) *shard {
	return &shard{
		number: n, store: e.store, clock: e.clock, node: e.node, log: e.log,
		queue: make(chan *request, queueLength), lost: make(chan struct{}, 1), leave: make(chan struct{}, 1), sight: e.sight.Load,
		openElsewhere: func(a model.AccountID) int32 { return e.openBeside(n, a) },
		metrics:       e.metrics, feeds: e.feeds,
	}
}

// openBeside counts an account's open orders in every shard but one.
func (e *Engine) openBeside(n uint8, account model.AccountID) int32 {
	var sum int32
	for _, s := range e.shards {
		if st := s.serving.Load(); st != nil && s.number != n {
			sum += st.tally.of(account)
		}
	}
	return sum
}

// renew prolongs the leases each second and says that the node is alive; a shard that
// lost its lease is told.
func (e *Engine) renew(ctx context.Context) {
	defer e.withdraw()
	for {
		e.announce(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(renewEvery):
		}
		e.prolongAll(ctx)
	}
}

// prolongAll renews the leases beside each other: one whose row is locked by a connection
// that hangs must keep no other waiting.
func (e *Engine) prolongAll(ctx context.Context) {
	var wg sync.WaitGroup
	for _, s := range e.shards {
		if lease := s.held.Load(); lease != nil {
			wg.Go(func() { e.prolong(ctx, *lease) })
		}
	}
	wg.Wait()
}

// announce says that the node is alive, unless it could not write anything.
func (e *Engine) announce(ctx context.Context) {
	if s := e.sight.Load(); s != nil && s.skewed {
		return
	}
	call, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	if err := e.store.Announce(call, e.node); err != nil && ctx.Err() == nil {
		e.log.Warn().Err(err).Msg("the other nodes do not hear of this one")
	}
}

// withdraw lets the others take over at once what this node gives up.
func (e *Engine) withdraw() {
	ctx, cancel := context.WithTimeout(context.Background(), renewEvery)
	defer cancel()
	if err := e.store.Withdraw(ctx, e.node); err != nil {
		e.log.Warn().Err(err).Msg("the other nodes do not hear that this one leaves; they will notice")
	}
}

func (e *Engine) prolong(ctx context.Context, lease Lease) {
	asked := clock.Monotonic()
	call, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	held, err := e.store.Renew(call, e.node, []Lease{lease}, Term)
	switch s := e.shards[lease.Shard]; {
	case err != nil: // nothing is known; the term says when it is over
		if ctx.Err() == nil {
			e.log.Warn().Err(err).Uint8("shard", lease.Shard).Msg("lease not renewed")
		}
	case slices.Contains(held, lease.Shard):
		s.until.Store(deadline(asked))
	default:
		signal(s.lost)
	}
}

// SlotOf returns the slot a market lives in, for ever.
func SlotOf(m model.MarketID) int {
	h := fnv.New64a()
	h.Write(m[:])
	return int(h.Sum64() % Slots)
}

// Submit carries a command out and returns once it is durable. A command about
// an order may leave Market zero: the order's id leads to its shard.
// Errors: the refusals of model; ErrUnavailable when the outcome is not known to
// be good - repeat with the same client_order_id; ctx's own.
func (e *Engine) Submit(ctx context.Context, c model.Command) (Reply, error) {
	n, err := e.ShardOf(&c)
	if err != nil {
		return Reply{}, err
	}
	return e.submit(ctx, e.shards[n], c)
}

// submit hands a command to one shard and waits for its answer.
func (e *Engine) submit(ctx context.Context, s *shard, c model.Command) (Reply, error) {
	r := newRequest(c)
	if err := e.enqueue(ctx, s, r); err != nil {
		return Reply{}, err
	}
	if err := e.wait(ctx, r); err != nil {
		return Reply{}, err
	}
	return r.items[0].reply, r.items[0].err
}

func (e *Engine) enqueue(ctx context.Context, s *shard, r *request) error {
	if _, elsewhere := e.Owner(s.number); elsewhere {
		return model.ErrNotOwner
	}
	select {
	case s.queue <- r:
		return nil
	case <-e.stopped:
		return model.ErrUnavailable
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Engine) wait(ctx context.Context, r *request) error {
	select {
	case <-r.done:
		return nil
	case <-e.stopped:
		return model.ErrUnavailable
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ShardOf returns the shard that a command belongs to: its market's, or that of the order
// it is about. Errors: model.ErrUnavailable before the shards are known; model.ErrNotOpen
// when no order can have that id.
func (e *Engine) ShardOf(c *model.Command) (uint8, error) {
	if !e.started() {
		return 0, model.ErrUnavailable.After(renewEvery)
	}
	n := e.shardOf[SlotOf(c.Market)]
	if c.Market == (model.MarketID{}) {
		n = book.ShardOf(c.Order)
	}
	if e.shards[n] == nil {
		return 0, model.ErrNotOpen
	}
	return n, nil
}

// Shards lists all shards, whoever owns them. Errors: model.ErrUnavailable before they
// are known.
func (e *Engine) Shards() ([]uint8, error) {
	if !e.started() {
		return nil, model.ErrUnavailable.After(renewEvery)
	}
	return slices.Sorted(maps.Keys(e.shards)), nil
}

// started reports whether the shards are known.
func (e *Engine) started() bool {
	select {
	case <-e.ready:
		return true
	default:
		return false
	}
}

// SubmitAll carries a command out in every shard: for what concerns an account
// rather than a market. It stops at the first error; repeating it is safe.
func (e *Engine) SubmitAll(ctx context.Context, c model.Command) error {
	shards, err := e.Shards()
	if err != nil {
		return err
	}
	for _, n := range shards {
		if _, err := e.submit(ctx, e.shards[n], c); err != nil {
			return fmt.Errorf("shard %d: %w", n, err)
		}
	}
	return nil
}

// View returns a market as of its last committed batch. It waits for nothing.
// Errors: model.ErrMarketNotFound; model.ErrNotOwner when another node owns it;
// model.ErrUnavailable while nobody surely does.
func (e *Engine) View(id model.MarketID) (*View, error) {
	n, err := e.ShardOf(&model.Command{Market: id})
	if err != nil {
		return nil, err
	}
	st := e.shards[n].readable()
	if st == nil {
		if _, elsewhere := e.Owner(n); elsewhere {
			return nil, model.ErrNotOwner
		}
		return nil, model.ErrUnavailable.After(renewEvery)
	}
	v, _ := st.public.Load(id)
	m, ok := v.(*market)
	if !ok {
		return nil, model.ErrMarketNotFound
	}
	view := m.view.Load()
	if view == nil { // opened by a batch that is not durable yet
		return nil, model.ErrMarketNotFound
	}
	return view, nil
}

// Price returns what a market looks like now (DATA-001), from memory.
// Errors: as View.
func (e *Engine) Price(id model.MarketID) (model.MarketPrice, error) {
	v, err := e.View(id)
	if err != nil {
		return model.MarketPrice{}, err
	}
	return v.Price(model.At(e.clock.Now())), nil
}

// Settled waits until the tables show everything that was committed when it was called: in
// the shards of what it is about, or in all. Errors: ctx's own; model.ErrUnavailable while a
// shard has no owner here and its tables cannot be asked about.
func (e *Engine) Settled(ctx context.Context, about ...model.Command) error {
	if !e.started() {
		return model.ErrUnavailable.After(renewEvery)
	}
	shards := e.shards
	if len(about) > 0 {
		shards = make(map[uint8]*shard, len(about))
		for i := range about {
			if n, err := e.ShardOf(&about[i]); err == nil { // otherwise there is no such order, in no table
				shards[n] = e.shards[n]
			}
		}
	}
	for _, s := range shards {
		s.hasten()
	}
	for _, s := range shards {
		if err := s.settled(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Ready reports whether every shard is being served, by whichever node: nil when it is.
func (e *Engine) Ready(context.Context) error {
	if !e.started() {
		return errors.New("the exchange has not reached its database yet")
	}
	for n, s := range e.shards {
		if _, elsewhere := e.Owner(n); !elsewhere && s.readable() == nil {
			return fmt.Errorf("shard %d is not being served", n)
		}
	}
	return nil
}
