package service_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func TestPROD_003_SizesAreListedInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.product()
	for _, s := range []struct {
		system   model.System
		label    string
		quantity int32
	}{{model.EU, "42", 0}, {model.USMen, "10", 1}, {model.USMen, "9.5", 0}, {model.USMen, "9", 2}, {model.CM, "28", 0}} {
		_, err := b.AddSize(b.ctx, editor, model.Size{
			ProductID: p.ID, System: s.system, Label: s.label, Stock: model.Stock{Quantity: s.quantity},
		})
		require.NoError(t, err)
	}
	labels := func(availableOnly bool) (out []string) {
		sizes, err := b.Sizes(b.ctx, stranger, p.ID, availableOnly)
		require.NoError(t, err)
		for _, s := range sizes {
			out = append(out, string(s.System)+" "+s.Label)
		}
		return out
	}
	require.Equal(t, []string{"US_M 9", "US_M 9.5", "US_M 10", "EU 42", "CM 28"}, labels(false))
	require.Equal(t, []string{"US_M 9", "US_M 10"}, labels(true))
	_, err := b.Sizes(b.ctx, stranger, id.New(), false)
	require.ErrorIs(t, err, model.ErrProductNotFound)
}

func TestPROD_003_ASizeIsAddedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.product()
	add := func(system model.System, label string) error {
		_, err := b.AddSize(b.ctx, editor, model.Size{ProductID: p.ID, System: system, Label: label})
		return err
	}
	require.NoError(t, add(model.USMen, "10"))
	require.NoError(t, add(model.USWomen, "10"))
	require.ErrorIs(t, add(model.USMen, "10.0"), model.ErrSizeTaken)
	require.NoError(t, add(model.USGradeSchool, "5"))
	require.ErrorIs(t, add(model.USGradeSchool, "5Y"), model.ErrSizeTaken, "one size with two spellings")
	requireField(t, add(model.USMen, "huge"), "label")
	_, err := b.AddSize(b.ctx, editor, model.Size{ProductID: p.ID, Label: "9", Stock: model.Stock{Quantity: -1}})
	requireField(t, err, "quantity")
	_, err = b.AddSize(b.ctx, editor, model.Size{ProductID: p.ID, Label: "9", Stock: model.Stock{Quantity: model.MaxStock + 1}})
	require.ErrorIs(t, err, model.ErrStockLimit)
	_, err = b.AddSize(b.ctx, editor, model.Size{ProductID: id.New(), Label: "9"})
	require.ErrorIs(t, err, model.ErrProductNotFound)
	_, err = b.AddSize(b.ctx, editor, model.Size{ProductID: id.New(), Label: "9", Stock: model.Stock{Quantity: 1}})
	require.ErrorIs(t, err, model.ErrProductNotFound)
}

func TestMKT_002_ASizeTellsItsMarketOfTheProductWhateverItsStatus(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, status := range model.Statuses() {
		p := b.product(func(p *model.Product) { p.Status, p.Currency = status, "JPY" })
		size, err := b.AddSize(b.ctx, editor, model.Size{ProductID: p.ID, Label: "10", Stock: model.Stock{Quantity: 3}})
		require.NoError(t, err)
		offer, err := b.Size(b.ctx, editor, size.ID)
		require.NoError(t, err)
		require.Equal(t, model.Offer{Size: size, Product: model.Product{
			ID: p.ID, Name: p.Name, SKU: p.SKU, Currency: "JPY", Status: status, Version: 1,
		}}, offer)
	}
	_, err := b.Size(b.ctx, editor, id.New())
	require.ErrorIs(t, err, model.ErrSizeNotFound)
}

func TestPROD_003_TheDatabaseKeepsReservedWithinQuantity(t *testing.T) {
	t.Parallel()
	b := setup(t)
	size := b.size(2)
	for _, wrong := range []string{"reserved = 3", "reserved = -1", "quantity = -1", "quantity = 1000000001"} {
		_, err := b.db.Exec(b.ctx, "UPDATE sizes SET "+wrong+" WHERE id = $1", size.ID)
		require.ErrorContains(t, err, "sizes_stock_bounds")
	}
}
