package main

import (
	"context"
	"io"
	"math"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// TestMATCH_001_HistoriesAreExplained is a small proof, for the mistakes that are planted.
func TestMATCH_001_HistoriesAreExplained(t *testing.T) {
	t.Parallel()
	s := score{wanted: 6}
	o := lab.Options{Source: config.Source{"DATABASE_URL": testkit.DatabaseURL(t)}}
	require.NoError(t, lab.Run(t.Context(), o, func(ctx context.Context, l *lab.Lab) error { return s.prove(ctx, l, 1, io.Discard) }))
	require.True(t, s.ok())
}

// step is an operation of a story that is written by hand: from call to back.
func step(in input, out output, call, back int64) porcupine.Operation {
	return porcupine.Operation{Input: &in, Output: &out, Call: call, Return: back}
}

func bids(price, qty int64) input {
	return input{op: place, side: bid, price: price, qty: qty, keeps: true}
}

func asks(price, qty int64) input {
	return input{op: place, side: ask, price: price, qty: qty, keeps: true}
}

func TestWhatCannotBeIsNotExplained(t *testing.T) {
	t.Parallel()
	rests := func(id, qty int64) output { return output{order: id, open: qty} }
	took := func(id, maker, price, qty int64) output { return output{order: id, fills: []fill{{maker, price, qty}}} }
	for name, tc := range map[string]struct {
		story []porcupine.Operation
		can   bool
	}{
		"a sale at the ask's price": {[]porcupine.Operation{
			step(bids(110, 1), rests(1, 1), 0, 1), step(asks(100, 1), took(2, 1, 100, 1), 2, 3),
		}, true},
		"at the bid's": {[]porcupine.Operation{
			step(bids(110, 1), rests(1, 1), 0, 1), step(asks(100, 1), took(2, 1, 110, 1), 2, 3),
		}, false},
		"the first is served first": {[]porcupine.Operation{
			step(bids(100, 1), rests(1, 1), 0, 1), step(bids(100, 1), rests(2, 1), 2, 3), step(asks(100, 1), took(3, 1, 100, 1), 4, 5),
		}, true},
		"the second is": {[]porcupine.Operation{
			step(bids(100, 1), rests(1, 1), 0, 1), step(bids(100, 1), rests(2, 1), 2, 3), step(asks(100, 1), took(3, 2, 100, 1), 4, 5),
		}, false},
		"the second of two at once may be": {[]porcupine.Operation{
			step(bids(100, 1), rests(1, 1), 0, 3), step(bids(100, 1), rests(2, 1), 1, 4), step(asks(100, 1), took(3, 2, 100, 1), 5, 6),
		}, true},
		"one bid is sold to twice": {[]porcupine.Operation{
			step(bids(100, 1), rests(1, 1), 0, 1), step(asks(100, 1), took(2, 1, 100, 1), 2, 9), step(asks(100, 1), took(3, 1, 100, 1), 3, 8),
		}, false},
		"a crossed book": {[]porcupine.Operation{
			step(bids(100, 1), rests(1, 1), 0, 1), step(asks(100, 1), rests(2, 1), 2, 3),
		}, false},
		"a look at the past": {[]porcupine.Operation{
			step(bids(100, 1), rests(1, 1), 0, 1), step(input{op: look}, output{}, 2, 3),
		}, false},
		"a look while it comes in": {[]porcupine.Operation{
			step(bids(100, 1), rests(1, 1), 0, 9), step(input{op: look}, output{}, 2, 3),
		}, true},
		"an unknown bid that is there": {[]porcupine.Operation{
			step(bids(100, 2), output{unknown: true}, 0, math.MaxInt64), step(asks(100, 1), took(2, 77, 100, 1), 2, 3),
			step(asks(100, 1), took(3, 77, 100, 1), 4, 5),
		}, true},
		"under two numbers": {[]porcupine.Operation{
			step(bids(100, 2), output{unknown: true}, 0, math.MaxInt64), step(asks(100, 1), took(2, 77, 100, 1), 2, 3),
			step(asks(100, 1), took(3, 78, 100, 1), 4, 5),
		}, false},
		"an unknown bid that is not": {[]porcupine.Operation{
			step(bids(100, 1), output{unknown: true}, 0, math.MaxInt64), step(asks(100, 1), rests(2, 1), 2, 3),
		}, true},
		"a bid nobody made": {[]porcupine.Operation{step(asks(100, 1), took(2, 77, 100, 1), 2, 3)}, false},
		"a cancel": {[]porcupine.Operation{
			step(bids(100, 2), rests(1, 2), 0, 1), step(input{op: cancel, side: bid, order: 1}, output{open: 2}, 2, 3), step(input{op: look}, output{}, 4, 5),
		}, true},
		"a cancel that did not hold": {[]porcupine.Operation{
			step(bids(100, 2), rests(1, 2), 0, 1), step(input{op: cancel, side: bid, order: 1}, output{open: 2}, 2, 3),
			step(asks(100, 1), took(3, 1, 100, 1), 4, 5),
		}, false},
		"a cancel refused for nothing": {[]porcupine.Operation{
			step(bids(100, 2), rests(1, 2), 0, 1), step(input{op: cancel, side: bid, order: 1}, output{refused: true}, 2, 3),
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.can, porcupine.CheckOperations(model(), tc.story))
		})
	}
}

func TestTheVerdictWantsEveryHistoryAndCompany(t *testing.T) {
	t.Parallel()
	good := score{wanted: 1, operations: clients * each, together: clients * each / 2, explained: 1}
	require.True(t, good.ok())
	for _, spoil := range []func(*score){
		func(s *score) { s.explained = 0 }, func(s *score) { s.together = s.operations / 4 }, func(s *score) { s.operations-- },
	} {
		s := good
		spoil(&s)
		require.False(t, s.ok())
	}
}
