package service_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func (b *bundle) image(product id.UUID, primary bool) model.Image {
	b.t.Helper()
	img, err := b.AddImage(b.ctx, model.Image{
		ProductID: product, URL: fmt.Sprintf("https://example.com/%d.jpg", b.n.Add(1)), Primary: primary,
	})
	require.NoError(b.t, err)
	return img
}

func (b *bundle) images(product id.UUID) []model.Image {
	b.t.Helper()
	p, err := b.Product(b.ctx, editor, service.Key{ID: product})
	require.NoError(b.t, err)
	return p.Images
}

func TestPROD_002_ImagesAreOrderedWithOnePrimary(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.product()
	first, second, third := b.image(p.ID, false), b.image(p.ID, false), b.image(p.ID, true)
	require.True(t, first.Primary, "the first image is the primary one")
	first.Primary = false
	require.Equal(t, []model.Image{first, second, third}, b.images(p.ID))

	got, err := b.SetPrimaryImage(b.ctx, second.ID)
	require.NoError(t, err)
	second.Primary, third.Primary = true, false
	require.Equal(t, second, got)

	sorted, err := b.ReorderImages(b.ctx, p.ID, []id.UUID{third.ID, second.ID, first.ID})
	require.NoError(t, err)
	third.Position, second.Position, first.Position = 1, 2, 3
	require.Equal(t, []model.Image{third, second, first}, sorted)
	require.Equal(t, sorted, b.images(p.ID))
	_, err = b.ReorderImages(b.ctx, p.ID, []id.UUID{third.ID, second.ID})
	requireField(t, err, "image_ids")

	require.NoError(t, b.DeleteImage(b.ctx, second.ID))
	first.Primary = true
	require.Equal(t, []model.Image{third, first}, b.images(p.ID), "the next image takes over")
	require.ErrorIs(t, b.DeleteImage(b.ctx, second.ID), model.ErrImageNotFound)
	require.NoError(t, b.DeleteImage(b.ctx, first.ID))
	require.NoError(t, b.DeleteImage(b.ctx, third.ID))
	require.Empty(t, b.images(p.ID))

	_, err = b.AddImage(b.ctx, model.Image{ProductID: p.ID, URL: "http://example.com/a.jpg"})
	requireField(t, err, "url")
	_, err = b.AddImage(b.ctx, model.Image{ProductID: id.New(), URL: "https://example.com/a.jpg"})
	require.ErrorIs(t, err, model.ErrProductNotFound)
	_, err = b.SetPrimaryImage(b.ctx, id.New())
	require.ErrorIs(t, err, model.ErrImageNotFound)
}

func TestPROD_002_ManyHandsLeaveOnePrimary(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.product()
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			img := b.image(p.ID, i%2 == 0)
			if i%3 == 0 {
				if _, err := b.SetPrimaryImage(b.ctx, img.ID); err != nil {
					t.Error(err)
				}
			}
			if i%4 == 0 {
				if err := b.DeleteImage(b.ctx, img.ID); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 9, b.count("SELECT count(*) FROM product_images"))
	require.EqualValues(t, 1, b.count("SELECT count(*) FROM product_images WHERE is_primary"))
}

func TestPROD_002_TheDatabaseKeepsExactlyOnePrimary(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.product()
	first, second := b.image(p.ID, false), b.image(p.ID, false)
	_, err := b.db.Exec(b.ctx, "UPDATE product_images SET is_primary = true WHERE id = $1", second.ID)
	require.ErrorContains(t, err, "product_images_one_primary_idx")
	_, err = b.db.Exec(b.ctx, "UPDATE product_images SET is_primary = false WHERE id = $1", first.ID)
	require.ErrorContains(t, err, "no primary one")
	_, err = b.db.Exec(b.ctx, "DELETE FROM product_images WHERE id = $1", first.ID)
	require.ErrorContains(t, err, "no primary one")
	_, err = b.db.Exec(b.ctx, "UPDATE product_images SET position = 1")
	require.ErrorContains(t, err, "product_images_position_key")
	_, err = b.db.Exec(b.ctx, "DELETE FROM product_images")
	require.NoError(t, err)
}
