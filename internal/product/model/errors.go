package model

import "github.com/sneakers-marketplace/marketplace/pkg/errs"

// What the catalogue and the stock answer when they say no.
var (
	ErrProductNotFound = errs.New(errs.NotFound, "PRODUCT_NOT_FOUND", "product not found")
	ErrImageNotFound   = errs.New(errs.NotFound, "IMAGE_NOT_FOUND", "image not found")
	ErrSizeNotFound    = errs.New(errs.NotFound, "SIZE_NOT_FOUND", "size not found")

	ErrSKUTaken = errs.New(errs.AlreadyExists, "SKU_TAKEN",
		"another product has this SKU").On("sku", "must be unused, whatever its case")
	ErrSlugTaken = errs.New(errs.AlreadyExists, "SLUG_TAKEN", "another product has this slug")
	ErrSizeTaken = errs.New(errs.AlreadyExists, "SIZE_TAKEN",
		"the product has this size already").On("label", "must be new to the product and system")
	ErrVersion    = errs.New(errs.Aborted, "VERSION_MISMATCH", "the product has changed since it was read")
	ErrImageLimit = errs.New(errs.FailedPrecondition, "IMAGE_LIMIT", "a product has at most 100 images")

	ErrStatusHidden = errs.New(errs.PermissionDenied, "STATUS_NOT_VISIBLE",
		"only active products are visible to you").On("filters.status", "must be ACTIVE or left out")

	ErrInsufficientStock = errs.New(errs.FailedPrecondition, "INSUFFICIENT_STOCK", "not enough items are available")
	ErrStockLimit        = errs.New(errs.FailedPrecondition, "STOCK_LIMIT", "a size holds at most 1000000000 items")
	ErrReferenceTaken    = errs.New(errs.AlreadyExists, "REFERENCE_TAKEN",
		"the reference was used for something else").On("reference", "must be new, or the request the same as before")
	ErrReservationNotFound = errs.New(errs.NotFound, "RESERVATION_NOT_FOUND", "no reservation has this reference")
	ErrReservationEnded    = errs.New(errs.FailedPrecondition, "RESERVATION_ENDED", "the reservation is no longer held")
)
