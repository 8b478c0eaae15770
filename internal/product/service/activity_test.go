package service_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/repository"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

const oneDay = 24 * time.Hour

// activity is how many items of a product count, once it is certain that its days agree.
func (b *bundle) activity(product id.UUID) (sold int64) {
	b.t.Helper()
	require.Zero(b.t, b.count(`SELECT count(*) FROM products p LEFT JOIN product_activity a ON a.product_id = p.id
		WHERE a.sold_30d IS DISTINCT FROM (SELECT coalesce(sum(sold), 0) FROM product_activity_days d WHERE d.product_id = p.id)`))
	require.NoError(b.t, b.db.QueryRow(b.ctx, "SELECT sold_30d FROM product_activity WHERE product_id = $1", product).Scan(&sold))
	return sold
}

// sweep forgets what is too old and tells of how many products.
func (b *bundle) sweep() int {
	b.t.Helper()
	n, err := b.ForgetSales(b.ctx, 100)
	require.NoError(b.t, err)
	return n
}

func (b *bundle) position(partition int32) int64 {
	b.t.Helper()
	seq, err := b.Followed(b.ctx, exchange, partition)
	require.NoError(b.t, err)
	return seq
}

// byActivity lists the products as the sort does, and searches for them likewise.
func (b *bundle) byActivity() []string {
	b.t.Helper()
	p, err := b.ListProducts(b.ctx, stranger, service.Request{Sort: model.MostActive, Size: 100})
	require.NoError(b.t, err)
	q, err := b.SearchProducts(b.ctx, stranger, service.Request{Query: "dunk", Sort: model.MostActive, Size: 100})
	require.NoError(b.t, err)
	require.Equal(b.t, skus(p.Products), skus(q.Products))
	return skus(p.Products)
}

func TestPROD_004_WhatSoldMostComesFirstAndWhatNobodyBoughtLast(t *testing.T) {
	t.Parallel()
	b := setup(t)
	items := map[string]int32{"few": 2, "most": 9, "none": 0, "some": 5, "also none": 0}
	for _, sku := range []string{"few", "most", "none", "some", "also none"} {
		b.sold(b.product(func(p *model.Product) { p.SKU = sku }).ID, items[sku])
	}
	require.Equal(t, []string{"most", "some", "few", "also none", "none"}, b.byActivity(), "equals by id, the newest first")

	few, err := b.Product(b.ctx, stranger, service.Key{SKU: "few"})
	require.NoError(t, err)
	b.sold(few.ID, 4)
	require.Equal(t, []string{"most", "few", "some", "also none", "none"}, b.byActivity())
	require.EqualValues(t, 6, b.activity(few.ID), "all sizes of a product count")
	after, err := b.Product(b.ctx, stranger, service.Key{SKU: "few"})
	require.NoError(t, err)
	require.Equal(t, few.Version, after.Version, "a sale does not change the product")

	filtered, err := b.ListProducts(b.ctx, stranger, service.Request{Sort: model.MostActive, Filters: model.Filters{Brand: "nike"}, Size: 2})
	require.NoError(t, err)
	require.Equal(t, []string{"most", "few"}, skus(filtered.Products))
	require.NoError(t, b.DeleteProduct(b.ctx, few.ID))
	require.Equal(t, []string{"most", "some", "also none", "none"}, b.byActivity())
}

func TestPROD_004_ASearchByActivityGoesOnPageByPage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 7 {
		b.sold(b.product().ID, int32(i%3))
	}
	want, got, token := b.byActivity(), []string{}, ""
	for {
		p, err := b.SearchProducts(b.ctx, stranger, service.Request{Query: "dunk", Sort: model.MostActive, Size: 2, Token: token})
		require.NoError(t, err)
		require.EqualValues(t, 7, p.Total)
		got = append(got, skus(p.Products)...)
		if token = p.Next; token == "" {
			break
		}
	}
	require.Equal(t, want, got)
}

func TestPROD_004_ASaleFallsOutWithTheThirtiethUTCDay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, evening := b.size(1), time.Date(2026, 1, 15, 23, 59, 59, 0, time.UTC)
	b.clk.Set(evening)
	b.tell(model.Sale{Size: p.ID, Items: 3, At: evening})
	b.clk.Set(evening.Add(2 * time.Second))
	b.tell(model.Sale{Size: p.ID, Items: 4, At: b.clk.Now()})
	require.EqualValues(t, 7, b.activity(p.ProductID))

	b.clk.Set(time.Date(2026, 2, 13, 23, 59, 59, 0, time.UTC)) // the 30th day, January 15 included
	require.Zero(t, b.sweep())
	require.EqualValues(t, 7, b.activity(p.ProductID))
	b.clk.Advance(time.Second)
	require.Equal(t, 1, b.sweep())
	require.EqualValues(t, 4, b.activity(p.ProductID))
	require.Zero(t, b.sweep(), "once")
	b.clk.Advance(oneDay)
	require.Equal(t, 1, b.sweep())
	require.Zero(t, b.activity(p.ProductID))
	require.Zero(t, b.count("SELECT count(*) FROM product_activity_days"))
}

func TestPROD_004_DaysAreForgottenAfterALongDowntime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p, other := b.size(1), b.size(1)
	for range 40 {
		b.tell(model.Sale{Size: p.ID, Items: 1, At: b.clk.Now()})
		b.clk.Advance(oneDay)
	}
	b.tell(model.Sale{Size: other.ID, Items: 1, At: b.clk.Now()})
	require.EqualValues(t, 40, b.activity(p.ProductID), "nobody swept")
	require.Equal(t, 1, b.sweep())
	require.EqualValues(t, 29, b.activity(p.ProductID), "and today nobody bought")
	require.EqualValues(t, 1, b.activity(other.ProductID))
}

