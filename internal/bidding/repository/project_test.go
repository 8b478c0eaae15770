package repository_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/repository"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func TestShardsThatWriteTheSameLimitsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	const accounts, rounds = 300, 10
	pool := testkit.Database(t)
	repo := repository.New(pool, pool)
	entries := make([]model.Entry, accounts)
	for i := range entries {
		entries[i].Command = model.Command{Kind: model.ChangeLimits, Account: id.New(), Limits: model.DefaultLimits}
	}
	errs := make([]error, 2)
	var both sync.WaitGroup
	for shard := range uint8(2) {
		lease, ok, err := repo.Claim(context.Background(), engine.Node{Name: "n", Addr: "a"}, shard, time.Minute)
		require.NoError(t, err)
		require.True(t, ok)
		both.Go(func() {
			for seq := int64(1); seq <= rounds && errs[shard] == nil; seq++ {
				r := &engine.Record{Row: journal.Row{Shard: shard, Seq: seq, Epoch: lease.Epoch, At: 1}, Entries: entries}
				errs[shard] = repo.Project(context.Background(), shard, seq-1, []*engine.Record{r})
			}
		})
	}
	both.Wait()
	require.Equal(t, []error{nil, nil}, errs)
}
