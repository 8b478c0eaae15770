package book

import "github.com/sneakers-marketplace/marketplace/internal/bidding/model"

// Sequence numbers everything a shard accepts. All books of a shard share one.
type Sequence struct {
	n     int64
	shard uint8
}

// NewSequence continues a shard's numbers after n.
func NewSequence(shard uint8, n int64) *Sequence { return &Sequence{n: n, shard: shard} }

// Last returns the number given last.
func (s *Sequence) Last() int64 { return s.n }

func (s *Sequence) next() int64 {
	s.n++
	return s.n
}

// id makes an order or match id of a number: n*256 + shard (ID-001).
func (s *Sequence) id(n int64) int64 { return n<<8 | int64(s.shard) }

// ShardOf returns the shard that gave an order's id.
func ShardOf(id model.OrderID) uint8 { return uint8(id & 0xff) }
