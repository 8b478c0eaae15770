package replay

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// most is how many orders a call may bring (MATCH-014).
const most = 500

// batch is what two accounts trade at once: first all asks, then all bids.
type batch struct {
	who  assignment
	rows []place // those of one market in their order
}

// place is a row and its market.
type place struct {
	market *market
	row    int32
}

// without returns the rows of a batch that are not as told.
func (b *batch) without(so func(place) bool) []place {
	var out []place
	for _, p := range b.rows {
		if !so(p) {
			out = append(out, p)
		}
	}
	return out
}

// send enters one side of some rows in one call, and again while one of them may do better
// later: what was done already is answered the same.
func (l *lane) send(ctx context.Context, side biddingv1.Side, who *account, rows []place) ([]*biddingv1.OrderResult, error) {
	request := &biddingv1.PlaceBatchRequest{}
	for _, p := range rows {
		request.Orders = append(request.Orders, l.order(side, p))
	}
	got, err := as(ctx, who, func(ctx context.Context) (*biddingv1.PlaceBatchResponse, error) {
		got, err := l.client.PlaceBatch(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, result := range got.GetResults() {
			if err := errorOf(result); again(status.Code(err)) {
				return nil, err
			}
		}
		return got, nil
	})
	l.batches.Add(1)
	return got.GetResults(), err
}

func (l *lane) order(side biddingv1.Side, p place) *biddingv1.NewOrder {
	o := &biddingv1.NewOrder{
		Side: side, MarketId: p.market.id, Price: l.file.rows[p.row].price, ClientOrderId: l.orderID(p.row, markOf(side)), Confirm: true,
	}
	if side == biddingv1.Side_BID {
		o.OrderType = biddingv1.OrderType_IOC // one that finds nothing must not wait for the next row's ask
	}
	return o
}

func markOf(side biddingv1.Side) string {
	if side == biddingv1.Side_BID {
		return bidMark
	}
	return askMark
}

// errorOf is the error a call of its own would have ended with; nil when it was done.
func errorOf(result *biddingv1.OrderResult) error {
	no := result.GetRefusal()
	if no == nil {
		return nil
	}
	return status.Error(codes.Code(no.GetCode()), no.GetMessage()) //nolint:gosec // sixteen of them
}
