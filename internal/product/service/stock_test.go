package service_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/page"
)

func (b *bundle) reserve(size id.UUID, quantity int32, reference string) (service.Outcome, error) {
	return b.Reserve(b.ctx, editor, model.Hold{SizeID: size, Quantity: quantity, Reference: reference})
}

func TestPROD_005_StockIsAddedAndTaken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	size := b.size(0)
	require.EqualValues(t, 1, size.Version)
	b.clk.Advance(time.Minute)
	got, err := b.UpdateInventory(b.ctx, editor, model.Adjustment{SizeID: size.ID, Delta: 5, Reason: "delivery 7"})
	require.NoError(t, err)
	require.Equal(t, model.Stock{Quantity: 5}, got.Stock)
	require.EqualValues(t, 2, got.Version)
	require.Equal(t, b.clk.Now(), got.UpdatedAt)
	offer, err := b.Size(b.ctx, editor, size.ID)
	require.NoError(t, err)
	require.Equal(t, got, offer.Size)
	_, err = b.UpdateInventory(b.ctx, editor, model.Adjustment{SizeID: size.ID, Delta: -6, Reason: "lost"})
	require.ErrorIs(t, err, model.ErrInsufficientStock)
	require.ErrorContains(t, err, "6 wanted, 5 available")
	_, err = b.UpdateInventory(b.ctx, editor, model.Adjustment{SizeID: size.ID, Reason: "nothing"})
	requireField(t, err, "delta")
	_, err = b.UpdateInventory(b.ctx, editor, model.Adjustment{SizeID: id.New(), Delta: 1, Reason: "r"})
	require.ErrorIs(t, err, model.ErrSizeNotFound)
	require.Equal(t, model.Stock{Quantity: 5}, b.stock(size.ID))
}

func TestPROD_005_AnAdjustmentHappensOnceUnderItsReference(t *testing.T) {
	t.Parallel()
	b := setup(t)
	size, other := b.size(1), b.size(1)
	a := model.Adjustment{SizeID: size.ID, Delta: 5, Reason: "delivery", Reference: "note-7"}
	first, err := b.UpdateInventory(b.ctx, editor, a)
	require.NoError(t, err)
	_, err = b.UpdateInventory(b.ctx, editor, model.Adjustment{SizeID: size.ID, Delta: -2, Reason: "lost"})
	require.NoError(t, err)
	b.clk.Advance(time.Hour)
	again, err := b.UpdateInventory(b.ctx, editor, a)
	require.NoError(t, err)
	require.Equal(t, first, again, "the first result")
	require.Equal(t, model.Stock{Quantity: 4}, b.stock(size.ID))
	for _, change := range []func(*model.Adjustment){
		func(a *model.Adjustment) { a.Delta = 6 },
		func(a *model.Adjustment) { a.Reason = "gift" },
		func(a *model.Adjustment) { a.SizeID = other.ID },
	} {
		different := a
		change(&different)
		_, err := b.UpdateInventory(b.ctx, editor, different)
		require.ErrorIs(t, err, model.ErrReferenceTaken)
	}
	_, err = b.reserve(size.ID, 1, "note-7")
	require.NoError(t, err, "reservations have names of their own")
}

func TestPROD_005_AReservationIsMadeOnceUnderItsReference(t *testing.T) {
	t.Parallel()
	b := setup(t)
	size, other := b.size(5), b.size(5)
	first, err := b.reserve(size.ID, 2, "order-1")
	require.NoError(t, err)
	require.Equal(t, model.Stock{Quantity: 5, Reserved: 2}, first.Size.Stock)
	require.Equal(t, b.clk.Now().Add(model.DefaultTTL), first.Reservation.ExpiresAt)
	_, err = b.reserve(size.ID, 1, "order-2")
	require.NoError(t, err)
	again, err := b.reserve(size.ID, 2, " order-1 ")
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, model.Stock{Quantity: 5, Reserved: 3}, b.stock(size.ID))
	for _, h := range []model.Hold{
		{SizeID: size.ID, Quantity: 1, Reference: "order-1"},
		{SizeID: other.ID, Quantity: 2, Reference: "order-1"},
		{SizeID: size.ID, Quantity: 2, Reference: "order-1", TTL: time.Hour},
	} {
		_, err := b.Reserve(b.ctx, editor, h)
		require.ErrorIs(t, err, model.ErrReferenceTaken)
	}
	_, err = b.reserve(size.ID, 3, "order-3")
	require.ErrorIs(t, err, model.ErrInsufficientStock)
	require.ErrorContains(t, err, "3 wanted, 2 available")
	_, err = b.reserve(id.New(), 1, "order-4")
	require.ErrorIs(t, err, model.ErrSizeNotFound)
	_, err = b.reserve(size.ID, 0, "order-5")
	requireField(t, err, "quantity")

	_, err = b.Release(b.ctx, editor, "order-1")
	require.NoError(t, err)
	again, err = b.reserve(size.ID, 2, "order-1")
	require.NoError(t, err)
	require.Equal(t, model.Released, again.Reservation.State, "a repeat says how the reservation stands")
	require.Equal(t, model.Stock{Quantity: 5, Reserved: 1}, b.stock(size.ID), "and takes nothing again")
}

