// Package naive is the exchange as it is most often written: one transaction an order,
// which locks the market's row and the orders it takes with SELECT ... FOR UPDATE. It
// answers the same calls, keeps the same matching rules and is what E6 compares with.
// The worked scenarios are played on it too (make vectors).
package naive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

const schema = `
CREATE SCHEMA naive;
CREATE TABLE naive.markets (
    id uuid PRIMARY KEY, tick bigint NOT NULL DEFAULT 100, price_rule smallint NOT NULL DEFAULT 1, version bigint NOT NULL DEFAULT 1,
    last_sale_price bigint, last_sale_quantity integer, last_sale_at timestamptz, last_sale_match bigint
);
CREATE TABLE naive.orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, market_id uuid NOT NULL, side smallint NOT NULL, user_id uuid NOT NULL,
    price bigint NOT NULL, quantity integer NOT NULL, open_quantity integer NOT NULL CHECK (open_quantity BETWEEN 0 AND quantity),
    status smallint NOT NULL, reason text NOT NULL DEFAULT '', order_type smallint NOT NULL, created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ON naive.orders (user_id, id);
CREATE INDEX ON naive.orders (market_id, side, price, id) WHERE status <= 2;
CREATE INDEX ON naive.orders (market_id, expires_at) WHERE status <= 2;
CREATE TABLE naive.matches (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, market_id uuid NOT NULL, bid_id bigint NOT NULL REFERENCES naive.orders,
    ask_id bigint NOT NULL REFERENCES naive.orders, price bigint NOT NULL, quantity integer NOT NULL, created_at timestamptz NOT NULL,
    UNIQUE (bid_id, ask_id)
);
CREATE INDEX ON naive.matches (ask_id);
CREATE INDEX ON naive.matches (market_id, created_at, id);
`

// Server implements the part of biddingv1.BiddingServiceServer that trades.
type Server struct {
	biddingv1.UnimplementedBiddingServiceServer
	pool  *pgxpool.Pool
	clock clock.Clock
}

// New makes the tables, in a schema of their own, and the server on them.
func New(ctx context.Context, pool *pgxpool.Pool, clk clock.Clock) (*Server, error) {
	if _, err := pool.Exec(ctx, schema); err != nil {
		return nil, fmt.Errorf("make the naive exchange's tables: %w", err)
	}
	return &Server{pool: pool, clock: clk}, nil
}

// order is a bid or ask on its way in, or a row.
type order struct {
	id         int64
	market     id.UUID
	side       model.Side
	account    id.UUID
	price      int64
	qty, open  int32
	status     model.Status
	reason     model.Reason
	kind       model.OrderType
	self       model.SelfTrade
	expires    time.Time
	matches    []*biddingv1.Match
	marketTick int64
	rule       model.PriceRule
}

// tx is one call's transaction.
type tx struct {
	pgx.Tx
	ctx context.Context //nolint:containedctx // a transaction is one call
	now time.Time
}

// do runs a call in a transaction. An error that says so keeps what was written.
func (s *Server) do(ctx context.Context, work func(t *tx) error) error {
	var kept error
	err := pgx.BeginFunc(ctx, s.pool, func(p pgx.Tx) error {
		err := work(&tx{p, ctx, s.clock.Now()})
		if no := (*rejection)(nil); errors.As(err, &no) {
			kept = no.why
			return nil
		}
		return err
	})
	return errors.Join(err, kept)
}

// rejection is a refusal that leaves a row.
type rejection struct{ why *errs.Error }

func (r *rejection) Error() string { return r.why.Error() }

// lock takes the market's row, which makes its orders queue, and closes what has expired.
func (t *tx) lock(market id.UUID) (tick int64, rule model.PriceRule, err error) {
	const query = `SELECT tick, price_rule FROM naive.markets WHERE id = $1 FOR UPDATE`
	err = t.QueryRow(t.ctx, query, market).Scan(&tick, &rule)
	if errors.Is(err, pgx.ErrNoRows) {
		if _, err = t.Exec(t.ctx, `INSERT INTO naive.markets (id) VALUES ($1) ON CONFLICT DO NOTHING`, market); err == nil {
			err = t.QueryRow(t.ctx, query, market).Scan(&tick, &rule)
		}
	}
	if err == nil {
		_, err = t.Exec(t.ctx, `UPDATE naive.orders SET status = $3 WHERE market_id = $1 AND status <= 2 AND expires_at <= $2`,
			market, t.now, model.Expired)
	}
	return tick, rule, err
}

