// Package model is the language of the catalogue and of the stock the platform
// holds: products, images, sizes, reservations and the audit trail. It is pure.
package model

import (
	"slices"
	"strings"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// MaxRetailPrice is the highest retail price, in minor units.
const MaxRetailPrice money.Minor = 100_000_000

// Status says who sees a product.
type Status string

// The statuses of a product (PROD-001).
const (
	Draft  Status = "draft"  // being written; the catalogue's editors see it
	Active Status = "active" // everyone sees it
	Hidden Status = "hidden" // taken back; the catalogue's editors see it
)

// Statuses returns every status there is.
func Statuses() []Status { return []Status{Draft, Active, Hidden} }

// Genders returns for whom a product can be made; blank means unsaid.
func Genders() []string {
	return []string{"", "men", "women", "unisex", "youth", "child", "preschool", "toddler", "infant"}
}

// Product is a shoe in the catalogue (PROD-001).
type Product struct {
	ID          id.UUID
	Name        string
	SKU         string // the maker's style code as given; unique whatever its case
	Slug        string // name and SKU as a piece of an address, given once and kept
	Brand       string
	Model       string
	Category    string
	Colorway    string
	Description string
	Gender      string         // one of Genders
	RetailPrice money.Minor    // minor units of Currency; 0 = unknown
	Currency    money.Currency // every market of the product trades in it
	ReleaseDate time.Time      // midnight UTC; zero = unknown
	Status      Status
	Images      []Image // by position; lists carry the primary one alone
	Sizes       []Size  // in order; lists carry none
	CreatedAt   time.Time
	UpdatedAt   time.Time
	Version     int64
}

// Normalize trims what was typed, fills in the defaults and checks every field.
// Errors: InvalidArgument naming the field. Rule: PROD-001.
func (p *Product) Normalize() error {
	if err := p.tidy(); err != nil {
		return err
	}
	switch {
	case p.Name == "":
		return errs.Invalid("name", "must not be blank")
	case p.SKU == "":
		return errs.Invalid("sku", "must not be blank")
	case !slices.Contains(Genders(), p.Gender):
		return errs.Invalid("gender", "must be blank or one of"+strings.Join(Genders(), " "))
	case p.RetailPrice < 0 || p.RetailPrice > MaxRetailPrice:
		return errs.Invalid("retail_price", "must be 0 to 100000000 minor units")
	case !p.Currency.Known():
		return errs.Invalid("currency", "must be a currency the marketplace trades in, such as USD")
	case !slices.Contains(Statuses(), p.Status):
		return errs.Invalid("status", "must be DRAFT, ACTIVE or HIDDEN")
	}
	return nil
}

// lineEnds gives a text one kind of them, so that a file can carry it there and back.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// Same reports whether p says the same as q, whenever and as which version.
func (p Product) Same(q Product) bool {
	return p.Name == q.Name && p.SKU == q.SKU && p.Brand == q.Brand && p.Model == q.Model && p.Category == q.Category &&
		p.Colorway == q.Colorway && p.Description == q.Description && p.Gender == q.Gender &&
		p.RetailPrice == q.RetailPrice && p.Currency == q.Currency && p.ReleaseDate.Equal(q.ReleaseDate) && p.Status == q.Status
}

func (p *Product) tidy() error {
	for _, f := range []struct {
		name string
		text *string
		max  int // characters
	}{
		{"name", &p.Name, 200},
		{"sku", &p.SKU, 100},
		{"brand", &p.Brand, 100},
		{"model", &p.Model, 100},
		{"category", &p.Category, 100},
		{"colorway", &p.Colorway, 200},
		{"gender", &p.Gender, 20},
		{"currency", (*string)(&p.Currency), 3},
	} {
		if err := Line(f.name, f.text, f.max); err != nil {
			return err
		}
	}
	p.Description = lineEnds.Replace(p.Description)
	if err := Prose("description", &p.Description, 5000); err != nil {
		return err
	}
	p.Category = orElse(p.Category, "sneakers")
	p.Currency = orElse(money.Currency(strings.ToUpper(string(p.Currency))), "USD")
	p.Gender = strings.ToLower(p.Gender)
	p.Status = orElse(p.Status, Active)
	return nil
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
