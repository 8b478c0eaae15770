package model

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

var because = Cause{Reference: "r", Reason: "why", Actor: "tester", At: noon}

func TestPROD_005_StockIsNeverOverdrawn(t *testing.T) {
	t.Parallel()
	s := Size{Version: 1}
	_, err := s.Adjust(5, because)
	require.NoError(t, err)
	_, _, err = s.Reserve(3, time.Minute, because)
	require.NoError(t, err)
	_, _, err = s.Reserve(3, time.Minute, because)
	require.ErrorIs(t, err, ErrInsufficientStock)
	require.ErrorContains(t, err, "3 wanted, 2 available")
	_, err = s.Adjust(-3, because)
	require.ErrorIs(t, err, ErrInsufficientStock)
	_, err = s.Adjust(math.MinInt32, because)
	require.ErrorIs(t, err, ErrInsufficientStock)
	_, err = s.Adjust(MaxStock, because)
	require.ErrorIs(t, err, ErrStockLimit)
	_, err = s.Adjust(0, because)
	requireField(t, err, "delta")
	require.Equal(t, Stock{5, 3}, s.Stock)
	require.EqualValues(t, 3, s.Version)
}

func TestPROD_005_AReservationEndsOnce(t *testing.T) {
	t.Parallel()
	for to, want := range map[State]Stock{Released: {5, 0}, Sold: {3, 0}, Expired: {5, 0}} {
		s := Size{ID: id.New(), Version: 1, Stock: Stock{Quantity: 5}}
		r, _, err := s.Reserve(2, time.Minute, because)
		require.NoError(t, err)
		line, err := s.End(&r, to, because)
		require.NoError(t, err)
		require.Equal(t, want, s.Stock)
		require.Equal(t, to.kind(), line.Kind)
		require.Equal(t, to, r.State)
		for _, again := range States()[1:] {
			_, err = s.End(&r, again, because)
			require.ErrorIs(t, err, ErrReservationEnded)
			require.ErrorContains(t, err, string(to))
		}
		require.Equal(t, want, s.Stock)
	}
	require.Equal(t, Reserve, Held.kind())
	require.Panics(t, func() { State("lost").kind() })
}

func TestPROD_005_ReservationsAreHeldUntilTheirTime(t *testing.T) {
	t.Parallel()
	r := Reservation{State: Held, ExpiresAt: noon}
	require.False(t, r.Overdue(noon.Add(-1)))
	require.True(t, r.Overdue(noon))
	r.State = Sold
	require.False(t, r.Overdue(noon))
}

func TestPROD_005_RequestsAreChecked(t *testing.T) {
	t.Parallel()
	h := Hold{Quantity: 1, Reference: " a ", TTL: 0}
	require.NoError(t, h.Normalize())
	require.Equal(t, Hold{Quantity: 1, Reference: "a", TTL: DefaultTTL}, h)
	for field, h := range map[string]Hold{
		"quantity":  {Reference: "a"},
		"ttl":       {Reference: "a", Quantity: 1, TTL: MaxTTL + 1},
		"reference": {Reference: " ", Quantity: 1},
	} {
		requireField(t, h.Normalize(), field)
	}
	long := strings.Repeat("a", 101)
	requireField(t, Reference(&long), "reference")
	for field, a := range map[string]Adjustment{
		"delta":     {Reason: "r"},
		"reason":    {Delta: 1},
		"reference": {Delta: 1, Reason: "r", Reference: long},
	} {
		requireField(t, a.Normalize(), field)
	}
	a := Adjustment{Delta: 1, Reason: long + long + long + long + long}
	requireField(t, a.Normalize(), "reason")
}

func TestPROD_006_ReplayingTheTrailGivesTheStock(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := Size{Version: 1}
		var trail []Transaction
		var held []*Reservation
		note := func(line Transaction, err error) {
			if err == nil {
				trail = append(trail, line)
			}
		}
		amount := rapid.Int32Range(1, 5)
		t.Repeat(map[string]func(*rapid.T){
			"add":  func(t *rapid.T) { note(s.Adjust(amount.Draw(t, "n"), because)) },
			"take": func(t *rapid.T) { note(s.Adjust(-amount.Draw(t, "n"), because)) },
			"reserve": func(t *rapid.T) {
				r, line, err := s.Reserve(amount.Draw(t, "n"), time.Minute, because)
				if note(line, err); err == nil {
					held = append(held, &r)
				}
			},
			"end": func(t *rapid.T) {
				if len(held) == 0 {
					t.Skip("nothing is held")
				}
				at := rapid.IntRange(0, len(held)-1).Draw(t, "which")
				note(s.End(held[at], rapid.SampledFrom(States()[1:]).Draw(t, "state"), because))
				held = slices.Delete(held, at, at+1)
			},
			"": func(t *rapid.T) {
				var replayed, reserved Stock
				for i, line := range trail {
					if line.Before != replayed || line.Seq != int64(i)+2 {
						t.Fatalf("line %d does not follow: %+v", i, line)
					}
					d := line.Delta()
					replayed = Stock{replayed.Quantity + d.Quantity, replayed.Reserved + d.Reserved}
				}
				for _, r := range held {
					reserved.Reserved += r.Quantity
				}
				if replayed != s.Stock || reserved.Reserved != s.Stock.Reserved {
					t.Fatalf("replay %+v, held %+v, stock %+v", replayed, reserved, s.Stock)
				}
				if s.Stock.Reserved < 0 || s.Stock.Available() < 0 {
					t.Fatalf("overdrawn: %+v", s.Stock)
				}
			},
		})
	})
}
