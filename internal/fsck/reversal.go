package fsck

import journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"

// reverse takes a match out of what the market has sold.
func (a *act) reverse(v *journalv1.Reversed) {
	c := a.entry.GetReverseMatch()
	known := c.GetMatch() == v.GetMatch() && c.GetBid() == v.GetBid() && c.GetAsk() == v.GetAsk() && c.GetPrice() == v.GetPrice() &&
		c.GetQuantity() == v.GetQuantity() && string(c.GetBuyer()) == string(v.GetBuyer()) && string(c.GetSeller()) == string(v.GetSeller())
	if _, again := a.undone[v.GetMatch()]; again || !known || !a.seen.matches.has(v.GetMatch()) || v.GetMatch()&255 != int64(a.number) {
		a.found("J06", "%s n=%d: match %d cannot be reversed", a.at, a.n, v.GetMatch())
	}
	a.undone[v.GetMatch()] = reversalRow{At: a.row.at, Why: c.GetReason()}
	m, last := a.market, v.GetLastSale()
	_, undone := a.undone[last.GetMatch()]
	if (m.LastSaleMatch == v.GetMatch()) != (m.LastSaleMatch != last.GetMatch()) || undone || last.GetMatch() > m.LastSaleMatch {
		a.found("J06", "%s n=%d: match %d leaves the last sale %d, it was %d", a.at, a.n, v.GetMatch(), last.GetMatch(), m.LastSaleMatch)
	}
	m.LastSaleMatch, m.LastSalePrice, m.LastSaleQuantity = last.GetMatch(), last.GetPrice(), last.GetQuantity()
	m.LastSaleAt = instant(last.GetAt())
}

// reinstated checks what came back for a reversed match (ORDER-002).
func (a *act) reinstated(c *journalv1.ReverseMatch) {
	if _, ok := a.undone[c.GetMatch()]; !ok {
		a.found("J07", "%s: match %d was not reversed as was asked", a.at, c.GetMatch())
		return
	}
	o, asked := a.accepted, c.GetReturning()
	if o == nil {
		return
	}
	if asked == nil || o.side != ask || !bytesAre(o.User, c.GetSeller()) || o.Price != asked.GetPrice() || o.Priority != asked.GetPriority() ||
		o.first != c.GetQuantity() || o.ExpiresAt != instant(asked.GetExpiresAt()) || o.Type != "limit" ||
		(a.market.State != "open" && a.matched) {
		a.found("J07", "%s: order %d does not come back as was asked", a.at, o.ID)
	}
	done := a.undone[c.GetMatch()]
	done.Stand = o.ID
	a.undone[c.GetMatch()] = done
	a.told(o)
}
