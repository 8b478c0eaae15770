// Package cluster makes one exchange of several nodes: each carries out what concerns its
// own shards and hands everything else over to the node that owns it, once.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

const (
	patience = 500 * time.Millisecond // how long a call follows a shard that moves
	tryEvery = 20 * time.Millisecond
	tidyUp   = 100 * time.Millisecond
)

// Dial connects to a node.
type Dial func(address string) (*grpc.ClientConn, error)

// Exchange is all nodes as one; it implements service.Exchange. Safe for concurrent use.
type Exchange struct {
	local *engine.Engine
	dial  Dial
	log   zerolog.Logger

	mu    sync.Mutex
	peers map[string]*peer // by the node's name, which a restarted one has not
}

// New returns the exchange of which an engine is this node's part. It is a task of pkg/run.
func New(local *engine.Engine, dial Dial, log zerolog.Logger) *Exchange {
	return &Exchange{local: local, dial: dial, log: log, peers: make(map[string]*peer)}
}

// String names the task.
func (x *Exchange) String() string { return "the other nodes" }

// Run lets go, until ctx ends, of what nobody will answer any more: commands handed to a
// node that lost their shard, and nodes that are gone.
func (x *Exchange) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(tidyUp):
		}
		x.mu.Lock()
		for name, p := range x.peers {
			waiting := p.letGo(func(shard uint8) bool {
				owner, elsewhere := x.local.Owner(shard)
				return elsewhere && owner.Name == name
			})
			if !waiting && !x.local.Alive(name) {
				delete(x.peers, name)
				p.close()
			}
		}
		x.mu.Unlock()
	}
}

// Close ends the connections to the other nodes.
func (x *Exchange) Close(context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	for name, p := range x.peers {
		delete(x.peers, name)
		p.close()
	}
	return nil
}

// Submit carries a command out where its market lives, and returns once it is durable.
// Errors: as engine.Submit.
func (x *Exchange) Submit(ctx context.Context, c model.Command) (engine.Reply, error) {
	shard, err := x.local.ShardOf(&c)
	if err != nil {
		return engine.Reply{}, err
	}
	return x.submit(ctx, shard, c)
}

// submit follows a shard that is moving; a command that is refused because of that was
// certainly not carried out.
func (x *Exchange) submit(ctx context.Context, shard uint8, c model.Command) (engine.Reply, error) {
	for began := clock.Monotonic(); ; {
		r := x.hand(ctx, shard, []model.Command{c}).Wait(ctx)[0]
		if !errors.Is(r.Err, model.ErrNotOwner) || !again(ctx, began) {
			return r.Reply, r.Err
		}
	}
}

// again waits a little, and is false when it was tried for long enough.
func again(ctx context.Context, began time.Time) bool {
	if clock.Since(began) > patience {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(tryEvery):
		return true
	}
}

// SubmitAll carries a command out in every shard: for what concerns an account rather
// than a market. It stops at the first error; repeating it is safe.
func (x *Exchange) SubmitAll(ctx context.Context, c model.Command) error {
	shards, err := x.local.Shards()
	if err != nil {
		return err
	}
	for _, n := range shards {
		if _, err := x.submit(ctx, n, c); err != nil {
			return fmt.Errorf("shard %d: %w", n, err)
		}
	}
	return nil
}

// Start hands commands over, those of one market in their order, and returns at once.
// Those of a shard that is moving are refused with model.ErrNotOwner: to try them again
// here could bring them behind what came later.
func (x *Exchange) Start(ctx context.Context, commands []model.Command) engine.Pending {
	return engine.Spread(commands, x.local.ShardOf, func(shard uint8, commands []model.Command) engine.Pending {
		return x.hand(ctx, shard, commands)
	})
}

// hand hands commands to the node that owns their shard.
func (x *Exchange) hand(ctx context.Context, shard uint8, commands []model.Command) engine.Pending {
	owner, elsewhere := x.local.Owner(shard)
	if !elsewhere {
		return x.local.Hand(ctx, shard, commands)
	}
	p, err := x.peer(owner)
	if err != nil {
		return refused{len(commands), err}
	}
	return p.carry(ctx, shard, commands)
}

// View returns a market as of its last committed batch.
// Errors: model.ErrMarketNotFound, model.ErrUnavailable.
func (x *Exchange) View(ctx context.Context, market model.MarketID) (*engine.View, error) {
	return look(ctx, x, market,
		func() (*engine.View, error) { return x.local.View(market) },
		viewOf)
}

