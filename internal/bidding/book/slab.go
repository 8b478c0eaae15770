package book

import (
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// node is an open order, as large as a cache line. Links are slots of the slab; 0 is none.
type node struct {
	id       model.OrderID
	priority int64
	price    money.Minor
	expires  model.Instant
	qty      model.Qty
	open     model.Qty
	side     model.Side
	warned   bool  // no warning of its end is due
	account  int32 // slot in accounts

	prev, next       int32 // within the level, by priority
	acctPrev, acctNx int32 // within the account
}

// slab holds nodes in one slice and hands out freed slots again, so that a book that has
// warmed up allocates nothing. Freed slots are kept apart: that a node was freed long ago,
// and is far away, holds up nobody who takes it only to write to it.
type slab struct {
	nodes []node
	free  []int32
}

func newSlab() slab { return slab{nodes: make([]node, 1, 64)} }

func (s *slab) take() int32 {
	if n := len(s.free); n > 0 {
		slot := s.free[n-1]
		s.free = s.free[:n-1]
		return slot
	}
	s.nodes = append(s.nodes, node{})
	return int32(len(s.nodes) - 1)
}

// put frees a slot. Whoever still has it sees by the id that it is not that order any more.
func (s *slab) put(slot int32) {
	s.nodes[slot].id = 0
	s.free = append(s.free, slot)
}
