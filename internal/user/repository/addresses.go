package repository

import (
	"context"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/internal/user/repository/dbgen"
	"github.com/sneakers-marketplace/marketplace/internal/user/service"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// CreateAddress implements service.Addresses.
func (r *Repository) CreateAddress(ctx context.Context, a model.Address) error {
	return wrap(r.q.CreateAddress(ctx, dbgen.CreateAddressParams{
		ID: a.ID, UserID: a.UserID, Kind: string(a.Kind), Recipient: a.Recipient, Line1: a.Line1, Line2: a.Line2,
		City: a.City, Region: a.Region, PostalCode: a.PostalCode, Country: a.Country, Phone: a.Phone,
		IsDefault: a.IsDefault, CreatedAt: a.CreatedAt,
	}), "create address of %s", a.UserID)
}

// Address implements service.Addresses.
func (r *Repository) Address(ctx context.Context, user, address id.UUID) (model.Address, error) {
	row, err := r.q.Address(ctx, dbgen.AddressParams{ID: address, UserID: user})
	return toAddress(row), found(err, model.ErrAddressUnknown, address)
}

// Addresses implements service.Addresses.
func (r *Repository) Addresses(ctx context.Context, user id.UUID, kind model.AddressKind, after *service.Cursor, limit int) ([]model.Address, error) {
	at, last := keyset(after)
	rows, err := r.q.Addresses(ctx, dbgen.AddressesParams{
		UserID: user, Kind: string(kind), BeforeAt: at, BeforeID: last, Size: int32(limit), //nolint:gosec // a page is at most 101
	})
	addresses := make([]model.Address, len(rows))
	for i, row := range rows {
		addresses[i] = toAddress(row)
	}
	return addresses, wrap(err, "list addresses of %s", user)
}

// SaveAddress implements service.Addresses.
func (r *Repository) SaveAddress(ctx context.Context, a model.Address) (model.Address, error) {
	row, err := r.q.SaveAddress(ctx, dbgen.SaveAddressParams{
		ID: a.ID, UserID: a.UserID, Recipient: a.Recipient, Line1: a.Line1, Line2: a.Line2, City: a.City,
		Region: a.Region, PostalCode: a.PostalCode, Country: a.Country, Phone: a.Phone,
		IsDefault: a.IsDefault, UpdatedAt: a.UpdatedAt,
	})
	a.Version, a.UpdatedAt = row.Version, row.UpdatedAt
	return a, found(err, model.ErrAddressUnknown, a.ID)
}

// DeleteAddress implements service.Addresses.
func (r *Repository) DeleteAddress(ctx context.Context, user, address id.UUID) error {
	return wrap(r.q.DeleteAddress(ctx, dbgen.DeleteAddressParams{ID: address, UserID: user}), "delete address %s", address)
}

// CountAddresses implements service.Defaults.
func (r *Repository) CountAddresses(ctx context.Context, user id.UUID, kind model.AddressKind) (all, ofKind int, err error) {
	row, err := r.q.CountAddresses(ctx, dbgen.CountAddressesParams{UserID: user, Kind: string(kind)})
	return int(row.Total), int(row.OfKind), wrap(err, "count addresses of %s", user)
}

// ClearDefault implements service.Defaults.
func (r *Repository) ClearDefault(ctx context.Context, user id.UUID, kind model.AddressKind, except id.UUID, at time.Time) error {
	return wrap(r.q.ClearDefault(ctx, dbgen.ClearDefaultParams{
		UserID: user, Kind: string(kind), ExceptID: except, UpdatedAt: at,
	}), "clear default address of %s", user)
}

// PromoteNewest implements service.Defaults.
func (r *Repository) PromoteNewest(ctx context.Context, user id.UUID, kind model.AddressKind, at time.Time) error {
	return wrap(r.q.PromoteNewest(ctx, dbgen.PromoteNewestParams{
		UserID: user, Kind: string(kind), UpdatedAt: at,
	}), "promote address of %s", user)
}

func toAddress(a dbgen.Address) model.Address {
	return model.Address{
		ID: a.ID, UserID: a.UserID, Kind: model.AddressKind(a.Kind), Recipient: a.Recipient,
		Line1: a.Line1, Line2: a.Line2, City: a.City, Region: a.Region, PostalCode: a.PostalCode,
		Country: a.Country, Phone: a.Phone, IsDefault: a.IsDefault,
		CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt, Version: a.Version,
	}
}
