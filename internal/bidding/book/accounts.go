package book

import "github.com/sneakers-marketplace/marketplace/internal/bidding/model"

// account is somebody with open orders in this book.
type account struct {
	id         model.AccountID
	open       int32
	head, tail int32 // its orders, in any sequence
}

// accounts gives each account a small number while it has open orders, so that
// orders compare owners by one word.
type accounts struct {
	list  []account
	index map[model.AccountID]int32
	free  []int32
}

func newAccounts() accounts {
	return accounts{list: make([]account, 1, 16), index: make(map[model.AccountID]int32)}
}

// find returns the account's slot, 0 when it has nothing open.
func (a *accounts) find(id model.AccountID) int32 { return a.index[id] }

func (a *accounts) open(id model.AccountID) int32 { return a.list[a.index[id]].open }

func (a *accounts) ensure(id model.AccountID) int32 {
	if i := a.index[id]; i != 0 {
		return i
	}
	var i int32
	if n := len(a.free); n > 0 {
		i, a.free = a.free[n-1], a.free[:n-1]
		a.list[i] = account{id: id}
	} else {
		i = int32(len(a.list))
		a.list = append(a.list, account{id: id})
	}
	a.index[id] = i
	return i
}

func (a *accounts) link(s *slab, slot int32) {
	n := &s.nodes[slot]
	acct := &a.list[n.account]
	n.acctPrev = acct.tail
	if acct.tail != 0 {
		s.nodes[acct.tail].acctNx = slot
	} else {
		acct.head = slot
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
		delete(a.index, acct.id)
		a.free = append(a.free, n.account)
	}
}
