package main

import (
	"fmt"
	"slices"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// key names an attempt: accounts give their own client_order_ids.
type key struct {
	account id.UUID
	id      string
}

// entry is an attempt and, once there is one, its definite answer.
type entry struct {
	attempt
	account id.UUID
	told    *answer // acknowledged or refused; nil while the outcome is unknown
	doubts  int     // answers before told, which left the outcome open
}

// expectation is what the clients were told of an order.
type expectation struct {
	by       *entry
	quantity int32
	over     bool   // it is closed
	status   string // blank: closed or open, whichever
	reason   string
	open     int32 // left when it was closed; -1: nobody was told
}

// wish is that an order be replaced or cancelled.
type wish struct {
	op    string
	order int64
}

// internalError is what a marketplace says that does not know what went wrong. A
// database that is away is no such case.
const internalError = "INTERNAL"

// ledger is what all diaries say together.
type ledger struct {
	dir      string
	read     map[string]int64 // up to which byte of each file
	entries  map[key]*entry
	orders   map[int64]*expectation
	matches  map[int64]match
	wishes   map[wish]bool
	unsure   map[string]int // answers that left the outcome open, by reason
	findings findings       // what the diaries give away by themselves
}

func newLedger(dir string) *ledger {
	return &ledger{
		dir: dir, read: make(map[string]int64), entries: make(map[key]*entry), orders: make(map[int64]*expectation),
		matches: make(map[int64]match), wishes: make(map[wish]bool), unsure: make(map[string]int),
	}
}

// update reads what the diaries have got since the last time.
func (l *ledger) update() error {
	files, err := diaries(l.dir)
	if err != nil {
		return err
	}
	for path, account := range files {
		end, err := readDiary(path, l.read[path], func(r record) { l.enter(account, r) })
		if err != nil {
			return fmt.Errorf("read a client's diary: %w", err)
		}
		l.read[path] = end
	}
	return nil
}

func (l *ledger) enter(account id.UUID, r record) {
	if a := r.Attempt; a != nil {
		l.entries[key{account, a.ID}] = &entry{attempt: *a, account: account}
		l.wishes[wish{a.Op, a.Order}] = true
	}
	if r.Answer == nil {
		return
	}
	e := l.entries[key{account, r.Answer.ID}]
	if r.Answer.Outcome == unknown {
		l.unsure[r.Answer.Reason]++
		if e != nil {
			e.doubts++
		}
		return
	}
	if e == nil {
		l.findings.phantom("account %s was answered %s, which it never asked for", account, r.Answer.ID)
		return
	}
	e.told = r.Answer
	if r.Answer.Outcome == refused {
		l.refused(e)
		return
	}
	l.acknowledged(e)
}

// acknowledged notes what a client that was told yes may rely on.
func (l *ledger) acknowledged(e *entry) {
	t := e.told
	if e.Op == cancel {
		l.close(e, "cancelled", "REQUESTED", t.Open)
		return
	}
	for _, m := range t.Matches {
		if known, ok := l.matches[m.ID]; ok && known != m {
			l.findings.lost("match %d was told as %+v and as %+v", m.ID, known, m)
		}
		l.matches[m.ID] = m
	}
	same := t.Price == e.Price && t.Market == e.Market
	if t.Kept {
		same = same && t.Order == e.Order && len(t.Matches) == 0
	} else {
		same = same && t.Quantity == e.Quantity
	}
	if !same {
		l.findings.lost("%s was answered with another order: %+v", e, *t)
	}
	if t.Kept {
		if x := l.orders[t.Order]; x != nil {
			x.quantity = t.Quantity
		}
		return
	}
	if e.Op == replace {
		l.close(e, "cancelled", "REPLACED", -1)
	}
	if other := l.orders[t.Order]; other != nil {
		l.findings.lost("%s and %s were both told that order %d is theirs", other.by, e, t.Order)
	}
	x := &expectation{by: e, quantity: t.Quantity, open: -1}
	if !slices.Contains([]string{"active", "partially_matched"}, t.Status) {
		x.over, x.status, x.reason, x.open = true, t.Status, t.Why, t.Open
	}
	l.orders[t.Order] = x
}

// leavesRow are the refusals after which the tables have a rejected order (MATCH-008).
var leavesRow = []string{"SELF_TRADE", "FOK_NOT_FILLABLE", "POST_ONLY_WOULD_CROSS"}

// refused notes what a refusal says about the tables.
func (l *ledger) refused(e *entry) {
	switch reason := e.told.Reason; {
	case reason == "TOO_MANY_OPEN_ORDERS":
	case reason == "ALREADY_MATCHED" && e.Op != place:
		l.close(e, "matched", "", 0)
	case reason == "NOT_OPEN" && e.Op != place:
		l.close(e, "", "", -1)
	case slices.Contains(leavesRow, reason) && e.Op == replace:
		l.close(e, "cancelled", "REPLACED", -1)
	case slices.Contains(leavesRow, reason) && e.Op == place:
	default:
		l.findings.lost("%s was refused with %s, which nothing explains", e, reason)
	}
}

// close notes that the order which an entry is about is closed.
func (l *ledger) close(e *entry, status, reason string, open int32) {
	x := l.orders[e.Order]
	if x == nil {
		l.findings.phantom("%s is about order %d, which nobody was told of", e, e.Order)
		return
	}
	x.over = true
	if x.status == "" {
		x.status, x.reason, x.open = status, reason, open
	}
}

// String names the attempt.
func (e *entry) String() string {
	return fmt.Sprintf("%s %s %s of account %s", e.Op, e.Side, e.ID, e.account)
}
