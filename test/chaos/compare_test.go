package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// story is what two clients were told, and a database that agrees.
type story struct {
	dir    string
	db     *pgxpool.Pool
	anna   id.UUID
	ben    id.UUID
	market string
}

func tell(t *testing.T) *story {
	t.Helper()
	s := &story{dir: t.TempDir(), db: testkit.Database(t), anna: id.New(), ben: id.New(), market: id.New().String()}
	order := func(side, client string, price int64, qty int32) attempt {
		return attempt{ID: client, Op: place, Side: side, Market: s.market, Price: price, Quantity: qty, Type: "limit", SelfTrade: "cancel_oldest"}
	}
	change := func(op, side, client string, of, price int64, qty int32) attempt {
		return attempt{ID: client, Op: op, Side: side, Market: s.market, Order: of, Price: price, Quantity: qty}
	}
	yes := func(a attempt, order int64, open int32, status, why string, matches ...match) answer {
		return answer{ID: a.ID, Outcome: acknowledged, Order: order, Market: s.market, Price: a.Price, Quantity: a.Quantity, Open: open, Status: status, Why: why, Matches: matches}
	}
	no := func(a attempt, reason string) answer { return answer{ID: a.ID, Outcome: refused, Reason: reason} }

	// Anna bids for three and gets two of them from Ben, whose answer is lost at first.
	a := order(bid, "place-1", 200_00, 3)
	s.note(t, s.anna, a, yes(a, 101, 3, "active", ""))
	a = order(ask, "place-1", 190_00, 2)
	sale := match{ID: 301, Market: s.market, Bid: 101, Ask: 201, Price: 190_00, BidPrice: 200_00, Quantity: 2}
	s.note(t, s.ben, a, answer{ID: a.ID, Outcome: unknown, Reason: "Unavailable"}, yes(a, 201, 0, "matched", "", sale))
	s.row(t, bid, 101, s.anna, "place-1", 200_00, 3, 1, "partially_matched", "", 0)
	s.row(t, ask, 201, s.ben, "place-1", 190_00, 2, 0, "matched", "", 0)
	s.exec(t, fmt.Sprintf(`INSERT INTO matches (id, market_id, bid_id, ask_id, buyer_id, seller_id, price, bid_price, quantity, taker, price_rule, created_at)
		VALUES (301, '%s', 101, 201, '%s', '%s', 19000, 20000, 2, 'ask', 'seller_ask', now())`, s.market, s.anna, s.ben))
	// She bids again and cancels.
	a = order(bid, "place-2", 150_00, 4)
	s.note(t, s.anna, a, yes(a, 102, 4, "active", ""))
	a = change(cancel, bid, "cancel-3", 102, 0, 0)
	s.note(t, s.anna, a, answer{ID: a.ID, Outcome: acknowledged, Order: 102, Market: s.market, Price: 150_00, Quantity: 4, Open: 4, Status: "cancelled", Why: "REQUESTED"})
	s.row(t, bid, 102, s.anna, "place-2", 150_00, 4, 4, "cancelled", "REQUESTED", 0)
	// Ben asks, asks another price, then for fewer.
	a = order(ask, "place-2", 250_00, 5)
	s.note(t, s.ben, a, yes(a, 202, 5, "active", ""))
	a = change(replace, ask, "replace-3", 202, 240_00, 5)
	s.note(t, s.ben, a, yes(a, 203, 5, "active", ""))
	a = change(replace, ask, "replace-4", 203, 240_00, 1)
	kept := yes(a, 203, 1, "active", "")
	kept.Kept = true
	s.note(t, s.ben, a, kept)
	s.row(t, ask, 202, s.ben, "place-2", 250_00, 5, 5, "cancelled", "REPLACED", 0)
	s.row(t, ask, 203, s.ben, "replace-3", 240_00, 1, 1, "active", "", 202)
	// Some of what they want is refused, with a row and without.
	a = order(bid, "place-4", 240_00, 1)
	a.Type = "post_only"
	s.note(t, s.anna, a, no(a, "POST_ONLY_WOULD_CROSS"))
	s.row(t, bid, 103, s.anna, "place-4", 240_00, 1, 1, "rejected", "POST_ONLY_WOULD_CROSS", 0)
	s.exec(t, `UPDATE bids SET order_type = 'post_only' WHERE id = 103`)
	a = order(bid, "place-5", 100_00, 1)
	s.note(t, s.anna, a, no(a, "TOO_MANY_OPEN_ORDERS"))
	a = change(cancel, ask, "cancel-5", 201, 0, 0)
	s.note(t, s.ben, a, no(a, "ALREADY_MATCHED"))
	a = change(cancel, ask, "cancel-6", 202, 0, 0)
	s.note(t, s.ben, a, no(a, "NOT_OPEN"))
	// And of one thing she was told nothing.
	s.note(t, s.anna, order(bid, "place-6", 90_00, 1), answer{ID: "place-6", Outcome: unknown, Reason: "Unavailable"})
	return s
}

