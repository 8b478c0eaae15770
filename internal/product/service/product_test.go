package service_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func TestPROD_001_AProductIsFoundByIDSKUAndSlug(t *testing.T) {
	t.Parallel()
	b := setup(t)
	day, err := model.ParseDate("", "2021-03-10")
	require.NoError(t, err)
	made := b.product(func(p *model.Product) {
		*p = model.Product{
			Name: "Dunk Low Retro", SKU: "dd1391-100", Brand: "Nike", Model: "Dunk", Category: "lifestyle",
			Colorway: "White/Black", Description: "The panda.", Gender: "men", RetailPrice: 110_00,
			Currency: "EUR", ReleaseDate: day, Status: model.Active,
		}
	})
	require.Equal(t, "dunk-low-retro-dd1391-100", made.Slug)
	require.Equal(t, b.clk.Now(), made.CreatedAt)
	made.Images, made.Sizes = []model.Image{}, []model.Size{}
	for _, by := range []service.Key{{ID: made.ID}, {SKU: " DD1391-100 "}, {SKU: "Dd1391-100"}, {Slug: made.Slug}} {
		got, err := b.Product(b.ctx, stranger, by)
		require.NoError(t, err)
		require.Equal(t, made, got)
	}
	for _, by := range []service.Key{{ID: id.New()}, {SKU: "DD1391"}, {Slug: "dunk"}} {
		_, err := b.Product(b.ctx, editor, by)
		require.ErrorIs(t, err, model.ErrProductNotFound)
	}
	_, err = b.Product(b.ctx, editor, service.Key{})
	requireField(t, err, "key")
	_, err = b.Product(b.ctx, editor, service.Key{SKU: "a\x00b"})
	requireField(t, err, "sku")
}

func TestPROD_001_ASKUIsTakenWhateverItsCase(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.product(func(p *model.Product) { p.SKU = "AbC-1" })
	for _, sku := range []string{"AbC-1", "abc-1", "ABC-1", "  abc-1\t"} {
		_, err := b.CreateProduct(b.ctx, model.Product{Name: "Other", SKU: sku})
		require.ErrorIs(t, err, model.ErrSKUTaken)
		var e *errs.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, "sku", e.Fields[0].Name)
	}
	other := b.product(func(p *model.Product) { p.SKU = "ABC-2" })
	_, err := b.UpdateProduct(b.ctx, other.ID, 0, func(p *model.Product) error { p.SKU = "abc-1"; return nil })
	require.ErrorIs(t, err, model.ErrSKUTaken)
	_, err = b.UpdateProduct(b.ctx, other.ID, 0, func(p *model.Product) error { p.SKU = "abc-2"; return nil })
	require.NoError(t, err, "a product may change the case of its own SKU")
}

func TestPROD_001_OneOfManyGetsTheSKU(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var wins, refusals atomic.Int32
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			sku := []string{"RACE-1", "race-1"}[i%2]
			switch _, err := b.CreateProduct(b.ctx, model.Product{Name: "Race", SKU: sku}); {
			case err == nil:
				wins.Add(1)
			case errors.Is(err, model.ErrSKUTaken):
				refusals.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, wins.Load())
	require.EqualValues(t, 15, refusals.Load())
}

func TestPROD_001_ProductsThatReadAlikeGetTheirOwnSlugs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.product(func(p *model.Product) { p.SKU = "A 1" })
	second := b.product(func(p *model.Product) { p.SKU = "A-1" })
	third := b.product(func(p *model.Product) { p.SKU = "A.1" })
	require.Equal(t, "dunk-low-a-1", first.Slug)
	require.NotEqual(t, second.Slug, third.Slug)
	require.True(t, strings.HasPrefix(second.Slug, "dunk-low-a-1-"))
	_, err := b.CreateProduct(b.ctx, model.Product{Name: "☆", SKU: strings.Repeat("ﷺ", 100)})
	require.NoError(t, err, "a text that grows when folded fits")
}

