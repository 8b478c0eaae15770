package replay

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// tally is what the sales tapes say.
type tally struct {
	matches, volume int64
	mismatches      int // rows whose sale has another price, or another place in the order
	markets         int // with a sale of the file
}

// check reads every market's tape back and compares it with the file, row by row.
func (r *replay) check(ctx context.Context) (tally, error) {
	var mu sync.Mutex
	var sum tally
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, m := range r.file.markets {
		if m.id == "" {
			continue
		}
		client := r.bidding[i%len(r.bidding)]
		g.Go(func() error {
			t, err := r.checkMarket(ctx, client, m)
			if err != nil {
				return fmt.Errorf("sales of %s size %s: %w", m.sku, m.label, err)
			}
			mu.Lock()
			defer mu.Unlock()
			sum.matches += t.matches
			sum.volume += t.volume
			sum.mismatches += t.mismatches
			sum.markets += t.markets
			return nil
		})
	}
	return sum, g.Wait()
}

// checkMarket goes through a tape from its newest sale back to the file's first.
// Sales of others are passed over.
func (r *replay) checkMarket(ctx context.Context, client biddingv1.BiddingServiceClient, m *market) (tally, error) {
	rows := make(map[int64]int, len(m.rows)) // by match
	for i, row := range m.rows {
		if match := r.done[row].match; match != 0 {
			rows[match] = i
		}
	}
	var t tally
	last := len(m.rows) // of those read so far, the first in the file
	read := func(ctx context.Context, token string) (*biddingv1.ListSalesResponse, error) {
		return client.ListSales(ctx, &biddingv1.ListSalesRequest{MarketId: m.id, PageSize: pageSize, PageToken: token})
	}
	err := pages(ctx, r.Clock, read, func(got *biddingv1.ListSalesResponse) (bool, error) {
		for _, s := range got.GetSales() {
			i, ours := rows[s.GetMatchId()]
			if !ours {
				continue
			}
			t.matches++
			t.markets = 1
			t.volume += s.GetPrice() * int64(s.GetQuantity())
			if s.GetPrice() != r.file.rows[m.rows[i]].price || i >= last {
				t.mismatches++
			}
			last = i
		}
		return int(t.matches) < len(rows), nil
	})
	return t, err
}
