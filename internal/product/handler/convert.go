package handler

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

var errNoStatus = errs.Invalid("status", "must be DRAFT, ACTIVE or HIDDEN")

// What is left out of a message is blank in the model.
var statusIn = map[productv1.ProductStatus]model.Status{
	productv1.ProductStatus_DRAFT:  model.Draft,
	productv1.ProductStatus_ACTIVE: model.Active,
	productv1.ProductStatus_HIDDEN: model.Hidden,
}

var statusOut = map[model.Status]productv1.ProductStatus{
	model.Draft:  productv1.ProductStatus_DRAFT,
	model.Active: productv1.ProductStatus_ACTIVE,
	model.Hidden: productv1.ProductStatus_HIDDEN,
}

var sortIn = map[productv1.ProductSort]model.Sort{
	productv1.ProductSort_NEWEST:            model.Newest,
	productv1.ProductSort_PRICE_ASC:         model.PriceAsc,
	productv1.ProductSort_PRICE_DESC:        model.PriceDesc,
	productv1.ProductSort_RELEASE_DATE_DESC: model.ReleaseDesc,
	productv1.ProductSort_RELEASE_DATE_ASC:  model.ReleaseAsc,
	productv1.ProductSort_RELEVANCE:         model.Relevance,
	productv1.ProductSort_MOST_ACTIVE:       model.MostActive,
}

var stateOut = map[model.State]productv1.ReservationState{
	model.Held:     productv1.ReservationState_HELD,
	model.Released: productv1.ReservationState_RELEASED,
	model.Sold:     productv1.ReservationState_SOLD,
	model.Expired:  productv1.ReservationState_EXPIRED,
}

func productOut(p model.Product) *productv1.Product {
	return &productv1.Product{
		Id: p.ID.String(), Name: p.Name, Sku: p.SKU, Slug: p.Slug, Brand: p.Brand, Model: p.Model,
		Category: p.Category, Colorway: p.Colorway, Description: p.Description, Gender: p.Gender,
		RetailPrice: int64(p.RetailPrice), Currency: string(p.Currency),
		ReleaseDate: model.FormatDate(p.ReleaseDate), Status: statusOut[p.Status],
		Images: each(p.Images, imageOut), Sizes: each(p.Sizes, sizeOut),
		CreatedAt: timestamppb.New(p.CreatedAt), UpdatedAt: timestamppb.New(p.UpdatedAt), Version: p.Version,
	}
}

func imageOut(i model.Image) *productv1.ProductImage {
	return &productv1.ProductImage{
		Id: i.ID.String(), ProductId: i.ProductID.String(), Url: i.URL, Alt: i.Alt,
		IsPrimary: i.Primary, Position: i.Position, CreatedAt: timestamppb.New(i.CreatedAt),
	}
}

func sizeOut(s model.Size) *productv1.Size {
	return &productv1.Size{
		Id: s.ID.String(), ProductId: s.ProductID.String(), Label: s.Label, System: string(s.System),
		Quantity: s.Stock.Quantity, Reserved: s.Stock.Reserved,
		CreatedAt: timestamppb.New(s.CreatedAt), UpdatedAt: timestamppb.New(s.UpdatedAt), Version: s.Version,
	}
}

func reservationOut(r model.Reservation) *productv1.Reservation {
	return &productv1.Reservation{
		Reference: r.Reference, SizeId: r.SizeID.String(), Quantity: r.Quantity, State: stateOut[r.State],
		CreatedAt: timestamppb.New(r.CreatedAt), ExpiresAt: timestamppb.New(r.ExpiresAt),
	}
}

func transactionOut(t model.Transaction) *productv1.InventoryTransaction {
	d := t.Delta()
	return &productv1.InventoryTransaction{
		Id: t.ID.String(), SizeId: t.SizeID.String(), Kind: string(t.Kind),
		QuantityDelta: d.Quantity, QuantityBefore: t.Before.Quantity, QuantityAfter: t.After.Quantity,
		ReservedDelta: d.Reserved, ReservedBefore: t.Before.Reserved, ReservedAfter: t.After.Reserved,
		Reference: t.Reference, Reason: t.Reason, Actor: t.Actor, CreatedAt: timestamppb.New(t.At),
	}
}

// each maps a list.
func each[A, B any](in []A, one func(A) B) []B {
	out := make([]B, 0, len(in))
	for _, v := range in {
		out = append(out, one(v))
	}
	return out
}
