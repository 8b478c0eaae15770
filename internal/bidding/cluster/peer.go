package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// outgoing is how many requests may wait for the stream.
const outgoing = 1024

// peer is another node. What it is asked to carry out goes through one stream, so that
// it is taken in in the order in which it was handed over.
type peer struct {
	client biddingv1.NodeServiceClient
	conn   *grpc.ClientConn
	log    zerolog.Logger
	out    chan *carried
	stop   context.CancelFunc
	ended  chan struct{}

	mu      sync.Mutex
	last    uint64
	pending map[uint64]*carried // queued or sent, not answered
}

// carried are commands that another node was handed.
type carried struct {
	peer    *peer
	shard   uint8
	request *biddingv1.CarryRequest
	since   time.Time // by the monotonic clock
	sent    bool      // guarded by the peer's mu
	done    chan struct{}
	results []engine.Result // set before done is closed
	once    sync.Once
}

// refused are commands that were not handed over at all.
type refused struct {
	commands int
	err      error
}

// Wait implements engine.Pending.
func (r refused) Wait(context.Context) []engine.Result { return all(r.commands, r.err) }

func all(n int, err error) []engine.Result {
	out := make([]engine.Result, n)
	for i := range out {
		out[i].Err = err
	}
	return out
}

func newPeer(conn *grpc.ClientConn, log zerolog.Logger) *peer {
	ctx, stop := context.WithCancel(context.Background())
	p := &peer{
		client: biddingv1.NewNodeServiceClient(conn), conn: conn, log: log, stop: stop,
		out: make(chan *carried, outgoing), ended: make(chan struct{}), pending: make(map[uint64]*carried),
	}
	go p.run(ctx)
	return p
}

// close ends the connection; whoever waits is told that the outcome is unknown.
func (p *peer) close() {
	p.stop()
	<-p.ended
	_ = p.conn.Close() // only this process hears of it
}

// carry hands commands over and returns at once.
func (p *peer) carry(ctx context.Context, shard uint8, commands []model.Command) engine.Pending {
	packed, err := packCommands(commands)
	if err != nil {
		return refused{len(commands), err}
	}
	c := &carried{
		peer: p, shard: shard, since: clock.Monotonic(), done: make(chan struct{}),
		request: &biddingv1.CarryRequest{Shard: uint32(shard), Commands: packed},
	}
	p.number(c)
	select {
	case p.out <- c:
		return c
	case <-p.ended:
		p.forget(c, model.ErrNotOwner)
	case <-ctx.Done():
		p.forget(c, ctx.Err())
	}
	return c
}

// number notes that an answer to commands is waited for.
func (p *peer) number(c *carried) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	c.request.Id = p.last
	p.pending[p.last] = c
}

// forget answers commands that were not sent.
func (p *peer) forget(c *carried, why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pending, c.request.GetId())
	c.fail(why)
}

// answer releases whoever waits; only the first answer counts.
func (c *carried) answer(results []engine.Result) {
	c.once.Do(func() {
		c.results = results
		close(c.done)
	})
}

func (c *carried) fail(err error) { c.answer(all(len(c.request.GetCommands()), err)) }

// Wait implements engine.Pending.
func (c *carried) Wait(ctx context.Context) []engine.Result {
	select {
	case <-c.done:
		return c.results
	case <-c.peer.ended: // whatever was sent has been answered
		c.fail(model.ErrNotOwner)
		return c.results
	case <-ctx.Done():
		return all(len(c.request.GetCommands()), ctx.Err())
	}
}

// run keeps a stream while there is something to carry, until ctx ends.
func (p *peer) run(ctx context.Context) {
	defer close(p.ended)
	for {
		select {
		case c := <-p.out:
			p.stream(ctx, c)
		case <-ctx.Done():
			p.turnAway(model.ErrNotOwner)
			return
		}
	}
}

// stream sends what is to be carried, beginning with first, until the stream breaks. What
// was sent then has an unknown outcome, what was not can be tried elsewhere.
func (p *peer) stream(ctx context.Context, first *carried) {
	ctx, cut := context.WithCancel(ctx)
	defer cut()
	stream, err := p.client.Carry(ctx)
	if err != nil {
		p.log.Warn().Err(err).Msg("the node cannot be reached")
		p.forget(first, model.ErrNotOwner)
		p.turnAway(model.ErrNotOwner)
		return
	}
	broken := make(chan struct{})
	go func() {
		defer close(broken)
		if err := p.receive(stream); ctx.Err() == nil {
			p.log.Warn().Err(err).Msg("the connection to the node broke")
		}
	}()
	defer func() { <-broken; p.failPending() }()
	for c := first; ; {
		if p.leaves(c) {
			if err := stream.Send(c.request); err != nil {
				cut()
				return
			}
		}
		select {
		case c = <-p.out:
		case <-broken:
			return
		case <-ctx.Done():
			return
		}
	}
}

// leaves notes that commands are about to be sent; false when nobody waits for them any more.
func (p *peer) leaves(c *carried) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, waiting := p.pending[c.request.GetId()]
	c.sent = waiting
	return waiting
}

// receive passes answers on until the stream ends, and says why it did.
func (p *peer) receive(stream grpc.BidiStreamingClient[biddingv1.CarryRequest, biddingv1.CarryResponse]) error {
	for {
		r, err := stream.Recv()
		if err != nil {
			return err
		}
		p.mu.Lock()
		c := p.pending[r.GetId()]
		delete(p.pending, r.GetId())
		p.mu.Unlock()
		if c != nil {
			c.answer(unpackResults(r.GetResults(), len(c.request.GetCommands())))
		}
	}
}

// turnAway refuses what was never sent.
func (p *peer) turnAway(why error) {
	for {
		select {
		case c := <-p.out:
			p.forget(c, why)
		default:
			return
		}
	}
}

// failPending tells whoever waits for a stream that is no more.
func (p *peer) failPending() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, c := range p.pending {
		if c.sent {
			c.fail(model.ErrUnavailable)
			delete(p.pending, id)
		}
	}
}

// letGo tells those who have waited for a while for a node that does not own their shard
// any more: it may be asleep, and what it was sent may still be on its way. It reports whether anybody still waits.
func (p *peer) letGo(owns func(shard uint8) bool) (waiting bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, c := range p.pending {
		if clock.Since(c.since) > patience && !owns(c.shard) {
			c.fail(model.ErrUnavailable)
			delete(p.pending, id)
		}
	}
	return len(p.pending) > 0
}