func TestPROD_005_ReleaseAndSaleNeedALiveReservation(t *testing.T) {
	t.Parallel()
	type end func(*bundle, string) (service.Outcome, error)
	release := func(b *bundle, r string) (service.Outcome, error) { return b.Release(b.ctx, editor, r) }
	sell := func(b *bundle, r string) (service.Outcome, error) { return b.Sell(b.ctx, editor, r) }
	for name, c := range map[string]struct {
		first, other end
		state        model.State
		stock        model.Stock
	}{
		"Release": {release, sell, model.Released, model.Stock{Quantity: 5}},
		"Sell":    {sell, release, model.Sold, model.Stock{Quantity: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			size := b.size(5)
			_, err := c.first(b, "order-1")
			require.ErrorIs(t, err, model.ErrReservationNotFound)
			_, err = c.first(b, " ")
			requireField(t, err, "reference")
			_, err = b.reserve(size.ID, 2, "order-1")
			require.NoError(t, err)
			done, err := c.first(b, "order-1")
			require.NoError(t, err)
			require.Equal(t, c.state, done.Reservation.State)
			require.Equal(t, c.stock, done.Size.Stock)
			_, err = b.reserve(size.ID, 1, "order-2")
			require.NoError(t, err)
			b.clk.Advance(time.Hour) // a repeat long afterwards is a repeat all the same
			again, err := c.first(b, "order-1")
			require.NoError(t, err)
			require.Equal(t, done, again)
			_, err = c.other(b, "order-1")
			require.ErrorIs(t, err, model.ErrReservationEnded)
			require.ErrorContains(t, err, string(c.state))
			require.Equal(t, c.stock, b.stock(size.ID))
		})
	}
}

func TestPROD_005_AReservationExpiresWhenItsSizeIsTouched(t *testing.T) {
	t.Parallel()
	b := setup(t)
	size := b.size(3)
	held, err := b.Reserve(b.ctx, editor, model.Hold{SizeID: size.ID, Quantity: 3, Reference: "order-1", TTL: time.Minute})
	require.NoError(t, err)
	b.clk.Set(held.Reservation.ExpiresAt.Add(-time.Microsecond))
	_, err = b.reserve(size.ID, 1, "order-2")
	require.ErrorIs(t, err, model.ErrInsufficientStock)
	b.clk.Set(held.Reservation.ExpiresAt)
	next, err := b.reserve(size.ID, 3, "order-2")
	require.NoError(t, err, "what is overdue is free again")
	require.Equal(t, model.Stock{Quantity: 3, Reserved: 3}, next.Size.Stock)
	_, err = b.Sell(b.ctx, editor, "order-1")
	require.ErrorIs(t, err, model.ErrReservationEnded)
	require.ErrorContains(t, err, "expired")

	b.clk.Advance(model.DefaultTTL)
	_, err = b.Release(b.ctx, editor, "order-2")
	require.ErrorIs(t, err, model.ErrReservationEnded)
	require.Equal(t, model.Stock{Quantity: 3}, b.stock(size.ID), "a refusal keeps the expiry")
	lines := b.trail(size.ID)
	require.Equal(t, model.Expire, lines[0].Kind)
	require.Equal(t, "order-2", lines[0].Reference)
	require.Equal(t, service.System, lines[0].Actor)
}

