package fsck

import (
	"context"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
)

// ofDeadMan is why a dead man's orders were cancelled.
const ofDeadMan = "DEAD_MAN_SWITCH"

// deadMan notes what became of a switch: it was set, switched off, or has fired.
func (a *act) deadMan(v *journalv1.DeadMan) {
	account, ok := a.uuid(v.GetAccount())
	if !ok {
		return
	}
	key := banKey{a.number, account}
	ends, set := a.deadMen[key]
	next := instant(v.GetEndsAt())
	switch {
	case v.GetReason() != "":
		if v.GetReason() != ofDeadMan || next != 0 || !set || a.row.at < ends {
			a.found("J19", "%s: the switch of account %s fires at %s, it is set for %s (%q)", a.at, account, a.row.at, ends, v.GetReason())
		}
		a.dying = account
	case next == 0 && !set, next != 0 && next != a.row.at+instant(v.GetLife()):
		a.found("J19", "%s: the switch of account %s cannot be set for %s", a.at, account, next)
	}
	if next == 0 {
		delete(a.deadMen, key)
	} else {
		a.deadMen[key] = next
	}
}

// bury checks, once the cancellations of a switch that fired are over, that nothing is left.
func (s *shard) bury(at string, next *journalv1.Entry) {
	c := next.GetCancelAll()
	if s.dying == id.None || (c.GetReason() == ofDeadMan && bytesAre(s.dying, c.GetAccount())) {
		return
	}
	if n := s.held[holding{account: s.dying}]; n != 0 {
		s.found("J19", "%s: the switch of account %s fired, %d still open", at, s.dying, n)
	}
	s.dying = id.None
}

// compareDeadMen compares the table of switches with the journal.
func (x *exchange) compareDeadMen(ctx context.Context) error {
	rows, err := x.tx.Query(ctx, `SELECT shard, account_id, ends_at FROM bidding_dead_men`)
	if err != nil {
		return err
	}
	var shard int16
	var account id.UUID
	var ends time.Time
	left := maps.Clone(x.deadMen)
	_, err = pgx.ForEachRow(rows, []any{&shard, &account, &ends}, func() error {
		key := banKey{shard, account}
		if want, ok := left[key]; !ok || want != instantOf(ends) {
			x.found("J19", "shard=%d account=%s ends_at=%s journal=%s", shard, account, instantOf(ends), want)
		}
		delete(left, key)
		return nil
	})
	for key := range left {
		x.found("J19", "shard=%d account=%s: a switch of the journal is missing", key.shard, key.account)
	}
	return err
}
