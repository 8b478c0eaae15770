package naive

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

const columns = `id, market_id, side, user_id, price, quantity, open_quantity, status, reason, order_type, expires_at`

func scan(row pgx.CollectableRow) (*order, error) {
	var o order
	err := row.Scan(&o.id, &o.market, &o.side, &o.account, &o.price, &o.qty, &o.open, &o.status, &o.reason, &o.kind, &o.expires)
	return &o, err
}

// own reads one of the caller's orders. Errors: no such order, for somebody else's too.
func (t *tx) own(side model.Side, number int64) (*order, error) {
	rows, err := t.Query(t.ctx, `SELECT `+columns+` FROM naive.orders WHERE id = $1 AND side = $2 AND user_id = $3`,
		number, side, rpc.Caller(t.ctx).Account)
	if err != nil {
		return nil, err
	}
	o, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, model.NotFound(side)
	}
	return o, err
}

// lockOwn locks an order's market, then reads it again: it may have been taken meanwhile.
func (t *tx) lockOwn(side model.Side, number int64) (*order, error) {
	o, err := t.own(side, number)
	if err != nil {
		return nil, err
	}
	tick, rule, err := t.lock(o.market)
	if err != nil {
		return nil, err
	}
	if o, err = t.own(side, number); err != nil {
		return nil, err
	}
	o.marketTick, o.rule = tick, rule
	switch {
	case o.status == model.Matched:
		return nil, model.ErrAlreadyMatched
	case !o.status.Open():
		return nil, model.ErrNotOpen
	}
	return o, nil
}

func (s *Server) cancel(ctx context.Context, side model.Side, number int64) (o *order, err error) {
	err = s.do(ctx, func(t *tx) error {
		if o, err = t.lockOwn(side, number); err != nil {
			return err
		}
		return t.close(o, model.Cancelled, model.ReasonRequested)
	})
	return o, err
}

// CancelBid implements the RPC.
func (s *Server) CancelBid(ctx context.Context, r *biddingv1.CancelBidRequest) (*biddingv1.CancelBidResponse, error) {
	o, err := s.cancel(ctx, model.Bid, r.GetBidId())
	if err != nil {
		return nil, err
	}
	return &biddingv1.CancelBidResponse{Bid: bid(o)}, nil
}

// CancelAsk implements the RPC.
func (s *Server) CancelAsk(ctx context.Context, r *biddingv1.CancelAskRequest) (*biddingv1.CancelAskResponse, error) {
	o, err := s.cancel(ctx, model.Ask, r.GetAskId())
	if err != nil {
		return nil, err
	}
	return &biddingv1.CancelAskResponse{Ask: ask(o)}, nil
}

// CancelAll implements the RPC, for one market.
func (s *Server) CancelAll(ctx context.Context, r *biddingv1.CancelAllRequest) (*biddingv1.CancelAllResponse, error) {
	market, err := id.Parse("market_id", r.GetMarketId())
	if err != nil {
		return nil, err
	}
	out := &biddingv1.CancelAllResponse{}
	return out, s.do(ctx, func(t *tx) error {
		if _, _, err := t.lock(market); err != nil {
			return err
		}
		rows, err := t.Query(ctx, `UPDATE naive.orders SET status = $4, reason = $5 WHERE market_id = $1 AND user_id = $2 AND status <= 2
			AND ($3::smallint = 0 OR side = $3) RETURNING side, id`, market, rpc.Caller(ctx).Account, r.GetSide(), model.Cancelled, model.ReasonRequested)
		if err != nil {
			return err
		}
		var side model.Side
		var number int64
		_, err = pgx.ForEachRow(rows, []any{&side, &number}, func() error {
			if side == model.Bid {
				out.BidIds = append(out.BidIds, number)
			} else {
				out.AskIds = append(out.AskIds, number)
			}
			return nil
		})
		return err
	})
}

func (s *Server) replace(ctx context.Context, side model.Side, number, price int64, qty int32) (o *order, kept bool, err error) {
	err = s.do(ctx, func(t *tx) error {
		old, err := t.lockOwn(side, number)
		if err != nil {
			return err
		}
		o = &order{
			market: old.market, side: side, account: old.account, price: price, qty: qty, kind: model.Limit, self: model.CancelNewest,
			expires: old.expires, marketTick: old.marketTick, rule: old.rule,
		}
		if err := o.valid(); err != nil {
			return err
		}
		if price == old.price && qty <= old.open {
			kept = true
			old.qty, old.open = old.qty-(old.open-qty), qty
			if old.status = model.Active; old.open < old.qty {
				old.status = model.PartiallyMatched
			}
			o = old
			_, err := t.Exec(ctx, `UPDATE naive.orders SET quantity = $2, open_quantity = $3, status = $4 WHERE id = $1`, o.id, o.qty, o.open, o.status)
			return err
		}
		if err := t.close(old, model.Cancelled, model.ReasonReplaced); err != nil {
			return err
		}
		return t.enter(o)
	})
	return o, kept, err
}

// ReplaceBid implements the RPC.
func (s *Server) ReplaceBid(ctx context.Context, r *biddingv1.ReplaceBidRequest) (*biddingv1.ReplaceBidResponse, error) {
	o, kept, err := s.replace(ctx, model.Bid, r.GetBidId(), r.GetPrice(), r.GetQuantity())
	if err != nil {
		return nil, err
	}
	return &biddingv1.ReplaceBidResponse{Bid: bid(o), Matches: o.matches, Kept: kept}, nil
}

// ReplaceAsk implements the RPC.
func (s *Server) ReplaceAsk(ctx context.Context, r *biddingv1.ReplaceAskRequest) (*biddingv1.ReplaceAskResponse, error) {
	o, kept, err := s.replace(ctx, model.Ask, r.GetAskId(), r.GetPrice(), r.GetQuantity())
	if err != nil {
		return nil, err
	}
	return &biddingv1.ReplaceAskResponse{Ask: ask(o), Matches: o.matches, Kept: kept}, nil
}