func TestPROD_005_TheSweeperExpiresWhatNobodyTouches(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sizes := []model.Size{b.size(5), b.size(5), b.size(5)}
	for i, size := range sizes {
		for j := range 2 {
			_, err := b.Reserve(b.ctx, editor, model.Hold{
				SizeID: size.ID, Quantity: 2, Reference: fmt.Sprintf("%d-%d", i, j), TTL: time.Duration(j+1) * time.Hour,
			})
			require.NoError(t, err)
		}
	}
	n, err := b.ExpireReservations(b.ctx, 100)
	require.NoError(t, err)
	require.Zero(t, n)
	b.clk.Advance(time.Hour)
	n, err = b.ExpireReservations(b.ctx, 2)
	require.NoError(t, err)
	require.Equal(t, 2, n, "at most two sizes at a time")
	n, err = b.ExpireReservations(b.ctx, 2)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	for _, size := range sizes {
		require.Equal(t, model.Stock{Quantity: 5, Reserved: 2}, b.stock(size.ID))
	}
}

// TestPROD_005_ManyBuyersNeverOversell lets 64 callers reserve and sell 5 items of one size.
func TestPROD_005_ManyBuyersNeverOversell(t *testing.T) {
	t.Parallel()
	b := setup(t)
	size := b.size(5)
	var sold, refused atomic.Int32
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			<-start
			reference := fmt.Sprintf("order-%d", i)
			_, err := b.reserve(size.ID, 1, reference)
			if errors.Is(err, model.ErrInsufficientStock) {
				refused.Add(1)
				return
			}
			if _, sellErr := b.Sell(b.ctx, editor, reference); err != nil || sellErr != nil {
				t.Error(err, sellErr)
				return
			}
			sold.Add(1)
		})
	}
	close(start)
	wg.Wait()
	require.EqualValues(t, 5, sold.Load())
	require.EqualValues(t, 59, refused.Load())
	require.Equal(t, model.Stock{}, b.stock(size.ID))
	requireConsistent(t, b)
}

func TestPROD_005_OneReferenceAtTheSameMomentIsOneReservation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sizes := []model.Size{b.size(100), b.size(100)}
	var same, taken atomic.Int32
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			_, err := b.reserve(sizes[i%2].ID, 1, "order-1")
			_, adjustErr := b.UpdateInventory(b.ctx, editor,
				model.Adjustment{SizeID: sizes[i%2].ID, Delta: 10, Reason: "in", Reference: "note-1"})
			for _, err := range []error{err, adjustErr} {
				switch {
				case err == nil:
					same.Add(1)
				case errors.Is(err, model.ErrReferenceTaken):
					taken.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 32, same.Load(), "repeats for the size that won")
	require.EqualValues(t, 32, taken.Load(), "refusals for the other")
	a, c := b.stock(sizes[0].ID), b.stock(sizes[1].ID)
	require.EqualValues(t, 1, a.Reserved+c.Reserved)
	require.EqualValues(t, 210, a.Quantity+c.Quantity)
	requireConsistent(t, b)
}

func TestPROD_006_EveryChangeLeavesALine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	size := b.size(5)
	caller := service.Caller{Actor: id.New().String()}
	_, err := b.Reserve(b.ctx, caller, model.Hold{SizeID: size.ID, Quantity: 2, Reference: "order-1"})
	require.NoError(t, err)
	_, err = b.Sell(b.ctx, caller, "order-1")
	require.NoError(t, err)
	_, err = b.UpdateInventory(b.ctx, caller, model.Adjustment{SizeID: size.ID, Delta: -1, Reason: "lost", Reference: "note-1"})
	require.NoError(t, err)
	lines := b.trail(size.ID)
	slices.Reverse(lines)
	require.Len(t, lines, 4)
	for i, want := range []model.Transaction{
		{Kind: model.Add, After: model.Stock{Quantity: 5}, Reason: "opening stock", Actor: editor.Actor},
		{Kind: model.Reserve, Before: model.Stock{Quantity: 5}, After: model.Stock{Quantity: 5, Reserved: 2}, Reference: "order-1", Actor: caller.Actor},
		{Kind: model.Sell, Before: model.Stock{Quantity: 5, Reserved: 2}, After: model.Stock{Quantity: 3}, Reference: "order-1", Actor: caller.Actor},
		{Kind: model.Adjust, Before: model.Stock{Quantity: 3}, After: model.Stock{Quantity: 2}, Reference: "note-1", Reason: "lost", Actor: caller.Actor},
	} {
		want.ID, want.SizeID, want.Seq, want.At = lines[i].ID, size.ID, int64(i)+2, b.clk.Now()
		require.Equal(t, want, lines[i])
	}
	_, _, err = b.Trail(b.ctx, id.New(), 0, "")
	require.ErrorIs(t, err, model.ErrSizeNotFound)
	_, next, err := b.Trail(b.ctx, size.ID, 1, "")
	require.NoError(t, err)
	_, _, err = b.Trail(b.ctx, b.size(0).ID, 1, next)
	requireField(t, err, "page_token")
	_, _, err = b.Trail(b.ctx, size.ID, 1, page.Encode("x"))
	requireField(t, err, "page_token")
	empty, _, err := b.Trail(b.ctx, b.size(0).ID, 1, "")
	require.NoError(t, err)
	require.Empty(t, empty)
}

