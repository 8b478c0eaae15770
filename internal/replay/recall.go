package replay

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// done is how far a row is.
type done struct {
	asked, bid bool
	match      int64 // id; 0 = none yet
}

// The sides of a row, as its orders' client_order_ids end.
const (
	askMark = "ask"
	bidMark = "bid"
)

// orderID names a row's order: file, row, side.
func (r *replay) orderID(row int32, mark string) string {
	return r.file.Hash + ":" + strconv.Itoa(int(r.file.rows[row].number)) + ":" + mark
}

// rowOf finds the row an order of this file is for; false for other orders.
func (r *replay) rowOf(orderID, mark string) (int32, bool) {
	rest, ours := strings.CutPrefix(orderID, r.file.Hash+":")
	number, side, _ := strings.Cut(rest, ":")
	n, err := strconv.ParseInt(number, 10, 32)
	if !ours || side != mark || err != nil {
		return 0, false
	}
	row, found := r.byNumber[int32(n)]
	return row, found
}

// recall reads what an earlier run placed in a member's name. What the
// exchange remembers of client_order_ids ends after a day; its lists do not.
func (r *replay) recall(ctx context.Context, m member) error {
	var err error
	if m.crew == &r.pool.sellers {
		err = r.recallAsks(ctx, m.account)
	} else {
		err = r.recallBids(ctx, m.account)
	}
	if err != nil {
		return fmt.Errorf("what %s placed earlier: %w", m.email, err)
	}
	return nil
}

func (r *replay) recallAsks(ctx context.Context, seller *account) error {
	read := func(ctx context.Context, token string) (*biddingv1.ListMyAsksResponse, error) {
		return as(ctx, seller, func(ctx context.Context) (*biddingv1.ListMyAsksResponse, error) {
			return r.bidding[0].ListMyAsks(ctx, &biddingv1.ListMyAsksRequest{PageSize: pageSize, PageToken: token})
		})
	}
	return pages(ctx, r.Clock, read, func(got *biddingv1.ListMyAsksResponse) (bool, error) {
		for _, a := range got.GetAsks() {
			if row, ok := r.rowOf(a.GetClientOrderId(), askMark); ok {
				r.note(row, func(d *done) { d.asked = true })
			}
		}
		return true, nil
	})
}

func (r *replay) recallBids(ctx context.Context, buyer *account) error {
	rows := map[int64]int32{} // by bid
	read := func(ctx context.Context, token string) (*biddingv1.ListMyBidsResponse, error) {
		return as(ctx, buyer, func(ctx context.Context) (*biddingv1.ListMyBidsResponse, error) {
			return r.bidding[0].ListMyBids(ctx, &biddingv1.ListMyBidsRequest{PageSize: pageSize, PageToken: token})
		})
	}
	err := pages(ctx, r.Clock, read, func(got *biddingv1.ListMyBidsResponse) (bool, error) {
		for _, b := range got.GetBids() {
			if row, ok := r.rowOf(b.GetClientOrderId(), bidMark); ok {
				rows[b.GetId()] = row
			}
		}
		return true, nil
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	return r.recallMatches(ctx, buyer, rows)
}

func (r *replay) recallMatches(ctx context.Context, buyer *account, rows map[int64]int32) error {
	read := func(ctx context.Context, token string) (*biddingv1.ListMyMatchesResponse, error) {
		return as(ctx, buyer, func(ctx context.Context) (*biddingv1.ListMyMatchesResponse, error) {
			return r.bidding[0].ListMyMatches(ctx, &biddingv1.ListMyMatchesRequest{Side: biddingv1.Side_BID, PageSize: pageSize, PageToken: token})
		})
	}
	matches := map[int32]int64{}
	err := pages(ctx, r.Clock, read, func(got *biddingv1.ListMyMatchesResponse) (bool, error) {
		for _, m := range got.GetMatches() {
			if row, ok := rows[m.GetBidId()]; ok {
				matches[row] = m.GetId()
			}
		}
		return true, nil
	})
	for _, row := range rows {
		r.note(row, func(d *done) { d.bid, d.match = true, matches[row] })
	}
	return err
}

// note writes down what became of a row while several accounts are recalled.
func (r *replay) note(row int32, change func(*done)) {
	r.noting.Lock()
	defer r.noting.Unlock()
	was := r.done[row].match != 0
	change(&r.done[row])
	if !was && r.done[row].match != 0 {
		r.recalled.Add(1)
	}
}
