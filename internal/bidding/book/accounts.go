package book

import (
	"hash/maphash"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// account is somebody who has, or lately had, open orders in this book.
type account struct {
	id         model.AccountID
	open       int32
	head, tail int32 // its orders, in any sequence
}

// accounts gives each account a small number, so that orders compare owners by one word. One
// without open orders keeps its number for a while: most come back.
type accounts struct {
	list  []account // from 1 on; one of a free slot has no orders and is in no table
	index table
	seed  maphash.Seed
	free  []int32
	idle  int // in the table, without open orders
}

func newAccounts(seed maphash.Seed) accounts {
	return accounts{list: make([]account, 1, 16), seed: seed}
}

func (a *accounts) hash(id *model.AccountID) uint32 { return uint32(maphash.Bytes(a.seed, id[:])) }

// find returns the account's slot, 0 when the book does not know it.
func (a *accounts) find(id *model.AccountID) int32 { return a.look(id, a.hash(id)) }

func (a *accounts) look(id *model.AccountID, hash uint32) int32 {
	for slot, i := a.index.next(hash, hash); slot != 0; slot, i = a.index.next(hash, i+1) {
		if a.list[slot].id == *id {
			return slot
		}
	}
	return 0
}

// ensure returns the account's slot, a new one when the book does not know it.
func (a *accounts) ensure(id *model.AccountID) int32 {
	hash := a.hash(id)
	if slot := a.look(id, hash); slot != 0 {
		return slot
	}
	slot := a.take()
	a.list[slot] = account{id: *id}
	a.index.put(hash, slot)
	a.idle++
	return slot
}

// take returns a slot of the list for a new account.
func (a *accounts) take() int32 {
	if len(a.free) == 0 && a.idle > 16 && 2*a.idle > len(a.list) {
		a.forget()
	}
	if n := len(a.free); n > 0 {
		slot := a.free[n-1]
		a.free = a.free[:n-1]
		return slot
	}
	a.list = append(a.list, account{})
	return int32(len(a.list) - 1)
}

// forget frees the slots of all that have nothing open.
func (a *accounts) forget() {
	for slot := len(a.list) - 1; slot > 0; slot-- {
		if x := &a.list[slot]; x.open == 0 {
			a.index.remove(a.hash(&x.id), int32(slot))
			a.free = append(a.free, int32(slot))
		}
	}
	a.idle = 0
}

func (a *accounts) link(s *slab, slot int32) {
	n := &s.nodes[slot]
	acct := &a.list[n.account]
	n.acctPrev, n.acctNx = acct.tail, 0
	if acct.tail != 0 {
		s.nodes[acct.tail].acctNx = slot
	} else {
		acct.head = slot
		a.idle--
	}
	acct.tail = slot
	acct.open++
}

func (a *accounts) unlink(s *slab, slot int32) {
	n := &s.nodes[slot]
	acct := &a.list[n.account]
	if n.acctPrev != 0 {
		s.nodes[n.acctPrev].acctNx = n.acctNx
	} else {
		acct.head = n.acctNx
	}
	if n.acctNx != 0 {
		s.nodes[n.acctNx].acctPrev = n.acctPrev
	} else {
		acct.tail = n.acctPrev
	}
	if acct.open--; acct.open == 0 {
		a.idle++
	}
}