func TestPROD_004_WhatIsToldTooLateDoesNotCount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.size(1)
	b.tell(
		model.Sale{Size: p.ID, Items: 5, At: b.clk.Now().Add(-30 * oneDay)},
		model.Sale{Size: p.ID, Items: 2, At: b.clk.Now().Add(-29 * oneDay)},
	)
	require.EqualValues(t, 2, b.activity(p.ProductID))
	require.EqualValues(t, 1, b.position(0))
}

func TestPROD_004_SweepsAndSalesAtOnceAddUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sizes := []model.Size{b.size(1), b.size(1), b.size(1), b.size(1)}
	for i := range 20 {
		b.tell(model.Sale{Size: sizes[i%4].ID, Items: int32(i + 1), At: b.clk.Now()})
	}
	b.clk.Advance(30 * oneDay)
	late := service.New(repository.New(b.db), clock.NewFake(noon)) // its clock is behind: it counts old days
	var wg sync.WaitGroup
	var mu sync.Mutex
	swept := 0
	for i := range 4 {
		wg.Go(func() {
			n, err := b.ForgetSales(b.ctx, 100)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			swept += n
			mu.Unlock()
		})
		wg.Go(func() {
			for seq := range int64(10) {
				sales := []model.Sale{
					{Size: sizes[(i+1)%4].ID, Items: 1, At: b.clk.Now(), Seq: seq + 1},
					{Size: sizes[i].ID, Items: 2, At: noon, Seq: seq + 1},
				}
				if err := late.CountSales(b.ctx, exchange, int32(i+1), seq+1, sales); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.GreaterOrEqual(t, swept, 4)
	for _, s := range sizes {
		b.activity(s.ProductID) // agrees with its days, whoever came first
	}
	b.sweep()
	for _, s := range sizes {
		require.EqualValues(t, 10, b.activity(s.ProductID))
	}
}

func TestPROD_004_EveryProductHasItsActivityFromTheBeginning(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.product()
	b.bring(false, line(1, "B1", "Bulk"), line(2, "B2", "Bulk"))
	require.Zero(t, b.activity(made.ID))
	require.EqualValues(t, 3, b.count("SELECT count(*) FROM product_activity"))
	_, err := b.db.Exec(b.ctx, "DELETE FROM products WHERE sku = 'B1'")
	require.NoError(t, err)
	require.EqualValues(t, 2, b.count("SELECT count(*) FROM product_activity"))
}

func TestEVENT_001_ASaleCountsOnceHoweverOftenItIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.size(1)
	var sales []model.Sale
	for seq := range int64(12) {
		sales = append(sales, model.Sale{Size: p.ID, Items: 2, At: b.clk.Now(), Seq: seq + 1})
	}
	require.Zero(t, b.position(0))
	var wg sync.WaitGroup
	for instance := range int64(8) { // each takes other batches together, from the position it knows
		wg.Go(func() {
			for partition := range int32(2) {
				for from := int64(0); from < 12; {
					to := min(from+instance%4+1, 12)
					if err := b.CountSales(b.ctx, exchange, partition, to, sales[from:to]); err != nil {
						t.Error(err)
					}
					from = to
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 2*12*2, b.activity(p.ProductID))
	require.EqualValues(t, 12, b.position(0))
	require.EqualValues(t, 12, b.position(1))
	require.NoError(t, b.CountSales(b.ctx, exchange, 0, 2, sales[:2]))
	require.EqualValues(t, 12, b.position(0), "a position never goes back")
	require.EqualValues(t, 2*12*2, b.activity(p.ProductID))
}

func TestEVENT_001_ASizeNobodyKnowsIsPassedOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.size(1)
	b.tell(
		model.Sale{Size: id.New(), Items: 7, At: b.clk.Now()},
		model.Sale{Size: p.ID, Items: 1, At: b.clk.Now()},
		model.Sale{Size: p.ID, Items: 1, At: b.clk.Now()},
	)
	b.tell(model.Sale{Size: id.New(), Items: 7, At: b.clk.Now()})
	b.tell()
	require.EqualValues(t, 2, b.activity(p.ProductID))
	require.EqualValues(t, 3, b.position(0))
	require.EqualValues(t, 2, b.count("SELECT sum(sold_30d)::bigint FROM product_activity"))
}

func TestEVENT_001_ACountThatFailsLeavesItsPositionToo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.size(1)
	b.tell(model.Sale{Size: p.ID, Items: 1, At: b.clk.Now()})
	for _, table := range []string{"product_positions", "product_activity"} {
		_, err := b.db.Exec(b.ctx, fmt.Sprintf(`
			CREATE OR REPLACE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'killed'; END $$;
			CREATE CONSTRAINT TRIGGER die AFTER UPDATE ON %s DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()`, table))
		require.NoError(t, err)
		sale := []model.Sale{{Size: p.ID, Items: 5, At: b.clk.Now(), Seq: 2}}
		require.ErrorContains(t, b.CountSales(b.ctx, exchange, 0, 2, sale), "killed", "at the commit")
		require.EqualValues(t, 1, b.position(0))
		require.EqualValues(t, 1, b.activity(p.ProductID))
		_, err = b.db.Exec(b.ctx, "DROP TRIGGER die ON "+table)
		require.NoError(t, err)
	}
	b.tell(model.Sale{Size: p.ID, Items: 5, At: b.clk.Now()})
	require.EqualValues(t, 6, b.activity(p.ProductID))
}
