package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

var errUnmatched = errors.New("the bid found no ask at its price")

// trade replays every market, so many batches at a time.
// Errors: trouble that is not about one market; that of one stays with it.
func (r *replay) trade(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for i, markets := range deal(r.file.markets, r.InFlight) {
		l := &lane{replay: r, client: r.bidding[i%len(r.bidding)], markets: markets}
		g.Go(func() error { return l.trade(ctx) })
	}
	return g.Wait()
}

// deal gives each market to one of so many lanes. Every lane has the longest of its own
// first, because nothing can shorten a market but an early start.
func deal(all []*market, lanes int) [][]*market {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b *market) int { return cmp.Compare(len(b.rows), len(a.rows)) })
	out := make([][]*market, min(lanes, len(sorted)))
	for i, m := range sorted {
		out[i%len(out)] = append(out[i%len(out)], m)
	}
	return out
}

// lane trades its markets beside each other, one batch after the other.
type lane struct {
	*replay
	client  biddingv1.BiddingServiceClient
	markets []*market // with rows to be done
}

func (l *lane) trade(ctx context.Context) error {
	for {
		b := l.next()
		if len(b.rows) == 0 {
			return nil
		}
		if err := l.carryOut(ctx, b); err != nil {
			return err
		}
	}
}

// next takes a run of rows from each market, as many as a batch holds and one pair of
// accounts may trade; an empty batch when all is done.
func (l *lane) next() *batch {
	b := &batch{}
	fresh := assignment{l.pool.sellers.pick(), l.pool.buyers.pick()}
	l.markets = slices.DeleteFunc(l.markets, func(m *market) bool { return m.err != nil || l.first(m) < 0 })
	for _, m := range l.markets {
		who := l.had(m.rows[l.first(m)]).or(fresh)
		if len(b.rows) == 0 {
			b.who = who
		}
		if who == b.who {
			l.run(b, m, fresh)
		}
	}
	return b
}

// first is the place of a market's first row that is not done; -1 when all are.
func (l *lane) first(m *market) int {
	for m.next < len(m.rows) && l.done[m.rows[m.next]].bid {
		m.next++
	}
	if m.next == len(m.rows) {
		return -1
	}
	return m.next
}

// run adds a market's next rows for as long as their prices do not fall: the asks of such
// rows may all wait at once, and each bid still meets the ask of its own row, the cheapest.
func (l *lane) run(b *batch, m *market, fresh assignment) {
	var price int64
	for _, row := range m.rows[m.next:] {
		if len(b.rows) == most || l.file.rows[row].price < price || l.had(row).or(fresh) != b.who {
			return
		}
		if price = l.file.rows[row].price; !l.done[row].bid {
			b.rows = append(b.rows, place{m, row})
		}
	}
}

// had are the accounts that a row had when an earlier run was cut off, as far as this
// marketplace knows them.
func (r *replay) had(row int32) assignment {
	who := r.assigned.of(row)
	if !r.pool.sellers.earlier(who.seller) {
		who.seller = 0
	}
	if !r.pool.buyers.earlier(who.buyer) {
		who.buyer = 0
	}
	return who
}

// carryOut places what is missing of the asks of a batch, and when they rest its bids.
// Who places them is written down before.
func (l *lane) carryOut(ctx context.Context, b *batch) error {
	for _, p := range b.rows {
		if l.assigned.of(p.row) != b.who {
			if err := l.assigned.give(p.row, b.who); err != nil {
				return err
			}
		}
	}
	if err := l.enter(ctx, biddingv1.Side_ASK, l.pool.sellers.all[b.who.seller-1], b.without(func(p place) bool { return l.done[p.row].asked })); err != nil {
		return err
	}
	bids := b.without(func(p place) bool { return l.done[p.row].bid || !l.done[p.row].asked })
	if err := l.enter(ctx, biddingv1.Side_BID, l.pool.buyers.all[b.who.buyer-1], bids); err != nil {
		return err
	}
	for _, p := range b.rows {
		if l.done[p.row].bid {
			l.traded.Add(1)
		}
	}
	return nil
}

// enter places one side of some rows and notes what became of each. What a market refuses
// stays with the market.
func (l *lane) enter(ctx context.Context, side biddingv1.Side, who *account, rows []place) error {
	if len(rows) == 0 {
		return nil
	}
	results, err := l.send(ctx, side, who, rows)
	if err != nil {
		return err
	}
	for i, p := range rows {
		err := errorOf(results[i])
		if err == nil {
			err = l.took(side, p.row, results[i].GetMatches())
		}
		if err != nil && p.market.err == nil {
			p.market.err = fmt.Errorf("line %d: %s: %w", l.file.rows[p.row].line, markOf(side), err)
		}
		if err := unlessAbout(err); err != nil {
			return p.market.err
		}
	}
	return nil
}

// took notes an order that was entered. An ask that met somebody else's bid is sold.
func (l *lane) took(side biddingv1.Side, row int32, matches []*biddingv1.Match) error {
	d := &l.done[row]
	if len(matches) > 0 {
		d.bid, d.match = true, matches[0].GetId()
	}
	if side == biddingv1.Side_ASK {
		d.asked = true
		return nil
	}
	if d.bid = true; len(matches) == 0 {
		return errUnmatched
	}
	return nil
}

// unlessAbout drops errors that concern one market only.
func unlessAbout(err error) error {
	if errors.Is(err, errUnmatched) {
		return nil
	}
	return unlessRefused(err)
}
