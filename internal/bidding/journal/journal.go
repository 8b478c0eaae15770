// Package journal packs what a shard's batch did into one row and reads it back.
// The rows are the truth of the exchange: from them alone every book and table
// can be rebuilt, and their hashes form a chain that shows any change.
package journal

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// Hash is the fingerprint of a row and, through it, of every row before.
type Hash [sha256.Size]byte

// Row is one committed batch of a shard.
type Row struct {
	Shard    uint8
	Seq      int64 // batches of the shard, gap-free from 1
	Epoch    int64 // the ownership under which it was written
	N        int64 // the shard's last number after the batch
	At       model.Instant
	PrevHash Hash
	Hash     Hash
	Body     []byte
}

// Seal computes the row's hash over everything else in it.
func (r *Row) Seal() { r.Hash = r.digest() }

// Intact reports whether the row is what was sealed.
func (r *Row) Intact() bool { return r.Hash == r.digest() }

func (r *Row) digest() Hash {
	var head [sha256.Size + 1 + 4*8]byte
	copy(head[:], r.PrevHash[:])
	head[sha256.Size] = r.Shard
	for i, v := range []int64{r.Seq, r.Epoch, int64(r.At), r.N} {
		binary.BigEndian.PutUint64(head[sha256.Size+1+8*i:], uint64(v))
	}
	h := sha256.New()
	h.Write(head[:])
	h.Write(r.Body)
	return Hash(h.Sum(nil))
}
