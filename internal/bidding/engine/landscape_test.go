package engine_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/repository"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// landscape is one in which nodes hold shards; "" is a shard that was given up just now.
func landscape(nodes string, owners ...string) *engine.Landscape {
	l := &engine.Landscape{Shards: map[uint8]engine.Holding{}, Nodes: map[string]bool{}}
	for _, n := range nodes {
		l.Nodes[string(n)] = true
	}
	for i, owner := range owners {
		h := engine.Holding{Owner: engine.Node{Name: owner}, FreeFor: -time.Second}
		if owner == "" {
			h.FreeFor = 10 * time.Millisecond
		}
		l.Shards[uint8(i)] = h
	}
	return l
}

func TestShardsGoToWhoeverHasFewest(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		l      *engine.Landscape
		node   string
		claims []uint8
		gives  int // -1: nothing
	}{
		"alone, at the beginning":              {landscape("a", "", ""), "a", []uint8{0, 1}, -1},
		"alone, with everything":               {landscape("a", "a", "a"), "a", []uint8{0, 1}, -1},
		"another came":                         {landscape("ab", "a", "a"), "a", []uint8{0, 1}, 1},
		"the other has nothing yet":            {landscape("ab", "a", "a"), "b", nil, -1},
		"given up, for the other":              {landscape("ab", "a", ""), "a", []uint8{0}, -1},
		"given up, for me":                     {landscape("ab", "a", ""), "b", []uint8{1}, -1},
		"even":                                 {landscape("ab", "a", "b"), "a", []uint8{0}, -1},
		"one more is even":                     {landscape("ab", "a", "b", "a"), "a", []uint8{0, 2}, -1},
		"two more are not":                     {landscape("ab", "a", "b", "a", "a"), "a", []uint8{0, 2, 3}, 3},
		"a third came":                         {landscape("abc", "a", "b", "a", "b"), "b", []uint8{1, 3}, 3},
		"a dead node holds a shard for a time": {landscape("a", "a", "x"), "a", []uint8{0}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var claims []uint8
			for n := range uint8(len(tc.l.Shards)) {
				if tc.l.MayClaim(tc.node, n) {
					claims = append(claims, n)
				}
			}
			require.Equal(t, tc.claims, claims)
			n, ok := tc.l.Surplus(tc.node)
			require.Equal(t, tc.gives >= 0, ok)
			if ok {
				require.Equal(t, uint8(tc.gives), n)
			}
		})
	}
}

func TestAShardThatItsHeirLeavesLyingIsAnybodys(t *testing.T) {
	t.Parallel()
	l := landscape("ab", "a", "")
	require.False(t, l.MayClaim("a", 1))
	h := l.Shards[1]
	h.FreeFor = 2 * time.Second
	l.Shards[1] = h
	require.True(t, l.MayClaim("a", 1))
}

// owned lists the shards that an engine serves.
func owned(e *engine.Engine) (n int) {
	for shard := range uint8(2) {
		if engine.Serves(e, shard) {
			n++
		}
	}
	return n
}

func TestTwoNodesShareTheShardsAndOneInheritsThem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Equal(t, 2, owned(b.engine))
	second, stop := b.another("second")
	defer stop()
	require.Eventually(t, func() bool { return owned(b.engine) == 1 && owned(second) == 1 }, 15*time.Second, 5*time.Millisecond)
	require.NoError(t, second.Ready(context.Background()), "the other shard is served, if not here")

	var here, there int
	for here*there == 0 {
		market := id.New()
		c := model.Command{
			Kind: model.OpenMarket, Market: market, Settings: new(model.DefaultSettings()),
			Listing: &model.Listing{Product: id.New(), ProductName: "Shoe", SKU: "S-1", SizeLabel: "10", Currency: "USD"},
		}
		_, err := b.engine.Submit(context.Background(), c)
		if err == nil {
			here++
			continue
		}
		require.ErrorIs(t, err, model.ErrNotOwner)
		_, err = b.engine.View(market)
		require.ErrorIs(t, err, model.ErrNotOwner)
		_, err = second.Submit(context.Background(), c)
		require.NoError(t, err)
		there++
	}
	b.stop()
	left := clock.Monotonic()
	b.ready(second)
	require.Eventually(t, func() bool { return owned(second) == 2 }, 5*time.Second, time.Millisecond)
	require.Less(t, clock.Since(left), 2*time.Second, "nobody waits for the lease of a node that left")
}

