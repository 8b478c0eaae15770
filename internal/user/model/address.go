package model

import (
	"strings"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// AddressKind is what an address is for.
type AddressKind string

// The kinds; the CHECK of addresses.kind repeats the list.
const (
	KindShipping AddressKind = "shipping"
	KindBilling  AddressKind = "billing"
)

// AddressKinds returns every kind.
func AddressKinds() []AddressKind { return []AddressKind{KindShipping, KindBilling} }

// MaxAddresses is how many addresses an account may hold.
const MaxAddresses = 100

// Address is a postal address of an account (USER-008). While an account has any
// of a kind, exactly one of them is the default.
type Address struct {
	ID         id.UUID
	UserID     id.UUID
	Kind       AddressKind
	Recipient  string
	Line1      string
	Line2      string
	City       string
	Region     string
	PostalCode string
	Country    string // ISO 3166-1 alpha-2, upper case
	Phone      string
	IsDefault  bool
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Version    int64
}

// Validate trims the address, upper-cases its country and names every field that is wrong.
func (a *Address) Validate() error {
	var f fields
	if a.Kind != KindShipping && a.Kind != KindBilling {
		f.add("address.kind", "must be SHIPPING or BILLING")
	}
	f.text("address.recipient", &a.Recipient, 1, 200)
	f.text("address.line1", &a.Line1, 1, 200)
	f.text("address.line2", &a.Line2, 0, 200)
	f.text("address.city", &a.City, 1, 100)
	f.text("address.region", &a.Region, 0, 100)
	f.text("address.postal_code", &a.PostalCode, 1, 20)
	f.text("address.phone", &a.Phone, 0, 32)
	f.form("address.phone", a.Phone, phoneForm, "must be a phone number such as +49 30 1234567")
	a.Country = strings.ToUpper(strings.TrimSpace(a.Country))
	if !countries[a.Country] {
		f.add("address.country", "must be an ISO 3166-1 alpha-2 code such as US")
	}
	return f.err()
}
