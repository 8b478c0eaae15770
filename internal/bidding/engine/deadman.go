package engine

import (
	"bytes"
	"slices"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// DeadMan implements Restorer.
func (s *state) DeadMan(account model.AccountID, ends model.Instant) { s.deadMen[account] = ends }

// setDeadMan sets when an account's orders in the shard end unless it is set again before,
// or that they do not (MATCH-013). Orders that are placed later are meant too.
func (s *state) setDeadMan(b *batch, c *model.Command) {
	if _, set := s.deadMen[c.Account]; !set && c.Life == 0 {
		return
	}
	next := *c // the request stays as it came: it may be carried out again
	if next.Ends = 0; c.Life > 0 {
		next.Ends = b.at + model.Instant(c.Life)
	}
	s.switchTo(b, &next)
}

// switchTo journals a switch as it is from now on.
func (s *state) switchTo(b *batch, c *model.Command) {
	if c.Ends == 0 {
		delete(s.deadMen, c.Account)
	} else {
		s.deadMen[c.Account] = c.Ends
	}
	b.add(c, model.Outcome{}, nil, 0)
}

// dead lists the accounts whose switches fire by an instant, by id.
func (s *state) dead(at model.Instant) []model.AccountID {
	var out []model.AccountID
	for account, ends := range s.deadMen {
		if ends <= at {
			out = append(out, account)
		}
	}
	slices.SortFunc(out, func(a, b model.AccountID) int { return bytes.Compare(a[:], b[:]) })
	return out
}

// fire cancels what an account has open in the shard, in one batch with saying why.
func (s *state) fire(b *batch, account model.AccountID) {
	s.switchTo(b, &model.Command{Kind: model.SetDeadMan, Account: account, Reason: model.ReasonDeadMan})
	s.cancelEverywhere(b, account, model.ReasonDeadMan)
}

// cancelEverywhere cancels what an account has open in the shard.
func (s *state) cancelEverywhere(b *batch, account model.AccountID, why model.Reason) {
	if s.tally.of(account) == 0 {
		return
	}
	for _, m := range s.marketsWith(account) {
		s.submit(b, m, &item{command: model.Command{Kind: model.CancelAll, Market: m.ID, Account: account, Reason: why}})
	}
}
