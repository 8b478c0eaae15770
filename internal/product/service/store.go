package service

import (
	"context"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Store is all that the service keeps. A deleted product is found by none of the
// methods that read or change the catalogue; its stock can still be wound up.
type Store interface {
	Products
	Catalogue
	Bulk
	Images
	Sizes
	Stock
	Activity
}

// Products keeps single products.
type Products interface {
	// InsertProduct adds a product. Errors: model.ErrSKUTaken, model.ErrSlugTaken.
	InsertProduct(ctx context.Context, p model.Product) error
	// Product reads a product with its images and sizes. Errors: model.ErrProductNotFound.
	Product(ctx context.Context, by Key) (model.Product, error)
	// UpdateProduct changes a product under a lock; an error of change leaves it as it was.
	// Errors: model.ErrProductNotFound, model.ErrSKUTaken, those of change.
	UpdateProduct(ctx context.Context, product id.UUID, change func(*model.Product) error) (model.Product, error)
	// DeleteProduct takes a product out of the catalogue; its rows stay. Errors: model.ErrProductNotFound.
	DeleteProduct(ctx context.Context, product id.UUID, at time.Time) error
}

// Key names a product by one of its three names; the others are zero.
type Key struct {
	ID   id.UUID
	SKU  string // whatever the case
	Slug string
}

// Catalogue reads lists of products and the words in them.
type Catalogue interface {
	// Page reads at most l.Limit products with their primary images, each with the cursor behind it.
	Page(ctx context.Context, l model.List) ([]model.Product, []model.Cursor, error)
	// Survey reads a page as Page does and counts the whole list, with its facets if they are asked for.
	Survey(ctx context.Context, l model.List, facets bool) (Survey, error)
	// Near lists words of products everyone sees that a misspelt word may have meant, in no order;
	// the word itself is among them when there is such a product.
	Near(ctx context.Context, word string) ([]model.Term, error)
	// Terms lists those of the words that products everyone sees have.
	Terms(ctx context.Context, words []string) ([]model.Term, error)
}

// Survey is a page of a list and what the list is like as a whole.
type Survey struct {
	Products []model.Product
	Cursors  []model.Cursor
	Summary  model.Summary
}

// Bulk reads and writes many products at a time.
type Bulk interface {
	// ProductsBySKU finds products, without images and sizes, by the SKU that asked for them.
	ProductsBySKU(ctx context.Context, skus []string) (map[string]model.Product, error)
	// InsertProducts adds products in one transaction and returns the ids of those it added:
	// a product whose SKU or slug is taken is left out.
	InsertProducts(ctx context.Context, products []model.Product) ([]id.UUID, error)
	// UpdateProducts writes products in one transaction and returns the ids of those it wrote: a
	// product that is no longer at the version before is left out. SKU, slug and currency stay.
	UpdateProducts(ctx context.Context, products []model.Product) ([]id.UUID, error)
	// Catalogue reads at most limit products, without images and sizes, with SKUs behind after, in their order.
	Catalogue(ctx context.Context, f model.Filters, after string, limit int) ([]model.Product, error)
}

// Images keeps the pictures of products.
type Images interface {
	// ImageProduct tells whose image it is. Errors: model.ErrImageNotFound.
	ImageProduct(ctx context.Context, image id.UUID) (id.UUID, error)
	// UpdateGallery changes a product's images under a lock; an error of change leaves them as they were.
	// Errors: model.ErrProductNotFound, those of change.
	UpdateGallery(ctx context.Context, product id.UUID, change func(*model.Gallery) error) error
}

// Sizes keeps the sizes of products.
type Sizes interface {
	// InsertSize adds a size to a product; opening is the line of its first stock, or nil.
	// Errors: model.ErrProductNotFound, model.ErrSizeTaken.
	InsertSize(ctx context.Context, s model.Size, opening *model.Transaction) error
	// Offer reads a size and its product. Errors: model.ErrSizeNotFound.
	Offer(ctx context.Context, size id.UUID) (model.Offer, error)
}

// Stock keeps reservations and the audit trail.
type Stock interface {
	// LockSize runs change with the size locked, in a transaction that commits when change returns nil.
	// Errors: model.ErrSizeNotFound, those of change.
	LockSize(ctx context.Context, size id.UUID, change func(context.Context, Locked) error) error
	// Reservation reads a reservation. Errors: model.ErrReservationNotFound.
	Reservation(ctx context.Context, reference string) (model.Reservation, error)
	// OverdueSizes lists up to limit sizes that have reservations to expire at now.
	OverdueSizes(ctx context.Context, now time.Time, limit int) ([]id.UUID, error)
	// Transactions reads a size's trail before the line seq, newest first, at most limit lines.
	// Errors: model.ErrSizeNotFound.
	Transactions(ctx context.Context, size id.UUID, seq int64, limit int) ([]model.Transaction, error)
}

// Activity keeps how many items of each product were sold lately (PROD-004).
type Activity interface {
	// Position is how far a partition of another service's events has had its effect; 0: none had.
	Position(ctx context.Context, source string, partition int32) (int64, error)
	// CountSales counts the sales behind the position, by product and UTC day, and moves the
	// position to seq, in one transaction. A size nobody knows is passed over.
	CountSales(ctx context.Context, source string, partition int32, seq int64, sales []model.Sale) error
	// ForgetSales removes the days before first of at most limit products and returns how many had some.
	ForgetSales(ctx context.Context, first time.Time, limit int) (int, error)
}

// Locked is a size that nobody else can change until its transaction ends.
type Locked interface {
	// Size returns the size as it was when it was locked, and whether its product is deleted.
	Size() (size model.Size, deleted bool)
	// Reservation reads a reservation of any size. Errors: model.ErrReservationNotFound.
	Reservation(ctx context.Context, reference string) (model.Reservation, error)
	// Overdue lists the size's reservations to expire at now, oldest first.
	Overdue(ctx context.Context, now time.Time) ([]model.Reservation, error)
	// Past finds the line that a reference left in any trail: that of an adjustment (Add, Adjust),
	// of a reservation's beginning (Reserve) or of its end (Release, Sell, Expire).
	Past(ctx context.Context, reference string, kind model.Kind) (t model.Transaction, found bool, err error)
	// Write writes a change whole. Errors: model.ErrReferenceTaken.
	Write(ctx context.Context, e model.Entry) error
}
