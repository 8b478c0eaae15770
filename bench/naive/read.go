package naive

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// GetBid implements the RPC.
func (s *Server) GetBid(ctx context.Context, r *biddingv1.GetBidRequest) (*biddingv1.GetBidResponse, error) {
	out := &biddingv1.GetBidResponse{}
	return out, s.do(ctx, func(t *tx) error {
		o, err := t.own(model.Bid, r.GetBidId())
		if err == nil {
			out.Bid = bid(o)
		}
		return err
	})
}

// GetAsk implements the RPC.
func (s *Server) GetAsk(ctx context.Context, r *biddingv1.GetAskRequest) (*biddingv1.GetAskResponse, error) {
	out := &biddingv1.GetAskResponse{}
	return out, s.do(ctx, func(t *tx) error {
		o, err := t.own(model.Ask, r.GetAskId())
		if err == nil {
			out.Ask = ask(o)
		}
		return err
	})
}

// list reads the newest of the caller's orders.
func (s *Server) list(ctx context.Context, side model.Side, market string, statuses []biddingv1.Status, n int32) ([]*order, error) {
	wanted := make([]int16, len(statuses))
	for i, st := range statuses {
		wanted[i] = int16(st) //nolint:gosec // six of them
	}
	key, err := id.Parse("market_id", market)
	if err != nil {
		return nil, err
	}
	rows, err := s.pool.Query(ctx, `SELECT `+columns+` FROM naive.orders WHERE user_id = $1 AND side = $2 AND market_id = $3
		AND (cardinality($4::smallint[]) = 0 OR status = ANY ($4)) ORDER BY id DESC LIMIT $5`, rpc.Caller(ctx).Account, side, key, wanted, n)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// ListMyBids implements the RPC, its first page in one market.
func (s *Server) ListMyBids(ctx context.Context, r *biddingv1.ListMyBidsRequest) (*biddingv1.ListMyBidsResponse, error) {
	list, err := s.list(ctx, model.Bid, r.GetMarketId(), r.GetStatuses(), r.GetPageSize())
	out := &biddingv1.ListMyBidsResponse{}
	for _, o := range list {
		out.Bids = append(out.Bids, bid(o))
	}
	return out, err
}

// ListMyAsks implements the RPC, its first page in one market.
func (s *Server) ListMyAsks(ctx context.Context, r *biddingv1.ListMyAsksRequest) (*biddingv1.ListMyAsksResponse, error) {
	list, err := s.list(ctx, model.Ask, r.GetMarketId(), r.GetStatuses(), r.GetPageSize())
	out := &biddingv1.ListMyAsksResponse{}
	for _, o := range list {
		out.Asks = append(out.Asks, ask(o))
	}
	return out, err
}

// GetDepth implements the RPC.
func (s *Server) GetDepth(ctx context.Context, r *biddingv1.GetDepthRequest) (*biddingv1.GetDepthResponse, error) {
	market, err := id.Parse("market_id", r.GetMarketId())
	if err != nil {
		return nil, err
	}
	out := &biddingv1.GetDepthResponse{}
	rows, err := s.pool.Query(ctx, `SELECT side, price, sum(open_quantity) FROM naive.orders WHERE market_id = $1 AND status <= 2 AND expires_at > $2
		GROUP BY side, price ORDER BY side, CASE side WHEN 1 THEN -price ELSE price END`, market, s.clock.Now())
	if err != nil {
		return nil, err
	}
	var side model.Side
	var l biddingv1.Level
	_, err = pgx.ForEachRow(rows, []any{&side, &l.Price, &l.Quantity}, func() error {
		level := &biddingv1.Level{Price: l.GetPrice(), Quantity: l.GetQuantity()}
		if side == model.Bid {
			out.Bids = append(out.Bids, level)
		} else {
			out.Asks = append(out.Asks, level)
		}
		return nil
	})
	return out, err
}

// GetMarketPrice implements the RPC, as far as the last sale goes.
func (s *Server) GetMarketPrice(ctx context.Context, r *biddingv1.GetMarketPriceRequest) (*biddingv1.GetMarketPriceResponse, error) {
	market, err := id.Parse("market_id", r.GetMarketId())
	if err != nil {
		return nil, err
	}
	out := &biddingv1.MarketPrice{MarketId: market.String()}
	var sale biddingv1.Sale
	var at time.Time
	err = s.pool.QueryRow(ctx, `SELECT last_sale_match, last_sale_price, last_sale_quantity, last_sale_at FROM naive.markets
		WHERE id = $1 AND last_sale_match IS NOT NULL`, market).Scan(&sale.MatchId, &sale.Price, &sale.Quantity, &at)
	if err == nil {
		out.LastSale = &biddingv1.Sale{MatchId: sale.GetMatchId(), Price: sale.GetPrice(), Quantity: sale.GetQuantity(), CreatedAt: timestamppb.New(at)}
	} else if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return &biddingv1.GetMarketPriceResponse{MarketPrice: out}, err
}

// UpdateMarketSettings implements the RPC, for tick and price rule.
func (s *Server) UpdateMarketSettings(ctx context.Context, r *biddingv1.UpdateMarketSettingsRequest) (*biddingv1.UpdateMarketSettingsResponse, error) {
	set := r.GetSettings()
	market, err := id.Parse("market_id", set.GetMarketId())
	if err != nil {
		return nil, err
	}
	_, err = s.pool.Exec(ctx, `INSERT INTO naive.markets (id, tick, price_rule) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET tick = excluded.tick, price_rule = excluded.price_rule, version = naive.markets.version + 1`,
		market, set.GetTick(), set.GetPriceRule())
	return &biddingv1.UpdateMarketSettingsResponse{Settings: set}, err
}
