package engine

import (
	"bytes"
	"slices"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// applyBan bans an account or lifts its ban. A ban cancels what the account has open in
// the shard, in the same batch. What is not newer than what is known changes nothing, so
// an event may come again (USER-006).
func (s *state) applyBan(b *batch, c *model.Command) {
	if known, ok := s.bans[c.Account]; ok && c.Ban.Version <= known.Version {
		return
	}
	s.bans[c.Account] = c.Ban
	b.add(c, model.Outcome{}, nil, 0)
	if !c.Ban.Lifted {
		s.cancelEverywhere(b, c.Account, model.ReasonBanned)
	}
}

// marketsWith lists the markets in which an account has open orders, by id.
func (s *state) marketsWith(account model.AccountID) []*market {
	var out []*market
	for _, m := range s.markets {
		if m.book.OpenOf(account) > 0 {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b *market) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return out
}
