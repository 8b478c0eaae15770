// Package id makes and reads the marketplace's ids (ID-001): UUIDv7 everywhere
// but for bids, asks and matches, whose int64 the market's single writer gives.
package id

import (
	"github.com/google/uuid"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

// UUID is a 16-byte id; the zero value means "none".
type UUID = uuid.UUID

// None is the zero id.
var None UUID

// New returns a fresh UUIDv7: its order is roughly the order of creation.
func New() UUID { return uuid.Must(uuid.NewV7()) }

// Parse reads an id that a client sent in the named field.
// Errors: InvalidArgument naming the field.
func Parse(field, s string) (UUID, error) {
	if len(s) != 36 { // uuid.Parse also takes braces, URNs and bare hex; clients get one form
		return None, errs.Invalid(field, "must be a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")
	}
	u, err := uuid.Parse(s)
	if err != nil {
		return None, errs.Invalid(field, "must be a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057")
	}
	return u, nil
}

// FromBytes reads an id from its 16 bytes. Errors: any other length.
func FromBytes(raw []byte) (UUID, error) { return uuid.FromBytes(raw) }
