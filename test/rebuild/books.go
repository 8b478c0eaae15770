package main

import (
	"context"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/book"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

// again carries out every command of the journal at address on empty books and compares
// what each does with what the journal says that it did.
func (s *score) again(ctx context.Context, address string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	rows, err := conn.Query(ctx, `SELECT shard, seq, (extract(epoch FROM at) * 1000000)::bigint, body FROM bidding_journal ORDER BY shard, seq`)
	if err != nil {
		return err
	}
	shards := make(map[int16]*replayed)
	var shard int16
	var seq, at int64
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&shard, &seq, &at, &body}, func() error {
		entries, err := journal.Decode(body)
		if err != nil {
			return fmt.Errorf("shard %d batch %d: %w", shard, seq, err)
		}
		r := shards[shard]
		if r == nil {
			r = newReplayed(uint8(shard)) //nolint:gosec // 0 to 255
			shards[shard] = r
		}
		s.batches++
		for i := range entries {
			s.commands++
			s.events += int64(len(entries[i].Events))
			if what := r.carryOut(model.Instant(at), &entries[i]); what != "" {
				s.differs(fmt.Sprintf("shard %d batch %d command %d: %s", shard, seq, i, what))
			}
		}
		return nil
	})
	return err
}

// replayed is a shard whose commands are carried out again.
type replayed struct {
	numbers *book.Sequence
	books   map[model.MarketID]*book.Book
	limits  map[model.AccountID]model.AccountLimits
}

func newReplayed(shard uint8) *replayed {
	return &replayed{
		numbers: book.NewSequence(shard, 0), books: make(map[model.MarketID]*book.Book), limits: make(map[model.AccountID]model.AccountLimits),
	}
}

// carryOut does what a command says and returns how that differs from what it did then.
func (r *replayed) carryOut(at model.Instant, e *model.Entry) string {
	c := e.Command
	switch c.Kind {
	case model.OpenMarket:
		b := book.New(r.numbers, *c.Settings)
		b.Delist(c.Listing.Delisted)
		r.books[c.Market] = b
		return ""
	case model.ChangeLimits:
		r.limits[c.Account] = c.Limits
		return ""
	case model.ChangeBan, model.SetDeadMan:
		return ""
	case model.Place:
		var known bool
		if c.Limits, known = r.limits[c.Account]; !known {
			c.Limits = model.DefaultLimits
		}
	default: // carried out as it stands
	}
	b := r.books[c.Market]
	if b == nil {
		return "of a market that was never opened"
	}
	done := b.Submit(at, &c)
	if len(done.Events) != len(e.Events) {
		return fmt.Sprintf("did %d things, does %d", len(e.Events), len(done.Events))
	}
	for i := range done.Events {
		e.Events[i].LastSale = nil // which a book does not know; the tables tell it
		if done.Events[i] != e.Events[i] {
			return fmt.Sprintf("did %+v, does %+v", e.Events[i], done.Events[i])
		}
	}
	if e.Outcome.Order != 0 && !reflect.DeepEqual(done.Outcome, e.Outcome) {
		return fmt.Sprintf("answered %+v, answers %+v", e.Outcome, done.Outcome)
	}
	return ""
}