func TestPROD_001_AnUpdateChangesWhatItNames(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.product()
	b.clk.Advance(time.Hour)
	got, err := b.UpdateProduct(b.ctx, made.ID, made.Version, func(p *model.Product) error {
		p.Name, p.RetailPrice = "Dunk High", 125_00
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, "Dunk High", got.Name)
	require.Equal(t, made.Slug, got.Slug, "links keep working")
	require.Equal(t, made.Version+1, got.Version)
	require.Equal(t, b.clk.Now(), got.UpdatedAt)
	read, err := b.Product(b.ctx, stranger, service.Key{ID: made.ID})
	require.NoError(t, err)
	require.Equal(t, got, read)

	_, err = b.UpdateProduct(b.ctx, made.ID, made.Version, func(*model.Product) error { return nil })
	require.ErrorIs(t, err, model.ErrVersion)
	_, err = b.UpdateProduct(b.ctx, made.ID, 0, func(p *model.Product) error { p.Name = " "; return nil })
	requireField(t, err, "name")
	_, err = b.UpdateProduct(b.ctx, id.New(), 0, func(*model.Product) error { return nil })
	require.ErrorIs(t, err, model.ErrProductNotFound)
	again, err := b.Product(b.ctx, stranger, service.Key{ID: made.ID})
	require.NoError(t, err)
	require.Equal(t, got, again, "a refused update changes nothing")
}

func TestPROD_001_OfUpdatesToOneVersionOneWins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := b.product()
	var wins atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			_, err := b.UpdateProduct(b.ctx, made.ID, made.Version, func(*model.Product) error { return nil })
			if err == nil {
				wins.Add(1)
			} else if !errors.Is(err, model.ErrVersion) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, wins.Load())
}

func TestPROD_001_OnlyActiveProductsAreSeenByAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, status := range model.Statuses() {
		p := b.product(func(p *model.Product) { p.Status = status })
		_, err := b.Product(b.ctx, editor, service.Key{ID: p.ID})
		require.NoError(t, err)
		_, err = b.Product(b.ctx, stranger, service.Key{ID: p.ID})
		_, sizesErr := b.Sizes(b.ctx, stranger, p.ID, false)
		if status == model.Active {
			require.NoError(t, err)
			require.NoError(t, sizesErr)
			continue
		}
		require.ErrorIs(t, err, model.ErrProductNotFound)
		require.ErrorIs(t, sizesErr, model.ErrProductNotFound)
	}
}

func TestPROD_001_ADeletedProductLeavesTheCatalogueAndItsHistoryStays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	size := b.size(5)
	held, err := b.Reserve(b.ctx, editor, model.Hold{SizeID: size.ID, Quantity: 2, Reference: "order-1"})
	require.NoError(t, err)
	img, err := b.AddImage(b.ctx, model.Image{ProductID: size.ProductID, URL: "https://example.com/a.jpg"})
	require.NoError(t, err)
	p, err := b.Product(b.ctx, stranger, service.Key{ID: size.ProductID})
	require.NoError(t, err)

	require.NoError(t, b.DeleteProduct(b.ctx, p.ID))
	require.ErrorIs(t, b.DeleteProduct(b.ctx, p.ID), model.ErrProductNotFound)
	for _, by := range []service.Key{{ID: p.ID}, {SKU: p.SKU}, {Slug: p.Slug}} {
		_, err := b.Product(b.ctx, editor, by)
		require.ErrorIs(t, err, model.ErrProductNotFound)
	}
	_, err = b.Size(b.ctx, editor, size.ID)
	require.ErrorIs(t, err, model.ErrSizeNotFound)
	_, err = b.AddSize(b.ctx, editor, model.Size{ProductID: p.ID, Label: "11"})
	require.ErrorIs(t, err, model.ErrProductNotFound)
	_, err = b.AddImage(b.ctx, model.Image{ProductID: p.ID, URL: "https://example.com/b.jpg"})
	require.ErrorIs(t, err, model.ErrProductNotFound)
	_, err = b.SetPrimaryImage(b.ctx, img.ID)
	require.ErrorIs(t, err, model.ErrImageNotFound)
	page, err := b.ListProducts(b.ctx, editor, service.Request{})
	require.NoError(t, err)
	require.Empty(t, page.Products)

	// The stock can still be wound up, not built up.
	_, err = b.Reserve(b.ctx, editor, model.Hold{SizeID: size.ID, Quantity: 1, Reference: "order-2"})
	require.ErrorIs(t, err, model.ErrSizeNotFound)
	_, err = b.UpdateInventory(b.ctx, editor, model.Adjustment{SizeID: size.ID, Delta: 1, Reason: "in"})
	require.ErrorIs(t, err, model.ErrSizeNotFound)
	sold, err := b.Sell(b.ctx, editor, held.Reservation.Reference)
	require.NoError(t, err)
	require.Equal(t, model.Stock{Quantity: 3}, sold.Size.Stock)
	left, err := b.UpdateInventory(b.ctx, editor, model.Adjustment{SizeID: size.ID, Delta: -3, Reason: "returned to owner"})
	require.NoError(t, err)
	require.Equal(t, model.Stock{}, left.Stock)
	require.Len(t, b.trail(size.ID), 4)

	again := b.product(func(n *model.Product) { n.SKU, n.Name = p.SKU, p.Name })
	require.Equal(t, p.Slug, again.Slug, "the SKU and slug of a deleted product are free again")
}
