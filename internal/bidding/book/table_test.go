package book

import (
	"hash/maphash"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// slots returns all slots of a table with a hash.
func (t *table) slots(hash uint32) map[int32]bool {
	all := map[int32]bool{}
	for slot, i := t.next(hash, hash); slot != 0; slot, i = t.next(hash, i+1) {
		all[slot] = true
	}
	return all
}

// TestTableIsAMap puts slots in and takes them out, as Go's map says. The hashes are few, so
// that some are equal, and at both ends of the range, so that cells wrap around.
func TestTableIsAMap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var real table
		known := map[uint32]map[int32]bool{}
		hashes := rapid.OneOf(rapid.Uint32Range(0, 5), rapid.Uint32Range(1<<32-6, 1<<32-1), rapid.Uint32())
		next := int32(0)
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				for range rapid.IntRange(1, 20).Draw(t, "n") {
					hash := hashes.Draw(t, "hash")
					next++
					real.put(hash, next)
					if known[hash] == nil {
						known[hash] = map[int32]bool{}
					}
					known[hash][next] = true
				}
			},
			"remove": func(t *rapid.T) {
				if next == 0 {
					t.Skip("there is nothing")
				}
				slot := rapid.Int32Range(1, next).Draw(t, "slot")
				for hash, slots := range known {
					if slots[slot] {
						real.remove(hash, slot)
						delete(slots, slot)
					}
				}
			},
			"": func(t *rapid.T) {
				taken := 0
				for hash, slots := range known {
					require.Equal(t, slots, real.slots(hash))
					taken += len(slots)
				}
				require.Equal(t, taken, real.taken)
				other := hashes.Draw(t, "other")
				require.Len(t, real.slots(other), len(known[other]))
				require.LessOrEqual(t, 2*taken, len(real.cells))
			},
		})
	})
}

// TestTableOfOneSizeIsReused fills and empties a table over and over: what left takes no room.
func TestTableOfOneSizeIsReused(t *testing.T) {
	t.Parallel()
	var x table
	for round := range uint32(1000) {
		for i := range uint32(fewestCells / 2) {
			x.put(round*i, int32(i+1))
		}
		for i := range uint32(fewestCells / 2) {
			x.remove(round*i, int32(i+1))
		}
	}
	require.Len(t, x.cells, fewestCells)
	require.Equal(t, make([]cell, fewestCells), x.cells)
}

// TestOrdersOfTwoShardsAreTwo looks for orders that have one number, each of another shard.
func TestOrdersOfTwoShardsAreTwo(t *testing.T) {
	t.Parallel()
	x, s := newIndex(maphash.MakeSeed()), newSlab()
	for shard := range model.OrderID(3) {
		slot := s.take()
		s.nodes[slot].id = 7<<8 | shard
		x.add(7<<8|shard, slot)
	}
	for shard := range model.OrderID(3) {
		require.EqualValues(t, 1+shard, x.find(&s, 7<<8|shard))
	}
	x.drop(7<<8|1, 2)
	require.Zero(t, x.find(&s, 7<<8|1))
	require.EqualValues(t, 3, x.find(&s, 7<<8|2))
}

// TestIdleAccountsAreForgotten has many accounts come once: the book keeps room for a few.
func TestIdleAccountsAreForgotten(t *testing.T) {
	t.Parallel()
	b := New(NewSequence(1, 0), model.DefaultSettings())
	stays := model.AccountID{15: 1}
	bid := func(account model.AccountID, life int64) {
		require.Nil(t, b.Submit(0, &model.Command{
			Kind: model.Place, Account: account, Side: model.Bid, Type: model.Limit, SelfTrade: model.CancelNewest,
			Price: 100_00, Qty: 1, Life: life,
		}).Refusal)
	}
	bid(stays, 2)
	for i := range 1000 {
		passes := model.AccountID{byte(i), byte(i >> 8), 1}
		bid(passes, 1)
		require.EqualValues(t, 1, b.OpenOf(passes))
		b.Submit(0, &model.Command{Kind: model.CancelAll, Account: passes})
		require.Zero(t, b.OpenOf(passes))
		require.EqualValues(t, 1, b.OpenOf(stays))
	}
	require.Less(t, len(b.accounts.list), 100)
	require.Less(t, b.accounts.index.taken, 100)
}