func (s *Server) place(ctx context.Context, o *order) error {
	return s.do(ctx, func(t *tx) error {
		var err error
		if o.marketTick, o.rule, err = t.lock(o.market); err != nil {
			return err
		}
		return t.enter(o)
	})
}

// valid refuses what a market does not take.
func (o *order) valid() error {
	switch {
	case o.price < o.marketTick || o.price > int64(model.MaxPrice):
		return model.ErrPriceRange
	case o.price%o.marketTick != 0:
		return model.ErrOffTick
	case o.qty < 1 || o.qty > int32(model.MaxQuantity):
		return model.ErrQuantityRange
	}
	return nil
}

// enter matches an order and stores it.
func (t *tx) enter(o *order) error {
	if err := o.valid(); err != nil {
		return err
	}
	err := t.QueryRow(t.ctx, `INSERT INTO naive.orders (market_id, side, user_id, price, quantity, open_quantity, status, order_type, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9) RETURNING id`,
		o.market, o.side, o.account, o.price, o.qty, model.Active, o.kind, t.now, o.expires).Scan(&o.id)
	if err != nil {
		return err
	}
	o.open, o.status = o.qty, model.Active
	rivals, err := t.rivals(o)
	if err != nil {
		return err
	}
	if why := o.reject(rivals); why != model.ReasonNone {
		if err := t.close(o, model.Rejected, why); err != nil {
			return err
		}
		return &rejection{model.Refusal(why)}
	}
	stopped, err := t.take(o, rivals)
	switch {
	case err != nil:
		return err
	case o.open == 0:
		return t.close(o, model.Matched, model.ReasonNone)
	case stopped:
		return t.close(o, model.Cancelled, model.ReasonSelfTrade)
	case o.kind == model.IOC:
		return t.close(o, model.Cancelled, model.ReasonIOCRemainder)
	case o.open < o.qty:
		return t.close(o, model.PartiallyMatched, model.ReasonNone)
	}
	return nil
}

// close writes what is left of an order and what it is now.
func (t *tx) close(o *order, status model.Status, why model.Reason) error {
	o.status, o.reason = status, why
	_, err := t.Exec(t.ctx, `UPDATE naive.orders SET open_quantity = $2, status = $3, reason = $4 WHERE id = $1`, o.id, o.open, status, string(why))
	return err
}

// rivals locks the orders that o may match, best first. Each has an item at least, and an
// account 50 of its own in the way.
func (t *tx) rivals(o *order) ([]*order, error) {
	crossing, direction := "price <= $3", "price"
	if o.side == model.Ask {
		crossing, direction = "price >= $3", "price DESC"
	}
	rows, err := t.Query(t.ctx, `SELECT id, user_id, price, quantity, open_quantity FROM naive.orders
		WHERE market_id = $1 AND side = $2 AND status <= 2 AND `+crossing+` ORDER BY `+direction+`, id LIMIT $4 FOR UPDATE`,
		o.market, o.side.Opposite(), o.price, o.qty+50)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*order, error) {
		r := &order{side: o.side.Opposite()}
		return r, row.Scan(&r.id, &r.account, &r.price, &r.qty, &r.open)
	})
}

// reject says why an order does not come in; blank when it does.
func (o *order) reject(rivals []*order) model.Reason {
	switch {
	case len(rivals) > 0 && o.kind == model.PostOnly:
		return model.ReasonPostOnly
	case o.kind == model.FOK && o.fillable(rivals) < o.qty:
		return model.ReasonFOK
	case len(rivals) > 0 && o.self == model.CancelNewest && rivals[0].account == o.account:
		return model.ReasonSelfTrade
	}
	return model.ReasonNone
}

func (o *order) fillable(rivals []*order) (sum int32) {
	for _, r := range rivals {
		switch {
		case r.account != o.account:
			sum += r.open
		case o.self != model.CancelOldest:
			return sum
		}
	}
	return sum
}

// take fills an order from the best rival on; true when it met one of its own and stops.
func (t *tx) take(o *order, rivals []*order) (stopped bool, err error) {
	for _, r := range rivals {
		if o.open == 0 || stopped {
			break
		}
		if r.account != o.account {
			err = t.fill(o, r)
		} else {
			if o.self != model.CancelNewest {
				err = t.close(r, model.Cancelled, model.ReasonSelfTrade)
			}
			stopped = o.self != model.CancelOldest
		}
		if err != nil {
			return false, err
		}
	}
	return stopped, nil
}

