package fsck

import (
	"cmp"
	"slices"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
)

// The reasons of bids and asks that somebody or something cancelled.
const (
	requested = "REQUESTED"
	banned    = "ACCOUNT_BANNED"
	delisted  = "PRODUCT_DELISTED"
)

// reasons are those a command may give for closing an order in a way.
func reasons(e *journalv1.Entry, status string) []string {
	switch status {
	case "rejected":
		return []string{"FOK_NOT_FILLABLE", "POST_ONLY_WOULD_CROSS", "SELF_TRADE"}
	case "cancelled":
		return cancellations(e)
	}
	return []string{""}
}

func cancellations(e *journalv1.Entry) []string {
	switch c := e.GetCommand().(type) {
	case *journalv1.Entry_Place:
		return []string{"IOC_REMAINDER", "SELF_TRADE"}
	case *journalv1.Entry_Replace:
		return []string{"REPLACED", "SELF_TRADE"}
	case *journalv1.Entry_Cancel:
		return []string{requested}
	case *journalv1.Entry_CancelAll:
		return []string{cmp.Or(c.CancelAll.GetReason(), requested)}
	case *journalv1.Entry_ChangeListing:
		if c.ChangeListing.GetDelisted() {
			return []string{delisted}
		}
	}
	return nil
}

// meant reports whether a command that names what it cancels named this order.
func (a *act) meant(o *order) bool {
	switch c := a.entry.GetCommand().(type) {
	case *journalv1.Entry_Cancel:
		return o.ID == c.Cancel.GetOrder()
	case *journalv1.Entry_Replace:
		return o.Reason != "REPLACED" || o.ID == c.Replace.GetOrder()
	case *journalv1.Entry_CancelAll:
		side := c.CancelAll.GetSide()
		return bytesAre(o.User, c.CancelAll.GetAccount()) && (side == 0 || side == o.side)
	}
	return true
}

// hadReason checks that an order was closed for a reason its command gives.
func (a *act) hadReason(o *order) {
	if !slices.Contains(reasons(a.entry, o.Status), o.Reason) || (o.Status == "cancelled" && !a.meant(o)) {
		a.found("J16", "%s n=%d: order %d was %s (%q) by a command that cannot", a.at, a.n, o.ID, o.Status, o.Reason)
	}
}

// cancelledAll checks that all were cancelled, and without the account asking only because of a ban.
func (a *act) cancelledAll(c *journalv1.CancelAll) {
	account, ok := a.uuid(c.GetAccount())
	if !ok {
		return
	}
	if why := c.GetReason(); why != "" {
		b, known := a.banned[banKey{a.number, account}]
		forBan := why == banned && known && !b.Lifted
		if !forBan && (why != ofDeadMan || a.dying != account) {
			a.found("J16", "%s: the orders of account %s were cancelled because of %q", a.at, account, why)
		}
	}
	sides := []int32{c.GetSide()}
	if c.GetSide() == 0 {
		sides = []int32{bid, ask}
	}
	for _, side := range sides {
		a.nothingLeft(holding{market: a.market.ID, account: account, side: side})
	}
}

// holding says whose open orders are counted: of an account in a market on a side, of
// a market, or of an account.
type holding struct {
	market, account id.UUID
	side            int32
}

// holds counts an order that came in (1) or left (-1).
func (s *shard) holds(o *order, change int) {
	for _, h := range []holding{{o.Market, o.User, o.side}, {market: o.Market}, {account: o.User}} {
		if s.held[h] += change; s.held[h] == 0 {
			delete(s.held, h)
		}
	}
}

// nothingLeft checks that a command which closes everything left nothing open.
func (a *act) nothingLeft(h holding) {
	if n := a.held[h]; n != 0 {
		a.found("J17", "%s: market=%s account=%s: %d still open", a.at, h.market, h.account, n)
	}
}

// bansHeld checks, at the end of a batch, that whoever it banned has nothing open.
func (s *shard) bansHeld(r *row) {
	for account := range s.stopped {
		if n := s.held[holding{account: account}]; n != 0 && !s.banned[banKey{s.number, account}].Lifted {
			s.found("J17", "shard=%d seq=%d: account %s was banned, %d still open", s.number, r.seq, account, n)
		}
	}
	clear(s.stopped)
}
