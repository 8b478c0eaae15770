package fsck

import (
	"bytes"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
)

func bytesAre(u id.UUID, b []byte) bool { return bytes.Equal(u[:], b) }

// event carries one event out on what was rebuilt so far.
func (a *act) event(ev *journalv1.Event) {
	if ev.GetN() != a.n+1 {
		a.found("J04", "%s n=%d after=%d", a.at, ev.GetN(), a.n)
	}
	a.n = ev.GetN()
	switch v := ev.GetEvent().(type) {
	case *journalv1.Event_Accepted:
		a.accept(v.Accepted)
	case *journalv1.Event_Matched:
		a.match(v.Matched)
	case *journalv1.Event_Closed:
		a.close(v.Closed)
	case *journalv1.Event_Reduced:
		a.reduce(v.Reduced)
	case *journalv1.Event_Expiring:
		a.expiring(v.Expiring)
	case *journalv1.Event_Reversed:
		a.reverse(v.Reversed)
	default:
		a.found("J05", "%s n=%d: an unknown event", a.at, a.n)
	}
}

// numbered reports whether an id is made of the event's number and the shard (ID-001).
func (a *act) numbered(number int64) bool { return number == a.n<<8|int64(a.number) }

func (a *act) accept(v *journalv1.Accepted) {
	account, ok := a.uuid(v.GetAccount())
	if !ok {
		return
	}
	o := &order{
		orderRow: orderRow{
			ID: v.GetOrder(), Market: a.market.ID, User: account, Price: v.GetPrice(), Quantity: v.GetQuantity(), OpenQuantity: v.GetQuantity(),
			Status: "active", Type: word(orderTypes, v.GetType()), SelfTrade: word(selfTrades, v.GetSelfTrade()), Priority: v.GetPriority(),
			ClientOrderID: clientOrderID(a.entry), Replaces: v.GetReplaces(), CreatedAt: a.row.at, ExpiresAt: instant(v.GetExpiresAt()), Version: 1,
			Warned: instant(v.GetExpiresAt())-a.row.at <= day,
		},
		side: v.GetSide(), first: v.GetQuantity(),
	}
	if !a.numbered(o.ID) || a.open[o.ID] != nil || a.accepted != nil || (o.side != bid && o.side != ask) {
		a.found("J06", "%s n=%d: order %d cannot come in", a.at, a.n, o.ID)
		return
	}
	m := a.market
	reinstates := a.entry.GetReverseMatch().GetAsk() // which a halted market takes too, when it meets nothing
	o.Reinstates, o.Stock = reinstates, a.stock()
	if (m.State == "halted" && reinstates == 0) || o.Price < m.Tick || o.Price > m.MaxPrice || (m.Tick > 0 && o.Price%m.Tick != 0) || o.Quantity < 1 || o.Quantity > maxQuantity {
		a.found("J08", "%s order=%d price=%d quantity=%d tick=%d max_price=%d state=%s", a.at, o.ID, o.Price, o.Quantity, m.Tick, m.MaxPrice, m.State)
	}
	a.open[o.ID], a.accepted = o, o
	a.holds(o, 1)
}

const maxQuantity = 100

// clientOrderID is what the entry's command calls the order it enters.
func clientOrderID(e *journalv1.Entry) string {
	if p := e.GetPlace(); p != nil {
		return p.GetClientOrderId()
	}
	return e.GetReplace().GetClientOrderId()
}