// note writes an attempt and what was answered to it, one after the other.
func (s *story) note(t *testing.T, account id.UUID, a attempt, answers ...answer) {
	t.Helper()
	d, err := openDiary(s.dir, account)
	require.NoError(t, err)
	require.NoError(t, d.write(record{Attempt: &a}))
	for i := range answers {
		require.NoError(t, d.write(record{Answer: &answers[i]}))
	}
	require.NoError(t, d.close())
}

func (s *story) row(t *testing.T, side string, order int64, account id.UUID, client string, price int64, qty, open int32, status, reason string, replaces int64) {
	t.Helper()
	closed := "NULL"
	if status != "active" && status != "partially_matched" {
		closed = "1"
	}
	s.exec(t, fmt.Sprintf(`INSERT INTO %ss (id, market_id, user_id, price, quantity, open_quantity, status, reason, order_type, self_trade, priority,
		client_order_id, replaces, created_at, expires_at, closed_at, closed_n, version)
		VALUES (%d, '%s', '%s', %d, %d, %d, '%s', '%s', 'limit', 'cancel_oldest', %[2]d, '%[10]s', %d, now(), now(), to_timestamp(%s), %[12]s, 1)`,
		side, order, s.market, account, price, qty, open, status, reason, client, replaces, closed))
}

func (s *story) exec(t *testing.T, sql string) {
	t.Helper()
	_, err := s.db.Exec(context.Background(), sql)
	require.NoError(t, err)
}

func (s *story) compare(t *testing.T) findings {
	t.Helper()
	l := newLedger(s.dir)
	require.NoError(t, l.update())
	found, err := compare(t.Context(), s.db.Config().ConnString(), l)
	require.NoError(t, err)
	return found
}

func TestMATCH_005_WhatAgreesIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := tell(t)
	require.Empty(t, s.compare(t).first)
	s.row(t, bid, 106, s.anna, "place-6", 90_00, 1, 1, "active", "", 0)
	require.Empty(t, s.compare(t).first, "what nobody was told of may be there or not")
}

func TestMATCH_005_ADatabaseThatDiffersFromWhatWasAcknowledgedIsSeen(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ plant, want string }{
		"a lost bid":               {`DELETE FROM bids WHERE id = 102`, "lost:    place bid place-2 .* was acknowledged (order 102) and is not there"},
		"a lost replacement":       {`DELETE FROM asks WHERE id = 203`, "lost:    replace ask replace-3 .* (order 203) and is not there"},
		"a lost rejection":         {`DELETE FROM bids WHERE id = 103`, "lost:    place bid place-4 .* was refused"},
		"a lost match":             {`DELETE FROM matches`, "lost:    match {ID:301"},
		"another price":            {`UPDATE bids SET price = 19900 WHERE id = 101`, "lost:    bid 101 .* is not what place bid place-1"},
		"another quantity":         {`UPDATE bids SET quantity = 5, open_quantity = 5 WHERE id = 102`, "lost:    bid 102 .* was acknowledged with 4 items and has 5"},
		"another market":           {`UPDATE asks SET market_id = gen_random_uuid() WHERE id = 201`, "lost:    ask 201 .* is not what"},
		"another account":          {`UPDATE asks SET user_id = gen_random_uuid() WHERE id = 201`, "phantom: ask 201 .* nobody asked for it"},
		"another type":             {`UPDATE asks SET order_type = 'fok' WHERE id = 203`, "lost:    ask 203 .* is not what"},
		"another id":               {`UPDATE bids SET id = 109 WHERE id = 102`, "lost:    bid 109 .* is another order than the 102"},
		"another price of a match": {`UPDATE matches SET price = 19100`, "lost:    match {ID:301 .* is stored as"},
		"fewer items of a match":   {`UPDATE matches SET quantity = 1`, "lost:    match {ID:301 .* is stored as"},
		"a cancel that did not hold": {
			`UPDATE bids SET status = 'active', reason = '', closed_at = NULL, closed_n = NULL WHERE id = 102`, "lost:    bid 102 .* was said to be closed (cancelled REQUESTED)",
		},
		"a replaced ask that is open": {
			`UPDATE asks SET status = 'active', reason = '', closed_at = NULL, closed_n = NULL WHERE id = 202`, "lost:    ask 202 .* was said to be closed (cancelled REPLACED)",
		},
		"a reduction that did not hold": {`UPDATE asks SET quantity = 5, open_quantity = 5 WHERE id = 203`, "lost:    ask 203 .* was acknowledged with 1 items and has 5"},
		"a match undone":                {`UPDATE asks SET status = 'expired', open_quantity = 2, closed_n = 2 WHERE id = 201`, "lost:    ask 201 .* was said to be closed (matched )"},
		"a cancel of nobody":            {`UPDATE asks SET status = 'cancelled', reason = 'REQUESTED', closed_at = now(), closed_n = 3 WHERE id = 203`, "phantom: ask 203 .* is closed, which nobody asked for"},
		"a refused bid that rests":      {`UPDATE bids SET status = 'active', reason = '', closed_at = NULL, closed_n = NULL WHERE id = 103`, "phantom: bid 103 .* was refused with POST_ONLY_WOULD_CROSS"},
		"overfilled":                    {`UPDATE matches SET quantity = 4; UPDATE bids SET open_quantity = 0, status = 'matched', closed_at = now(), closed_n = 4 WHERE id = 101`, "phantom: bid 101 .* has 3 items, of which 4 are matched"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tell(t)
			s.exec(t, "SET session_replication_role = replica;"+tc.plant)
			s.expect(t, tc.want)
		})
	}
}

