package book

import (
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// node is an open order. Links are slots of the slab; 0 is none.
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

// slab holds nodes in one slice and hands out freed slots again, so that a
// book that has warmed up allocates nothing.
type slab struct {
	nodes []node
	free  int32 // first freed slot, linked by next
}

func newSlab() slab { return slab{nodes: make([]node, 1, 64)} }

func (s *slab) take() int32 {
	if i := s.free; i != 0 {
		s.free = s.nodes[i].next
		return i
	}
	s.nodes = append(s.nodes, node{})
	return int32(len(s.nodes) - 1)
}

func (s *slab) put(i int32) {
	s.nodes[i] = node{next: s.free}
	s.free = i
}