// fill executes an order against a resting one.
func (t *tx) fill(o, r *order) error {
	qty, price := min(o.open, r.open), r.price
	bid, ask := o, r
	if o.side == model.Ask {
		bid, ask = r, o
		if o.rule == model.SellerAsk {
			price = o.price
		}
	}
	o.open, r.open = o.open-qty, r.open-qty
	m := &biddingv1.Match{
		MarketId: o.market.String(), BidId: bid.id, AskId: ask.id, Price: price, Quantity: qty, Side: biddingv1.Side(o.side),
		CreatedAt: timestamppb.New(t.now), BidPrice: bid.price,
	}
	err := t.QueryRow(t.ctx, `INSERT INTO naive.matches (market_id, bid_id, ask_id, price, quantity, created_at)
		VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`, o.market, bid.id, ask.id, price, qty, t.now).Scan(&m.Id)
	if err != nil {
		return err
	}
	o.matches = append(o.matches, m)
	status := model.PartiallyMatched
	if r.open == 0 {
		status = model.Matched
	}
	if err := t.close(r, status, model.ReasonNone); err != nil {
		return err
	}
	_, err = t.Exec(t.ctx, `UPDATE naive.markets SET last_sale_price = $2, last_sale_quantity = $3, last_sale_at = $4, last_sale_match = $5 WHERE id = $1`,
		o.market, price, qty, t.now, m.Id)
	return err
}

// placement is what PlaceBid and PlaceAsk have in common.
type placement interface {
	GetMarketId() string
	GetPrice() int64
	GetExpiresIn() int64
	GetOrderType() biddingv1.OrderType
	GetSelfTrade() biddingv1.SelfTrade
}

func (s *Server) asked(ctx context.Context, side model.Side, r placement, quantity *int32) (*order, error) {
	market, err := id.Parse("market_id", r.GetMarketId())
	if err != nil {
		return nil, err
	}
	life := model.DefaultBidLife
	if side == model.Ask {
		life = model.DefaultAskLife
	}
	if r.GetExpiresIn() > 0 {
		life = time.Duration(r.GetExpiresIn()) * time.Second
	}
	o := &order{
		market: market, side: side, account: rpc.Caller(ctx).Account, price: r.GetPrice(), qty: 1, kind: model.Limit, self: model.CancelNewest,
		expires: s.clock.Now().Add(life),
	}
	if quantity != nil {
		o.qty = *quantity
	}
	if k := r.GetOrderType(); k != 0 {
		o.kind = model.OrderType(k)
	}
	if k := r.GetSelfTrade(); k != 0 {
		o.self = model.SelfTrade(k)
	}
	return o, nil
}

// PlaceBid implements the RPC.
func (s *Server) PlaceBid(ctx context.Context, r *biddingv1.PlaceBidRequest) (*biddingv1.PlaceBidResponse, error) {
	o, err := s.asked(ctx, model.Bid, r, r.Quantity)
	if err == nil {
		err = s.place(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	return &biddingv1.PlaceBidResponse{Bid: bid(o), Matches: o.matches}, nil
}

// PlaceAsk implements the RPC.
func (s *Server) PlaceAsk(ctx context.Context, r *biddingv1.PlaceAskRequest) (*biddingv1.PlaceAskResponse, error) {
	o, err := s.asked(ctx, model.Ask, r, r.Quantity)
	if err == nil {
		err = s.place(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	return &biddingv1.PlaceAskResponse{Ask: ask(o), Matches: o.matches}, nil
}

func bid(o *order) *biddingv1.Bid {
	return &biddingv1.Bid{
		Id: o.id, MarketId: o.market.String(), Price: o.price, Quantity: o.qty, OpenQuantity: o.open, Status: biddingv1.Status(o.status),
		Reason: string(o.reason), OrderType: biddingv1.OrderType(o.kind), ExpiresAt: timestamppb.New(o.expires),
	}
}

func ask(o *order) *biddingv1.Ask {
	b := bid(o)
	return &biddingv1.Ask{
		Id: b.GetId(), MarketId: b.GetMarketId(), Price: b.GetPrice(), Quantity: b.GetQuantity(), OpenQuantity: b.GetOpenQuantity(),
		Status: b.GetStatus(), Reason: b.GetReason(), OrderType: b.GetOrderType(), ExpiresAt: b.GetExpiresAt(),
	}
}
