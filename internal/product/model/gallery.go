package model

import (
	"slices"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Gallery is the images of one product by position. It is empty or has exactly one primary image (PROD-002).
type Gallery []Image

// Add appends img behind the others; the first image, or one asked to be, becomes the primary one.
// Errors: ErrImageLimit.
func (g *Gallery) Add(img Image) (Image, error) {
	if len(*g) >= MaxImages {
		return Image{}, ErrImageLimit
	}
	img.Position = 1
	if n := len(*g); n > 0 {
		img.Position = (*g)[n-1].Position + 1
	}
	img.Primary = img.Primary || len(*g) == 0
	*g = append(*g, img)
	if img.Primary {
		g.choose(img.ID)
	}
	return img, nil
}

// Remove takes an image out; when it was the primary one the next by position takes over, after the last the first.
// Errors: ErrImageNotFound.
func (g *Gallery) Remove(image id.UUID) error {
	at := g.index(image)
	if at < 0 {
		return ErrImageNotFound
	}
	wasPrimary := (*g)[at].Primary
	*g = slices.Delete(*g, at, at+1)
	if wasPrimary && len(*g) > 0 {
		g.choose((*g)[at%len(*g)].ID)
	}
	return nil
}

// MakePrimary makes an image the primary one in place of the one that was.
// Errors: ErrImageNotFound.
func (g *Gallery) MakePrimary(image id.UUID) (Image, error) {
	at := g.index(image)
	if at < 0 {
		return Image{}, ErrImageNotFound
	}
	g.choose(image)
	return (*g)[at], nil
}

// Reorder puts the images in the order of ids, which names each of them once.
// Errors: InvalidArgument naming image_ids.
func (g *Gallery) Reorder(ids []id.UUID) error {
	sorted := make(Gallery, 0, len(ids))
	for i, image := range ids {
		at := g.index(image)
		if at < 0 || sorted.index(image) >= 0 {
			break
		}
		img := (*g)[at]
		img.Position = int32(i) + 1
		sorted = append(sorted, img)
	}
	if len(sorted) != len(*g) || len(ids) != len(*g) {
		return errs.Invalid("image_ids", "must name every image of the product once")
	}
	*g = sorted
	return nil
}

func (g *Gallery) index(image id.UUID) int {
	return slices.IndexFunc(*g, func(i Image) bool { return i.ID == image })
}

func (g *Gallery) choose(image id.UUID) {
	for i := range *g {
		(*g)[i].Primary = (*g)[i].ID == image
	}
}
