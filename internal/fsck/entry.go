package fsck

import (
	"context"
	"fmt"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
)

// act is one entry of the journal while it is carried out.
type act struct {
	*shard
	row      *row
	at       string // where in the journal, for people
	entry    *journalv1.Entry
	market   *market
	accepted *order   // that came in
	closed   []*order // that left
	matched  bool
}

// entry carries one entry out: first what it says of its market, then its
// events, then whether that is what was asked for and answered.
func (s *shard) entry(ctx context.Context, r *row, number int, e *journalv1.Entry) error {
	a := &act{shard: s, row: r, at: fmt.Sprintf("shard=%d seq=%d entry=%d", r.shard, r.seq, number), entry: e}
	a.bury(a.at, e)
	if c, ok := e.GetCommand().(*journalv1.Entry_Limits); ok {
		a.limits(c.Limits)
		return nil
	}
	if c, ok := e.GetCommand().(*journalv1.Entry_Ban); ok {
		a.ban(c.Ban)
		return nil
	}
	if c, ok := e.GetCommand().(*journalv1.Entry_DeadMan); ok {
		a.deadMan(c.DeadMan)
		return nil
	}
	marketID, ok := a.uuid(e.GetMarket())
	if !ok {
		s.skip(e)
		return nil
	}
	if c, ok := e.GetCommand().(*journalv1.Entry_OpenMarket); ok {
		a.openMarket(marketID, c.OpenMarket)
		return nil
	}
	if a.market = s.markets[marketID]; a.market == nil {
		a.found("J06", "%s: market %s was never opened", a.at, marketID)
		s.skip(e)
		return nil
	}
	switch c := e.GetCommand().(type) {
	case *journalv1.Entry_Settings:
		a.market.set(c.Settings)
	case *journalv1.Entry_ChangeListing:
		a.relist(c.ChangeListing)
	}
	for _, ev := range e.GetEvents() {
		a.event(ev)
	}
	a.feed()
	a.answered()
	for _, o := range a.closed {
		if err := s.settle(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// skip goes past events that cannot be carried out.
func (s *shard) skip(e *journalv1.Entry) {
	if events := e.GetEvents(); len(events) > 0 {
		s.n = events[len(events)-1].GetN()
	}
}

// uuid reads an id of 16 bytes.
func (a *act) uuid(b []byte) (u id.UUID, ok bool) {
	if len(b) != len(u) {
		a.found("J05", "%s: an id of %d bytes", a.at, len(b))
		return u, false
	}
	return id.UUID(b), true
}

// feed checks the market's feed sequence: one more whenever something changed
// that clients see, which a rejected order alone does not.
func (a *act) feed() {
	m, next := a.market, a.entry.GetFeedSeq()
	rejected := a.entry.GetOutcome().GetStatus() == rejectedStatus && len(a.entry.GetEvents()) <= 2
	if next != m.FeedSeq+1 && (!rejected || next != m.FeedSeq) {
		a.found("J09", "%s market_id=%s feed_seq=%d after=%d", a.at, m.ID, next, m.FeedSeq)
	}
	m.FeedSeq, m.UpdatedAt = next, a.row.at
}

const rejectedStatus = 6

// answered compares the events with what was asked for and what was answered.
func (a *act) answered() {
	switch c := a.entry.GetCommand().(type) {
	case *journalv1.Entry_Place:
		a.placed(c.Place)
	case *journalv1.Entry_Replace:
		a.replaced(c.Replace)
	case *journalv1.Entry_Cancel:
		a.cancelled(c.Cancel)
	case *journalv1.Entry_CancelAll:
		a.cancelledAll(c.CancelAll)
		a.nothingAccepted()
	case *journalv1.Entry_ChangeListing:
		if c.ChangeListing.GetDelisted() {
			a.nothingLeft(holding{market: a.market.ID})
		}
		a.nothingAccepted()
	case *journalv1.Entry_ReverseMatch:
		a.reinstated(c.ReverseMatch)
	case *journalv1.Entry_Expire, *journalv1.Entry_Settings:
		a.nothingAccepted()
	default:
		a.found("J05", "%s: an unknown command", a.at)
	}
	if a.accepted != nil {
		a.keptToItsType(a.accepted)
		a.wasAllowed(a.accepted)
	}
}

func (a *act) nothingAccepted() {
	if a.accepted != nil {
		a.found("J07", "%s: order %d came in though none was asked for", a.at, a.accepted.ID)
	}
}

func (a *act) placed(p *journalv1.Place) {
	o := a.accepted
	account, ok := a.uuid(p.GetAccount())
	if !ok {
		return
	}
	if o == nil || o.User != account || o.side != p.GetSide() || o.Type != word(orderTypes, p.GetType()) ||
		o.SelfTrade != word(selfTrades, p.GetSelfTrade()) || o.Price != p.GetPrice() || o.first != p.GetQuantity() ||
		o.ExpiresAt != a.row.at+instant(p.GetLife()) || o.Replaces != 0 {
		a.found("J07", "%s: what came in is not what was placed (order %d)", a.at, o.number())
		return
	}
	a.told(o)
	a.used.use(a, account, p.GetClientOrderId())
}

func (a *act) replaced(p *journalv1.Replace) {
	account, ok := a.uuid(p.GetAccount())
	if !ok {
		return
	}
	o := a.accepted
	if a.entry.GetOutcome().GetKept() {
		if o != nil {
			a.found("J07", "%s: order %d came in though the old one was kept", a.at, o.ID)
		}
		a.told(a.find(p.GetOrder()))
	} else {
		old := a.find(p.GetOrder())
		if o == nil || old == nil || old.Reason != "REPLACED" || o.Replaces != old.ID || o.User != account || o.side != p.GetSide() ||
			o.Price != p.GetPrice() || o.first != p.GetQuantity() || o.ExpiresAt != old.ExpiresAt {
			a.found("J07", "%s: what came in does not replace order %d as was asked", a.at, p.GetOrder())
			return
		}
		a.told(o)
	}
	a.used.use(a, account, p.GetClientOrderId())
}

func (a *act) cancelled(c *journalv1.Cancel) {
	o := a.find(c.GetOrder())
	if o == nil || o.Status != "cancelled" || a.accepted != nil || o.side != c.GetSide() || !bytesAre(o.User, c.GetAccount()) {
		a.found("J07", "%s: order %d was not cancelled as was asked", a.at, c.GetOrder())
		return
	}
	a.told(o)
}

// told compares the answer with the order as the events left it.
func (a *act) told(o *order) {
	t := a.entry.GetOutcome()
	if o == nil || t.GetOrder() != o.ID || word(statuses, t.GetStatus()) != o.Status || t.GetReason() != o.Reason ||
		t.GetQuantity() != o.Quantity || t.GetOpen() != o.OpenQuantity || instant(t.GetExpiresAt()) != o.ExpiresAt {
		a.found("J07", "%s: the caller was told of order %d: %s %d open of %d %s", a.at, t.GetOrder(),
			word(statuses, t.GetStatus()), t.GetOpen(), t.GetQuantity(), t.GetReason())
	}
}

// find returns an order this entry is about: open, or closed by it.
func (a *act) find(number int64) *order {
	for _, o := range a.closed {
		if o.ID == number {
			return o
		}
	}
	return a.open[number]
}

// keptToItsType checks that an order lived as its type says (MATCH-010).
func (a *act) keptToItsType(o *order) {
	rests := o.ClosedN == 0
	broken := false
	switch o.Type {
	case "ioc":
		broken = rests
	case "fok":
		broken = rests || (o.Status != "matched" && o.Status != "rejected")
	case "post_only":
		broken = a.matched
	}
	if broken || (a.market.State == "post_only" && a.matched) {
		a.found("J08", "%s order=%d order_type=%s market_state=%s status=%s matched=%t", a.at, o.ID, o.Type, a.market.State, o.Status, a.matched)
	}
}
