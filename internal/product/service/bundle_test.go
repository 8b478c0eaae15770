package service_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/repository"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var (
	noon     = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	editor   = service.Caller{Actor: "editor", Editor: true}
	stranger = service.Caller{}
)

const exchange = "bidding"

// bundle is a service on a database of its own.
type bundle struct {
	*service.Service
	t   testing.TB
	ctx context.Context //nolint:containedctx // of the test
	clk *clock.Fake
	db  *pgxpool.Pool
	n   atomic.Int64

	told atomic.Int64 // position of the exchange's last batch
}

func setup(t *testing.T) *bundle {
	t.Helper()
	db, clk := testkit.Database(t), clock.NewFake(noon)
	return &bundle{Service: service.New(repository.New(db), clk), t: t, ctx: t.Context(), clk: clk, db: db}
}

// product makes a product, a moment after the one before; change may adapt it first.
func (b *bundle) product(change ...func(*model.Product)) model.Product {
	b.t.Helper()
	b.clk.Advance(time.Second)
	n := b.n.Add(1)
	p := model.Product{Name: "Dunk Low", SKU: fmt.Sprintf("DD%04d-100", n), Brand: "Nike"}
	for _, c := range change {
		c(&p)
	}
	made, err := b.CreateProduct(b.ctx, p)
	require.NoError(b.t, err)
	return made
}

// size makes a product with one size that holds quantity items.
func (b *bundle) size(quantity int32) model.Size {
	b.t.Helper()
	s, err := b.AddSize(b.ctx, editor, model.Size{
		ProductID: b.product().ID, Label: "10", Stock: model.Stock{Quantity: quantity},
	})
	require.NoError(b.t, err)
	return s
}

// sold tells that items of a product changed hands now; 0 tells nothing.
func (b *bundle) sold(product id.UUID, items int32) {
	b.t.Helper()
	if items == 0 {
		return
	}
	label := b.count(fmt.Sprintf("SELECT count(*) + 1 FROM sizes WHERE product_id = '%s'", product))
	s, err := b.AddSize(b.ctx, editor, model.Size{ProductID: product, Label: fmt.Sprint(label)})
	require.NoError(b.t, err)
	b.tell(model.Sale{Size: s.ID, Items: items, At: b.clk.Now()})
}

// tell lets the exchange's next batch bring sales.
func (b *bundle) tell(sales ...model.Sale) {
	b.t.Helper()
	seq := b.told.Add(1)
	for i := range sales {
		sales[i].Seq = seq
	}
	require.NoError(b.t, b.CountSales(b.ctx, exchange, 0, seq, sales))
}

func (b *bundle) stock(size id.UUID) model.Stock {
	b.t.Helper()
	offer, err := b.Size(b.ctx, editor, size)
	require.NoError(b.t, err)
	return offer.Size.Stock
}

func (b *bundle) trail(size id.UUID) []model.Transaction {
	b.t.Helper()
	var all []model.Transaction
	for token := ""; ; {
		lines, next, err := b.Trail(b.ctx, size, 3, token)
		require.NoError(b.t, err)
		all = append(all, lines...)
		if token = next; token == "" {
			return all
		}
	}
}

// count runs a query that answers one number.
func (b *bundle) count(sql string) (n int64) {
	b.t.Helper()
	require.NoError(b.t, b.db.QueryRow(b.ctx, sql).Scan(&n))
	return n
}

// requireField asserts that err is an InvalidArgument naming field.
func requireField(t testing.TB, err error, field string) {
	t.Helper()
	var e *errs.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, errs.InvalidArgument, e.Kind)
	require.Equal(t, field, e.Fields[0].Name)
}
