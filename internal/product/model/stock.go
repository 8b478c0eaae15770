package model

import (
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// MaxStock is how many items of a size the platform can hold.
const MaxStock = 1_000_000_000

// Stock is how many items of a size the platform holds: 0 <= Reserved <= Quantity <= MaxStock.
type Stock struct {
	Quantity int32 // reserved ones included
	Reserved int32
}

// Available returns how many items can be reserved or taken.
func (s Stock) Available() int32 { return s.Quantity - s.Reserved }

// Kind says what a line of the audit trail did.
type Kind string

// The kinds of stock change (PROD-006).
const (
	Add     Kind = "add"     // items came in
	Adjust  Kind = "adjust"  // items went out other than by a sale
	Reserve Kind = "reserve" // items were set aside
	Release Kind = "release" // a reservation was given back
	Sell    Kind = "sell"    // a reservation left the house
	Expire  Kind = "expire"  // a reservation was held for too long
)

// Kinds returns every kind there is.
func Kinds() []Kind { return []Kind{Add, Adjust, Reserve, Release, Sell, Expire} }

// Transaction is one line of a size's audit trail (PROD-006). Replaying a trail from
// an empty Stock in the order of Seq gives the size's stock.
type Transaction struct {
	ID        id.UUID
	SizeID    id.UUID
	Seq       int64 // the size's version after this change
	Kind      Kind
	Before    Stock
	After     Stock
	Reference string // the reservation, or the name under which an adjustment happens once; may be blank
	Reason    string
	Actor     string // an account's id, a service's name or "system"
	At        time.Time
}

// Delta returns what the change added; negative numbers are items taken away.
func (t Transaction) Delta() Stock {
	return Stock{t.After.Quantity - t.Before.Quantity, t.After.Reserved - t.Before.Reserved}
}

// Cause is who changes stock, why and when.
type Cause struct {
	Reference string
	Reason    string
	Actor     string
	At        time.Time
}

// Adjust adds delta items, or takes them away when it is negative, and returns the line for the trail.
// Errors: ErrInsufficientStock when more would go than is available, ErrStockLimit;
// InvalidArgument naming delta when it is 0. Rule: PROD-005.
func (s *Size) Adjust(delta int32, c Cause) (Transaction, error) {
	after := int64(s.Stock.Quantity) + int64(delta)
	switch {
	case delta == 0:
		return Transaction{}, errs.Invalid("delta", "must not be 0")
	case after > MaxStock:
		return Transaction{}, ErrStockLimit
	case after < int64(s.Stock.Reserved):
		return Transaction{}, s.shortOf(-int64(delta))
	case delta > 0:
		return s.change(Add, Stock{Quantity: delta}, c), nil
	}
	return s.change(Adjust, Stock{Quantity: delta}, c), nil
}

// Reserve sets quantity items aside until ttl has passed and returns the line for the trail.
// Errors: ErrInsufficientStock saying how many are available. Rule: PROD-005.
func (s *Size) Reserve(quantity int32, ttl time.Duration, c Cause) (Reservation, Transaction, error) {
	if quantity > s.Stock.Available() {
		return Reservation{}, Transaction{}, s.shortOf(int64(quantity))
	}
	r := Reservation{
		Reference: c.Reference, SizeID: s.ID, Quantity: quantity, State: Held,
		CreatedAt: c.At, ExpiresAt: c.At.Add(ttl), UpdatedAt: c.At, Version: 1,
	}
	return r, s.change(Reserve, Stock{Reserved: quantity}, c), nil
}

// End releases, sells or expires a reservation of this size and returns the line for the trail.
// Errors: ErrReservationEnded naming the state it is in when it is no longer held. Rule: PROD-005.
func (s *Size) End(r *Reservation, to State, c Cause) (Transaction, error) {
	if r.State != Held {
		return Transaction{}, ErrReservationEnded.Msgf("reservation %q is %s, no longer held", r.Reference, r.State)
	}
	delta := Stock{Reserved: -r.Quantity}
	if to == Sold {
		delta.Quantity = -r.Quantity
	}
	r.State, r.UpdatedAt, r.Version, c.Reference = to, c.At, r.Version+1, r.Reference
	return s.change(to.kind(), delta, c), nil
}

func (s *Size) shortOf(wanted int64) error {
	return ErrInsufficientStock.Msgf("%d wanted, %d available", wanted, s.Stock.Available())
}

func (s *Size) change(kind Kind, delta Stock, c Cause) Transaction {
	t := Transaction{
		ID: id.New(), SizeID: s.ID, Seq: s.Version + 1, Kind: kind, Before: s.Stock,
		Reference: c.Reference, Reason: c.Reason, Actor: c.Actor, At: c.At,
	}
	s.Stock = Stock{s.Stock.Quantity + delta.Quantity, s.Stock.Reserved + delta.Reserved}
	s.UpdatedAt, s.Version = c.At, t.Seq
	t.After = s.Stock
	return t
}

// AsOf returns the size as t left it.
func (s Size) AsOf(t Transaction) Size {
	s.Stock, s.UpdatedAt, s.Version = t.After, t.At, t.Seq
	return s
}

// Entry is one stock change to be written whole: the size after it, its line in the
// trail and, when one is concerned, the reservation after it.
type Entry struct {
	Size        Size
	Transaction Transaction
	Reservation *Reservation // nil for an adjustment
}