// Price returns what a market looks like now (DATA-001). Errors: as View.
func (x *Exchange) Price(ctx context.Context, market model.MarketID) (model.MarketPrice, error) {
	return look(ctx, x, market,
		func() (model.MarketPrice, error) { return x.local.Price(market) }, priceOf)
}

// look reads what is known of a market here or where it lives, and follows it when it moves.
func look[T any](
	ctx context.Context, x *Exchange, market model.MarketID, here func() (T, error), there func(*biddingv1.LookResponse) (T, error),
) (T, error) {
	for began := clock.Monotonic(); ; {
		v, err := here()
		if errors.Is(err, model.ErrNotOwner) {
			var r *biddingv1.LookResponse
			if r, err = x.ask(ctx, market); err == nil {
				v, err = there(r)
			}
		}
		moving := errors.Is(err, model.ErrNotOwner) || errors.Is(err, model.ErrUnavailable)
		if !moving || !again(ctx, began) {
			return v, err
		}
	}
}

// ask looks at a market of another node.
func (x *Exchange) ask(ctx context.Context, market model.MarketID) (*biddingv1.LookResponse, error) {
	p, err := x.ownerOf(market)
	if err != nil {
		return nil, err
	}
	call, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := p.client.Look(call, &biddingv1.LookRequest{Market: market[:]})
	if err != nil && call.Err() != nil && ctx.Err() == nil {
		return nil, model.ErrUnavailable.Because(err)
	}
	return r, rpc.FromStatus(err)
}

// Watch tells what a market looks like and what changes in it, wherever it lives.
// Errors: of send; ctx's own; model.ErrNotOwner once the market moves,
// model.ErrUnavailable when its node cannot be reached.
func (x *Exchange) Watch(
	ctx context.Context, market model.MarketID, w model.Watch, unopened *engine.View, send func(*model.FeedUpdate) error,
) error {
	told := false
	tell := func(u *model.FeedUpdate) error {
		told = true
		return send(u)
	}
	for began := clock.Monotonic(); ; {
		err := x.local.Watch(ctx, market, w, unopened, tell)
		if errors.Is(err, model.ErrNotOwner) && !told {
			err = x.watchThere(ctx, market, w, unopened, tell)
		}
		if told || !errors.Is(err, model.ErrNotOwner) || !again(ctx, began) {
			return err
		}
	}
}

// watchThere passes on what the node that owns a market tells of it.
func (x *Exchange) watchThere(
	ctx context.Context, market model.MarketID, w model.Watch, unopened *engine.View, send func(*model.FeedUpdate) error,
) error {
	p, err := x.ownerOf(market)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := p.client.Watch(ctx, &biddingv1.WatchRequest{
		Market: market[:], After: w.After, Levels: int32(w.Levels), Unopened: packMarket(&unopened.Market), //nolint:gosec // at most 100
	})
	for err == nil {
		var r *biddingv1.WatchResponse
		if r, err = stream.Recv(); err == nil {
			var u *model.FeedUpdate
			if u, err = updateOf(r); err == nil {
				err = send(u)
			}
		}
	}
	return rpc.FromStatus(err)
}

// ownerOf returns the node that owns a market. Errors: model.ErrNotOwner when that is
// this one, or nobody.
func (x *Exchange) ownerOf(market model.MarketID) (*peer, error) {
	shard, err := x.local.ShardOf(&model.Command{Market: market})
	if err != nil {
		return nil, err
	}
	owner, elsewhere := x.local.Owner(shard)
	if !elsewhere {
		return nil, model.ErrNotOwner
	}
	return x.peer(owner)
}

// Settled waits until the tables show everything that was committed when it was called.
// Errors: as engine.Settled.
func (x *Exchange) Settled(ctx context.Context, about ...model.Command) error {
	return x.local.Settled(ctx, about...)
}

// peer returns the connection to a node.
func (x *Exchange) peer(node engine.Node) (*peer, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if p := x.peers[node.Name]; p != nil {
		return p, nil
	}
	conn, err := x.dial(node.Addr)
	if err != nil {
		return nil, model.ErrUnavailable.Because(err)
	}
	p := newPeer(conn, x.log.With().Str("node", node.Name).Str("address", node.Addr).Logger())
	x.peers[node.Name] = p
	return p, nil
}