func TestPROD_006_TheTrailCannotBeRewritten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.size(5)
	for _, sql := range []string{
		"UPDATE inventory_transactions SET actor = 'nobody'", "DELETE FROM inventory_transactions",
		"TRUNCATE inventory_transactions",
	} {
		_, err := b.db.Exec(b.ctx, sql)
		require.ErrorContains(t, err, "append-only", sql)
	}
}

// TestPROD_006_ReplayingTheTrailGivesTheStockAfterAnything runs random operations, repeats
// and wrong ones among them, while time passes, and compares trail, reservations and stock.
func TestPROD_006_ReplayingTheTrailGivesTheStockAfterAnything(t *testing.T) {
	t.Parallel()
	b := setup(t)
	rapid.Check(t, func(t *rapid.T) {
		size := b.size(3)
		prefix := size.ID.String()
		reference := func() string {
			return prefix + rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "reference")
		}
		allowed := func(err error, no ...error) {
			for _, n := range no {
				if errors.Is(err, n) {
					return
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "operation") {
			case 0:
				_, err := b.reserve(size.ID, rapid.Int32Range(1, 4).Draw(t, "quantity"), reference())
				allowed(err, model.ErrInsufficientStock, model.ErrReferenceTaken)
			case 1:
				_, err := b.Release(b.ctx, editor, reference())
				allowed(err, model.ErrReservationNotFound, model.ErrReservationEnded)
			case 2:
				_, err := b.Sell(b.ctx, editor, reference())
				allowed(err, model.ErrReservationNotFound, model.ErrReservationEnded)
			case 3:
				delta := rapid.SampledFrom([]int32{-2, -1, 1, 2}).Draw(t, "delta")
				_, err := b.UpdateInventory(b.ctx, editor,
					model.Adjustment{SizeID: size.ID, Delta: delta, Reason: "r", Reference: reference()})
				allowed(err, model.ErrInsufficientStock, model.ErrReferenceTaken)
			case 4:
				b.clk.Advance(time.Duration(rapid.IntRange(1, 20).Draw(t, "minutes")) * time.Minute)
			case 5:
				_, err := b.ExpireReservations(b.ctx, 10)
				allowed(err)
			}
		}
	})
	requireConsistent(t, b)
}

// requireConsistent asserts that trail, reservations and stock of every size agree.
func requireConsistent(t testing.TB, b *bundle) {
	t.Helper()
	require.Zero(t, b.count(`SELECT count(*) FROM sizes s
		LEFT JOIN (SELECT size_id, sum(quantity_delta) q, sum(reserved_delta) r, count(*) n, max(seq) last
			FROM inventory_transactions GROUP BY size_id) x ON x.size_id = s.id
		WHERE (coalesce(q, 0), coalesce(r, 0), coalesce(n, 0) + 1, coalesce(last, 1))
			IS DISTINCT FROM (s.quantity, s.reserved, s.version, s.version)`), "trail and stock")
	require.Zero(t, b.count(`SELECT count(*) FROM (SELECT quantity_before, reserved_before,
			lag(quantity_after, 1, 0) OVER w q, lag(reserved_after, 1, 0) OVER w r
			FROM inventory_transactions WINDOW w AS (PARTITION BY size_id ORDER BY seq)) x
		WHERE (q, r) <> (quantity_before, reserved_before)`), "each line follows the one before")
	require.Zero(t, b.count(`SELECT count(*) FROM sizes s WHERE s.reserved <> (SELECT coalesce(sum(quantity), 0)
		FROM inventory_reservations r WHERE r.size_id = s.id AND r.state = 'held')`), "reservations and stock")
}
