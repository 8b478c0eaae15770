package book

import (
	"hash/maphash"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// index finds the slots of open orders by their ids.
type index struct {
	table
	odd uint64 // a random factor: nobody knows which ids meet
}

func newIndex(seed maphash.Seed) index { return index{odd: maphash.Comparable(seed, 0) | 1} }

// hash spreads ids over a table, but keeps four that follow each other together: orders that
// came in one after the other often go so as well, and share a cache line then. One
// multiplication would do for most factors; with some, ids at equal distances crowd.
func (x *index) hash(id model.OrderID) uint32 {
	n := uint64(id) >> 8 // without the shard
	h := (n >> 2) * x.odd
	h = (h ^ h>>32) * x.odd
	return uint32(h>>32)<<2 | uint32(n&3)
}

// find returns the slot of an open order, 0 when there is none of that id.
func (x *index) find(s *slab, id model.OrderID) int32 {
	hash := x.hash(id)
	for slot, i := x.next(hash, hash); slot != 0; slot, i = x.next(hash, i+1) {
		if s.nodes[slot].id == id {
			return slot
		}
	}
	return 0
}

func (x *index) add(id model.OrderID, slot int32) { x.put(x.hash(id), slot) }

func (x *index) drop(id model.OrderID, slot int32) { x.remove(x.hash(id), slot) }
