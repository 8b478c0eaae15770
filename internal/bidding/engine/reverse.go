package engine

import "github.com/sneakers-marketplace/marketplace/internal/bidding/model"

// Reversed implements Restorer.
func (s *state) Reversed(match model.MatchID) { s.reversed[match] = struct{}{} }

// isReversed reports whether a match was reversed before.
func (s *state) isReversed(match model.MatchID) bool {
	_, ok := s.reversed[match]
	return ok
}

// reversible reports whether what a reversal rests on still holds: the sale before it
// stands, and an ask that was open when it was looked up still is.
func (s *state) reversible(m *market, r *model.Reversal) error {
	if r.Match.ID == m.LastSale.Match && s.isReversed(r.Previous.Match) {
		return model.ErrReversalMoved
	}
	if r.Ask != nil && r.Ask.Status.Open() && s.orders[r.Match.Ask] == nil {
		return model.ErrReversalMoved
	}
	return nil
}

// unsell takes a match out of what is known of the market's sales.
func (s *state) unsell(b *batch, m *market, r *model.Reversal) {
	t := &r.Match
	s.Reversed(t.ID)
	if m.LastSale.Match == t.ID {
		m.LastSale = r.Previous
	}
	b.sold = append(b.sold, sold{
		market: m, value: saleValue(t.Price, t.Qty), seq: m.FeedSeq, undone: true,
		sale: model.Sale{Match: t.ID, Price: t.Price, Qty: t.Qty, At: t.CreatedAt},
	})
}
