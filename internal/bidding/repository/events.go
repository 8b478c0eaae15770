package repository

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/event"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

var _ event.Log = (*Repository)(nil)

// Partitions implements event.Log: the journal of each shard is one.
func (r *Repository) Partitions(ctx context.Context) ([]int32, error) {
	rows, err := r.pool.Query(ctx, `SELECT shard::int FROM bidding_shards ORDER BY shard`)
	if err != nil {
		return nil, fmt.Errorf("read shards: %w", err)
	}
	shards, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		return nil, fmt.Errorf("read shards: %w", err)
	}
	return shards, nil
}

// After implements event.Log: what others are told is read out of the journal (EVENT-001).
func (r *Repository) After(ctx context.Context, shard int32, seq int64, limit int) ([]event.Batch, error) {
	rows, err := r.pool.Query(ctx, `SELECT seq, at, body FROM bidding_journal WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
		int16(shard), seq, limit)
	if err != nil {
		return nil, fmt.Errorf("read the journal of shard %d: %w", shard, err)
	}
	var out []event.Batch
	err = each(rows, func(row pgx.CollectableRow) (b event.Batch, err error) {
		var at time.Time
		var body []byte
		if err := row.Scan(&b.Seq, &at, &body); err != nil {
			return b, err
		}
		b.Events, err = told(at, body)
		return b, err
	}, func(b event.Batch) error {
		out = append(out, b)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the journal of shard %d: %w", shard, err)
	}
	return out, nil
}

// told is what other services are told of a batch.
func told(at time.Time, body []byte) ([]event.Event, error) {
	entries, err := journal.Decode(body)
	if err != nil {
		return nil, err
	}
	var out []event.Event
	for i := range entries {
		for j := range entries[i].Events {
			msg := tale(&entries[i].Command, &entries[i].Events[j])
			if msg == nil {
				continue
			}
			packed, err := event.Of(at, msg)
			if err != nil {
				return nil, err
			}
			out = append(out, packed)
		}
	}
	return out, nil
}

// tale is what others are told of an event, nil when nothing.
func tale(c *model.Command, e *model.Event) proto.Message {
	switch e.Kind {
	case model.OrderMatched:
		return &biddingv1.MatchMade{
			MatchId: int64(e.Match), MarketId: c.Market.String(), BidId: int64(e.Bid), AskId: int64(e.Ask),
			BuyerId: e.Buyer.String(), SellerId: e.Seller.String(), Price: int64(e.Price), Quantity: int32(e.Qty),
		}
	case model.MatchReversed:
		return &biddingv1.MatchReversed{
			MatchId: int64(e.Match), MarketId: c.Market.String(), BidId: int64(e.Bid), AskId: int64(e.Ask),
			BuyerId: e.Buyer.String(), SellerId: e.Seller.String(), Price: int64(e.Price), Quantity: int32(e.Qty),
			Reason: string(c.Reversal.Why), SoldAt: timestamppb.New(c.Reversal.Match.CreatedAt.Time()),
		}
	case model.OrderExpiring:
		return &biddingv1.OrderExpiring{
			OrderId: int64(e.Order), Side: biddingv1.Side(e.Side), MarketId: c.Market.String(), UserId: e.Account.String(),
			Price: int64(e.Price), OpenQuantity: int32(e.Open), ExpiresAt: timestamppb.New(e.Expires.Time()),
		}
	default: // of one account only
		return nil
	}
}

// Position implements service.Positions.
func (r *Repository) Position(ctx context.Context, source string, partition int32) (int64, error) {
	var seq int64
	err := r.pool.QueryRow(ctx, `SELECT seq FROM bidding_positions WHERE source = $1 AND partition = $2`, source, int16(partition)).Scan(&seq)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("position in the events of %s: %w", source, err)
	}
	return seq, nil
}

// Advance implements service.Positions.
func (r *Repository) Advance(ctx context.Context, source string, partition int32, seq int64) error {
	_, err := r.pool.Exec(ctx, `INSERT INTO bidding_positions (source, partition, seq) VALUES ($1, $2, $3)
		ON CONFLICT (source, partition) DO UPDATE SET seq = excluded.seq WHERE bidding_positions.seq < excluded.seq`,
		source, int16(partition), seq)
	if err != nil {
		return fmt.Errorf("advance in the events of %s: %w", source, err)
	}
	return nil
}
