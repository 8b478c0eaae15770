package model

import (
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// How long a reservation may be held.
const (
	DefaultTTL = 15 * time.Minute
	MaxTTL     = 400 * 24 * time.Hour
)

// State is where a reservation stands. It leaves Held once and then stays.
type State string

// The states of a reservation (PROD-005).
const (
	Held     State = "held"
	Released State = "released" // given back
	Sold     State = "sold"     // gone for good
	Expired  State = "expired"  // held for too long, given back
)

// States returns every state there is.
func States() []State { return []State{Held, Released, Sold, Expired} }

// kind returns the line of the audit trail that brings a reservation into s.
func (s State) kind() Kind {
	switch s {
	case Held:
		return Reserve
	case Released:
		return Release
	case Sold:
		return Sell
	case Expired:
		return Expire
	}
	panic("model: unknown state " + string(s))
}

// Reservation is stock of a size set aside under a reference that is used once (PROD-005).
type Reservation struct {
	Reference string
	SizeID    id.UUID
	Quantity  int32
	State     State
	CreatedAt time.Time
	ExpiresAt time.Time // from this instant on it may be expired
	UpdatedAt time.Time
	Version   int64
}

// Overdue reports whether the reservation is held although its time has passed.
func (r Reservation) Overdue(now time.Time) bool { return r.State == Held && !now.Before(r.ExpiresAt) }

// Hold is a request to set stock aside.
type Hold struct {
	SizeID    id.UUID
	Quantity  int32
	Reference string
	TTL       time.Duration // 0 = DefaultTTL
}

// Normalize trims the reference, fills in the default and checks every field.
// Errors: InvalidArgument naming the field.
func (h *Hold) Normalize() error {
	h.TTL = orElse(h.TTL, DefaultTTL)
	switch {
	case h.Quantity < 1:
		return errs.Invalid("quantity", "must be 1 or more")
	case h.TTL < time.Second || h.TTL > MaxTTL:
		return errs.Invalid("ttl", "must be 1 second to 400 days")
	}
	h.TTL = h.TTL.Truncate(time.Microsecond) // what the database keeps
	return Reference(&h.Reference)
}

// Reference trims the name of a reservation and refuses a blank one.
// Errors: InvalidArgument naming reference.
func Reference(s *string) error {
	if err := Line("reference", s, 100); err != nil {
		return err
	}
	if *s == "" {
		return errs.Invalid("reference", "must not be blank")
	}
	return nil
}

// Same reports whether h asks for what r already is.
func (h Hold) Same(r Reservation) bool {
	return h.SizeID == r.SizeID && h.Quantity == r.Quantity && h.TTL == r.ExpiresAt.Sub(r.CreatedAt)
}

// Adjustment is a request to add stock to a size or take it away.
type Adjustment struct {
	SizeID    id.UUID
	Delta     int32 // items; negative takes away
	Reason    string
	Reference string // blank, or the name under which it happens once
}

// Normalize trims the texts and checks every field.
// Errors: InvalidArgument naming the field.
func (a *Adjustment) Normalize() error {
	if err := Line("reference", &a.Reference, 100); err != nil {
		return err
	}
	if err := Line("reason", &a.Reason, 500); err != nil {
		return err
	}
	switch {
	case a.Reason == "":
		return errs.Invalid("reason", "must not be blank")
	case a.Delta == 0:
		return errs.Invalid("delta", "must not be 0")
	}
	return nil
}

// Same reports whether a asks for what t already did.
func (a Adjustment) Same(t Transaction) bool {
	return a.SizeID == t.SizeID && a.Reason == t.Reason && t.Delta() == Stock{Quantity: a.Delta}
}
