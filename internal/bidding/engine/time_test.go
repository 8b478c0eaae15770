package engine_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
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
