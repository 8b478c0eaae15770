package handler

import (
	"context"
	"errors"
	"io"

	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/service"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// errNotSeller is what a caller hears who enters an ask without the role.
var errNotSeller = errs.New(errs.PermissionDenied, "ROLE_REQUIRED", "needs one of the roles seller")

// batch is what a call brings at once: entries, and for each the refusal that kept it
// from becoming one.
type batch struct {
	caller  *auth.Claims
	entries []service.Entry
	index   []int // the item of each entry
	refused []error
}

func newBatch(ctx context.Context, items int) *batch {
	caller := rpc.Caller(ctx)
	return &batch{caller: &caller, entries: make([]service.Entry, 0, items), index: make([]int, 0, items), refused: make([]error, items)}
}

// place adds an order to be entered.
func (b *batch) place(i int, o *biddingv1.NewOrder) {
	market, err := id.Parse("market_id", o.GetMarketId())
	if err == nil && o.GetSide() == biddingv1.Side_ASK && !b.caller.Has(auth.RoleSeller) {
		err = errNotSeller
	}
	if b.refused[i] = err; err != nil {
		return
	}
	b.add(i, service.Entry{New: order(market, model.Side(o.GetSide()), o, o.Quantity)})
}

// cancel adds an order to be cancelled.
func (b *batch) cancel(i int, o *biddingv1.OrderRef) {
	b.add(i, service.Entry{Cancel: model.OrderID(o.GetOrderId()), Side: model.Side(o.GetSide())})
}

func (b *batch) add(i int, e service.Entry) {
	b.entries, b.index = append(b.entries, e), append(b.index, i)
}

// results waits for the answers and puts them where their items were.
func (b *batch) results(ctx context.Context, entered *service.Entered) []*biddingv1.OrderResult {
	out := make([]*biddingv1.OrderResult, len(b.refused))
	for i, err := range b.refused {
		if err != nil {
			out[i] = &biddingv1.OrderResult{Refusal: refusal(ctx, err)}
		}
	}
	for n, a := range entered.Answers(ctx) {
		out[b.index[n]] = result(ctx, &a, b.caller.Account)
	}
	return out
}

func result(ctx context.Context, a *service.Answer, viewer model.AccountID) *biddingv1.OrderResult {
	if a.Err != nil {
		return &biddingv1.OrderResult{Refusal: refusal(ctx, a.Err)}
	}
	o := &a.Order
	return &biddingv1.OrderResult{
		OrderId: int64(o.ID), Side: biddingv1.Side(o.Side), Status: biddingv1.Status(o.Status), Reason: string(o.Reason),
		Quantity: int32(o.Qty), OpenQuantity: int32(o.Open), Matches: matches(a.Matches, viewer), BestBidGivenUp: int64(a.BidGivenUp()),
	}
}

// refusal is the status a call of its own would have ended with, as a message.
func refusal(ctx context.Context, err error) *biddingv1.Refusal {
	st := rpc.Status(ctx, err)
	r := &biddingv1.Refusal{Code: int32(st.Code()), Message: st.Message()} //nolint:gosec // sixteen of them
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			r.Reason = d.GetReason()
		case *errdetails.BadRequest:
			r.Field = d.GetFieldViolations()[0].GetField()
		case *errdetails.RetryInfo:
			r.RetryAfterMs = d.GetRetryDelay().AsDuration().Milliseconds()
		}
	}
	return r
}

// PlaceBatch implements the RPC.
func (h *Handler) PlaceBatch(ctx context.Context, r *biddingv1.PlaceBatchRequest) (*biddingv1.PlaceBatchResponse, error) {
	b := newBatch(ctx, len(r.GetOrders()))
	for i, o := range r.GetOrders() {
		b.place(i, o)
	}
	return &biddingv1.PlaceBatchResponse{Results: b.results(ctx, h.service.Enter(ctx, b.caller.Account, b.entries))}, nil
}

// CancelBatch implements the RPC.
func (h *Handler) CancelBatch(ctx context.Context, r *biddingv1.CancelBatchRequest) (*biddingv1.CancelBatchResponse, error) {
	b := newBatch(ctx, len(r.GetOrders()))
	for i, o := range r.GetOrders() {
		b.cancel(i, o)
	}
	return &biddingv1.CancelBatchResponse{Results: b.results(ctx, h.service.Enter(ctx, b.caller.Account, b.entries))}, nil
}

// underWay is how many messages of a stream may wait for their answers.
const underWay = 1000

// entry is a message of a stream that was handed to the engine.
type entry struct {
	correlation uint64
	batch       *batch
	entered     *service.Entered
}

// OrderEntry implements the RPC. Messages are handed over as they come; answers leave in
// the same order. What was taken in is answered even when the stream ends with an error.
func (h *Handler) OrderEntry(stream biddingv1.BiddingService_OrderEntryServer) error {
	waiting, sent := make(chan entry, underWay), make(chan error, 1)
	go func() { sent <- answer(stream, waiting) }()
	err := h.takeIn(stream, waiting)
	close(waiting)
	if failed := <-sent; failed != nil {
		return failed
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (h *Handler) takeIn(stream biddingv1.BiddingService_OrderEntryServer, waiting chan<- entry) error {
	ctx := stream.Context()
	for {
		r, err := stream.Recv()
		if err != nil {
			return err
		}
		b := newBatch(ctx, 1)
		if o := r.GetPlace(); o != nil {
			b.place(0, o)
		} else {
			b.cancel(0, r.GetCancel())
		}
		select {
		case waiting <- entry{r.GetCorrelationId(), b, h.service.Enter(ctx, b.caller.Account, b.entries)}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// answer sends what became of the messages until there are no more; after an error it
// goes on without sending, so that whoever hands messages over never waits for nobody.
func answer(stream biddingv1.BiddingService_OrderEntryServer, waiting <-chan entry) (failed error) {
	ctx := stream.Context()
	for e := range waiting {
		if failed != nil {
			continue
		}
		failed = stream.Send(&biddingv1.OrderEntryResponse{
			CorrelationId: e.correlation, Result: e.batch.results(ctx, e.entered)[0],
		})
	}
	return failed
}