// expect wants a finding with these pieces in it.
func (s *story) expect(t *testing.T, want string) {
	t.Helper()
	found := s.compare(t)
	require.False(t, found.clean())
	for _, line := range found.first {
		if matches(line, strings.Split(want, ".*")) {
			return
		}
	}
	require.Fail(t, "not found: "+want, strings.Join(found.first, "\n"))
}

func matches(line string, pieces []string) bool {
	for _, p := range pieces {
		_, rest, ok := strings.Cut(line, p)
		if !ok {
			return false
		}
		line = rest
	}
	return true
}

func TestMATCH_011_ASecondOrderUnderOneClientOrderIDIsSeen(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.row(t, ask, 209, s.ben, "place-1", 190_00, 2, 2, "active", "", 0)
	s.expect(t, "phantom: ask 209 .* it is order number 2 of place ask place-1")
}

func TestMATCH_005_OrdersAndMatchesNobodyAskedForAreSeen(t *testing.T) {
	t.Parallel()
	s := tell(t)
	s.row(t, bid, 108, s.anna, "place-99", 80_00, 1, 1, "active", "", 0)
	s.row(t, bid, 109, s.anna, "place-5", 100_00, 1, 1, "active", "", 0)
	s.exec(t, `INSERT INTO matches SELECT 302, market_id, bid_id, 203, buyer_id, seller_id, price, bid_price, 1, taker, price_rule, created_at FROM matches`)
	s.expect(t, "phantom: bid 108 .* nobody asked for it")
	s.expect(t, "phantom: bid 109 .* was refused with TOO_MANY_OPEN_ORDERS")
	s.expect(t, "phantom: match {ID:302 .* nobody was told of it")
}

func TestMATCH_005_AnswersThatCannotBeAreSeen(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		attempt attempt
		answer  answer
		want    string
	}{
		"an order that is not found": {
			attempt{ID: "cancel-9", Op: cancel, Side: bid, Order: 101},
			answer{ID: "cancel-9", Outcome: refused, Reason: "BID_NOT_FOUND"},
			"lost:    cancel bid cancel-9 .* was refused with BID_NOT_FOUND",
		},
		"a client_order_id that is taken": {
			attempt{ID: "place-9", Op: place, Side: bid},
			answer{ID: "place-9", Outcome: refused, Reason: "CLIENT_ORDER_ID_TAKEN"},
			"lost:    place bid place-9 .* was refused with CLIENT_ORDER_ID_TAKEN",
		},
		"an order of somebody else": {
			attempt{ID: "place-9", Op: place, Side: ask, Price: 1_00},
			answer{ID: "place-9", Outcome: acknowledged, Order: 201, Price: 1_00, Status: "active"},
			"lost:    place ask .* were both told that order 201 is theirs",
		},
		"a match told in two ways": {
			attempt{ID: "place-9", Op: place, Side: ask},
			answer{ID: "place-9", Outcome: acknowledged, Order: 209, Status: "active", Matches: []match{{ID: 301}}},
			"lost:    match 301 was told as",
		},
		"another price": {
			attempt{ID: "place-9", Op: place, Side: ask, Price: 5_00},
			answer{ID: "place-9", Outcome: acknowledged, Order: 209, Price: 6_00, Status: "active"},
			"lost:    place ask place-9 .* was answered with another order",
		},
		"a match of an order that was kept": {
			attempt{ID: "replace-9", Op: replace, Side: bid, Order: 101},
			answer{ID: "replace-9", Outcome: acknowledged, Order: 101, Kept: true, Matches: []match{{ID: 309}}},
			"lost:    replace bid replace-9 .* was answered with another order",
		},
		"an answer nobody asked for": {
			attempt{ID: "place-9", Op: place, Side: ask},
			answer{ID: "place-10", Outcome: acknowledged, Order: 209, Status: "active"},
			"phantom: account .* was answered place-10, which it never asked for",
		},
		"an order that is open after all": {
			attempt{ID: "cancel-9", Op: cancel, Side: bid, Order: 101},
			answer{ID: "cancel-9", Outcome: refused, Reason: "ALREADY_MATCHED"},
			"lost:    bid 101 .* was said to be closed",
		},
		"an order nobody was told of": {
			attempt{ID: "cancel-9", Op: cancel, Side: bid, Order: 999},
			answer{ID: "cancel-9", Outcome: acknowledged, Order: 999, Status: "cancelled"},
			"phantom: cancel bid cancel-9 .* is about order 999",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tell(t)
			s.note(t, s.anna, tc.attempt, tc.answer)
			s.expect(t, tc.want)
		})
	}
}