func (a *act) match(v *journalv1.Matched) {
	b, s := a.open[v.GetBid()], a.open[v.GetAsk()]
	qty := v.GetQuantity()
	if b == nil || s == nil || b.side != bid || s.side != ask || b.Market != a.market.ID || s.Market != a.market.ID ||
		!a.numbered(v.GetMatch()) || qty < 1 || b.OpenQuantity-qty != v.GetBidOpen() || s.OpenQuantity-qty != v.GetAskOpen() ||
		v.GetBidOpen() < 0 || v.GetAskOpen() < 0 || v.GetBidPrice() != b.Price ||
		!bytesAre(b.User, v.GetBuyer()) || !bytesAre(s.User, v.GetSeller()) || (a.accepted != b && a.accepted != s) {
		a.found("J06", "%s n=%d: bid %d and ask %d cannot match in %d", a.at, a.n, v.GetBid(), v.GetAsk(), v.GetMatch())
	}
	m := matchRow{
		ID: v.GetMatch(), Market: a.market.ID, Bid: v.GetBid(), Ask: v.GetAsk(), Price: v.GetPrice(), BidPrice: v.GetBidPrice(),
		Quantity: qty, Taker: word(sides, v.GetTaker()), PriceRule: word(priceRules, v.GetPriceRule()), CreatedAt: a.row.at,
	}
	m.Buyer, _ = a.uuid(v.GetBuyer())
	m.Seller, _ = a.uuid(v.GetSeller())
	if m.PriceRule != a.market.PriceRule {
		a.found("J08", "%s match=%d price_rule=%s of_market=%s", a.at, m.ID, m.PriceRule, a.market.PriceRule)
	}
	a.matched = true
	a.market.LastSaleMatch, a.market.LastSalePrice, a.market.LastSaleQuantity, a.market.LastSaleAt = m.ID, m.Price, m.Quantity, m.CreatedAt
	b.fill(v.GetBidOpen())
	s.fill(v.GetAskOpen())
	a.sold = append(a.sold, m)
	a.seen.matches.add(m.ID)
}

// fill leaves open of an order.
func (o *order) fill(open int32) {
	if o != nil {
		o.OpenQuantity, o.Status = open, "partially_matched"
		o.Version++
	}
}

func (a *act) close(v *journalv1.Closed) {
	o := a.open[v.GetOrder()]
	status := v.GetStatus()
	if o == nil || status < 3 || status > rejectedStatus || o.side != v.GetSide() || o.OpenQuantity != v.GetOpen() ||
		o.Price != v.GetPrice() || !bytesAre(o.User, v.GetAccount()) || (word(statuses, status) == "matched") != (v.GetOpen() == 0) ||
		(word(statuses, status) == "expired" && o.ExpiresAt > a.row.at) {
		a.found("J06", "%s n=%d: order %d cannot be closed as %s", a.at, a.n, v.GetOrder(), word(statuses, status))
	}
	if o == nil {
		return
	}
	o.OpenQuantity, o.Status, o.Reason = v.GetOpen(), word(statuses, status), v.GetReason()
	o.ClosedAt, o.ClosedN = a.row.at, a.n
	o.Version++
	delete(a.open, o.ID)
	a.holds(o, -1)
	a.hadReason(o)
	a.closed = append(a.closed, o)
}

func (a *act) reduce(v *journalv1.Reduced) {
	o := a.open[v.GetOrder()]
	if o == nil || o.side != v.GetSide() || v.GetOpen() < 1 || v.GetOpen() >= o.OpenQuantity ||
		o.Quantity-v.GetQuantity() != o.OpenQuantity-v.GetOpen() || o.Price != v.GetPrice() || !bytesAre(o.User, v.GetAccount()) {
		a.found("J06", "%s n=%d: order %d cannot be reduced to %d open of %d", a.at, a.n, v.GetOrder(), v.GetOpen(), v.GetQuantity())
	}
	if o == nil {
		return
	}
	o.Quantity, o.OpenQuantity, o.Status = v.GetQuantity(), v.GetOpen(), "active"
	if o.OpenQuantity < o.Quantity {
		o.Status = "partially_matched"
	}
	o.Version++
}

// expiring warns of an order's end.
func (a *act) expiring(v *journalv1.Expiring) {
	o := a.open[v.GetOrder()]
	if o == nil || o.Warned || o.side != v.GetSide() || o.Quantity != v.GetQuantity() || o.OpenQuantity != v.GetOpen() || o.Price != v.GetPrice() ||
		!bytesAre(o.User, v.GetAccount()) || o.ExpiresAt != instant(v.GetExpiresAt()) || a.row.at < o.ExpiresAt-day || a.row.at >= o.ExpiresAt {
		a.found("J06", "%s n=%d: order %d cannot be warned of", a.at, a.n, v.GetOrder())
	}
	if o != nil {
		o.Warned = true
		o.Version++
	}
}

// stock is what the entry's command says of the consigned items that its ask sells.
func (a *act) stock() (u id.UUID) {
	b := a.entry.GetPlace().GetStock()
	if len(b) == 0 {
		b = a.entry.GetReverseMatch().GetReturning().GetStock()
	}
	if len(b) > 0 {
		u, _ = a.uuid(b)
	}
	return u
}
