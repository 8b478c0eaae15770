package engine_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// TestMATCH_009_LogicalTimeNeverFalls: were it to, an order could fill at a time that was
// past its own before.
func TestMATCH_009_LogicalTimeNeverFalls(t *testing.T) {
	t.Parallel()
	b := setup(t)
	market := b.open()
	bid := func() model.Instant { return b.place(order(market, model.Bid, id.New(), 100_00, 1)).Order.CreatedAt }
	first := bid()
	b.clock.Set(start.Add(-time.Hour))
	require.Equal(t, first, bid())
	b.restart()
	require.Equal(t, first, bid(), "a new writer goes on from where the last one was")
	b.clock.Set(start.Add(time.Second))
	require.Equal(t, model.At(start.Add(time.Second)), bid())
	require.Zero(t, b.count(`SELECT count(*) FROM (SELECT at < lag(at) OVER (PARTITION BY shard ORDER BY seq) AS fell
		FROM bidding_journal) x WHERE fell`))
}

// jumping is the machine's clock, set wrong by so much; what waits on it waits as long as ever.
type jumping struct {
	clock.System
	off atomic.Int64
}

func (j *jumping) Now() time.Time { return j.System.Now().Add(time.Duration(j.off.Load())) }

// traded places orders of all lives in some markets, each for somebody else, until stop is
// closed, and returns how many; none may be refused.
func (b *bundle) traded(stop <-chan struct{}, markets []model.MarketID, seed uint64) (n int64) {
	dice := rand.New(rand.NewPCG(seed, 3))
	for ; ; n++ {
		select {
		case <-stop:
			return n
		default:
		}
		side := []model.Side{model.Bid, model.Ask}[dice.IntN(2)]
		c := order(markets[dice.IntN(len(markets))], side, id.New(), money.Minor(100_00+100*dice.IntN(5)), 1)
		c.Life = int64(time.Duration(1+dice.IntN(90)) * time.Minute / time.Microsecond)
		if _, err := b.engine.Submit(context.Background(), c); err != nil {
			b.t.Errorf("order %d: %v", n, err)
			return n
		}
	}
}

// TestMATCH_009_AClockThatJumpsUnderLoadBreaksNothing: no lease is lost, logical time never
// falls, and what a jump has ended stays ended when the clock is set back.
func TestMATCH_009_AClockThatJumpsUnderLoadBreaksNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.stop()
	clk := &jumping{}
	b.engine = engine.New(engine.Options{Store: b.store, Clock: clk, Node: engine.Node{Name: "jumps", Addr: "memory"}, Log: zerolog.Nop()})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = b.engine.Run(ctx) })
	defer func() { cancel(); running.Wait() }()
	b.ready(b.engine)
	markets := []model.MarketID{b.open(), b.open(), b.open(), b.open()}
	quiet := b.open() // nobody trades there while the clock jumps
	hour := order(quiet, model.Ask, id.New(), 100_00, 1)
	hour.Life = int64(50 * time.Minute / time.Microsecond)
	doomed := b.place(hour).Order
	epochs := b.now(`SELECT sum(epoch) FROM bidding_shards`)

	stop, placed := make(chan struct{}), atomic.Int64{}
	var trading sync.WaitGroup
	for seed := range uint64(8) {
		trading.Go(func() { placed.Add(b.traded(stop, markets, seed)) })
	}
	for _, off := range []time.Duration{0, time.Hour, 0, -24 * time.Hour, 0, time.Hour, -time.Hour} {
		clk.off.Store(int64(off))
		<-clk.After(engine.Term / 4) // all of them together last longer than a lease
	}
	close(stop)
	trading.Wait()
	require.Greater(t, placed.Load(), int64(100))

	require.Equal(t, model.Active, b.place(order(quiet, model.Bid, id.New(), 100_00, 1)).Order.Status, "the ask ended when the clock was ahead")
	require.Equal(t, 1, b.count(`SELECT count(*) FROM asks WHERE id = $1 AND status = 'expired'`, doomed.ID))
	require.Positive(t, b.count(`SELECT count(*) FROM matches`))
	require.Zero(t, b.count(`SELECT count(*) FROM (SELECT at < lag(at) OVER (PARTITION BY shard ORDER BY seq) AS fell
		FROM bidding_journal) x WHERE fell`))
	require.Zero(t, b.count(`SELECT count(*) FROM matches m JOIN bids b ON b.id = m.bid_id JOIN asks a ON a.id = m.ask_id
		WHERE m.created_at >= least(b.expires_at, a.expires_at)`), "nothing is sold past its time")
	require.Zero(t, b.count(`SELECT count(*) FROM bids WHERE closed_at IS NULL AND market_id <> $1
		AND expires_at <= (SELECT min(at) FROM (SELECT max(at) AS at FROM bidding_journal GROUP BY shard) x)`, quiet))
	require.Equal(t, epochs, b.now(`SELECT sum(epoch) FROM bidding_shards`), "no lease was lost")
}
