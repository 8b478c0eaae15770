package model

import (
	"slices"
	"strings"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// Sort is the order of a list of products.
type Sort string

// The orders a list can have (PROD-004). A product of unknown price or date comes last in its sort.
const (
	Newest      Sort = "newest"
	PriceAsc    Sort = "price_asc"
	PriceDesc   Sort = "price_desc"
	ReleaseDesc Sort = "release_desc"
	ReleaseAsc  Sort = "release_asc"
	Relevance   Sort = "relevance"   // needs a query
	MostActive  Sort = "most_active" // by items sold in the last ActivityDays
)

// Filters narrow a list; a zero field does not (PROD-004).
type Filters struct {
	Brand, Category, Gender string // compared whatever the case
	Size                    string // a label in any system
	MinPrice, MaxPrice      money.Minor
	ReleasedFrom            time.Time // both days included
	ReleasedTo              time.Time
	Status                  Status
}

// Normalize trims the texts and checks every filter.
// Errors: InvalidArgument naming the field.
func (f *Filters) Normalize() error {
	for _, t := range []struct {
		name string
		text *string
	}{
		{"filters.brand", &f.Brand},
		{"filters.category", &f.Category},
		{"filters.gender", &f.Gender},
		{"filters.size", &f.Size},
	} {
		if err := Line(t.name, t.text, 100); err != nil {
			return err
		}
	}
	f.Gender = strings.ToLower(f.Gender)
	switch {
	case !slices.Contains(Genders(), f.Gender):
		return errs.Invalid("filters.gender", "must be blank or one of"+strings.Join(Genders(), " "))
	case f.MinPrice < 0 || f.MaxPrice < 0:
		return errs.Invalid("filters.min_price", "must not be negative")
	case f.MaxPrice > 0 && f.MinPrice > f.MaxPrice:
		return errs.Invalid("filters.min_price", "must not be above max_price")
	case !f.ReleasedTo.IsZero() && f.ReleasedFrom.After(f.ReleasedTo):
		return errs.Invalid("filters.released_from", "must not be after released_to")
	}
	return nil
}

// Cursor is where a page ends: the sort key of its last product, and its id.
// Key counts microseconds since 1970 (newest), minor units (price),
// days since 0001-01-01 (release), points (relevance) or items (activity).
type Cursor struct {
	Key int64
	ID  id.UUID
}

// List is one page to read from the catalogue.
type List struct {
	Words   []Word // what to search for; none = everything
	Phrase  string // the query as typed
	Filters Filters
	Sort    Sort
	After   *Cursor // nil = the first page
	Limit   int
}

// Word is one piece of a query between blanks, folded as the catalogue is.
type Word struct {
	Parts  []string // what punctuation parts: CZ0858-102 gives cz0858 and 102; never empty
	Prefix bool     // still being typed: the last part may go on
}

// Joined returns the word without its punctuation, as style codes are often typed.
func (w Word) Joined() string { return strings.Join(w.Parts, "") }