// TestMATCH_005_ARefusalIsNotGivenByAWriterWhoseTermIsOver: while it slept, another may
// have changed what the refusal rests on.
func TestMATCH_005_ARefusalIsNotGivenByAWriterWhoseTermIsOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	refused := model.Command{Kind: model.Cancel, Market: market, Account: id.New(), Side: model.Bid, Order: 1 << 20}
	_, err := b.engine.Submit(context.Background(), refused)
	require.ErrorIs(t, err, model.ErrNotOpen)
	broken := func() ([]uint8, error) { return nil, errBroken }
	b.store.renew.Store(&broken)
	b.store.sights.Store(&errBroken)
	require.Eventually(t, func() bool {
		_, err := b.engine.Submit(context.Background(), refused)
		return err != nil && !errors.Is(err, model.ErrNotOpen)
	}, 10*time.Second, 20*time.Millisecond)
	b.store.renew.Store(nil)
	b.store.sights.Store(nil)
	require.Eventually(t, func() bool {
		_, err := b.engine.Submit(context.Background(), refused)
		return errors.Is(err, model.ErrNotOpen)
	}, 10*time.Second, 20*time.Millisecond, "it asks the database and goes on")
}

// skewedStore is a database whose clock is two seconds ahead, until it is right.
type skewedStore struct {
	*repository.Repository
	right atomic.Bool
}

func (s *skewedStore) Landscape(ctx context.Context, term time.Duration) (engine.Landscape, error) {
	l, err := s.Repository.Landscape(ctx, term)
	if !s.right.Load() {
		l.Now = l.Now.Add(2 * time.Second)
	}
	return l, err
}

func TestANodeWhoseClockIsOffClaimsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.stop()
	wrong := &skewedStore{Repository: b.store.Repository}
	e := engine.New(engine.Options{Store: wrong, Clock: clock.System{}, Node: engine.Node{Name: "off", Addr: "memory"}, Log: zerolog.Nop()})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = e.Run(ctx) }()
	defer func() { cancel(); <-done }()
	require.Never(t, func() bool { return e.Ready(context.Background()) == nil }, time.Second, 10*time.Millisecond)
	require.Zero(t, b.now(`SELECT count(*) FROM bidding_shards WHERE owner = 'off'`))
	wrong.right.Store(true)
	b.ready(e)
}

// TestAConnectionThatHangsHoldsUpItsOwnShardAlone: it has the row of the shard locked, until
// somebody ends it; the leases of the other shards are renewed meanwhile.
func TestAConnectionThatHangsHoldsUpItsOwnShardAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	well := b.open()
	mine, err := b.engine.ShardOf(&model.Command{Kind: model.Place, Market: well})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), engine.Term+2*time.Second)
	defer cancel()
	hangs, err := b.pool.Begin(ctx)
	require.NoError(t, err)
	defer func() { _ = hangs.Rollback(context.Background()) }()
	_, err = hangs.Exec(ctx, `UPDATE bidding_shards SET seq = seq WHERE shard <> $1`, mine)
	require.NoError(t, err)
	for ctx.Err() == nil {
		began := clock.Monotonic()
		_, err := b.engine.Submit(context.Background(), order(well, model.Bid, id.New(), 100_00, 1))
		require.NoError(t, err)
		require.Less(t, clock.Since(began), time.Second/2)
	}
}
