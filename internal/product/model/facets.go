package model

import "github.com/sneakers-marketplace/marketplace/pkg/money"

// MaxFacetValues is how many values a facet lists.
const MaxFacetValues = 50

// Summary describes a whole list, over all its pages (PROD-004).
type Summary struct {
	Total  int64 // products
	Facets Facets
}

// Facets are the values of a filter that the products of a list have (PROD-004).
type Facets struct {
	Brands     []FacetValue // the most frequent first
	Categories []FacetValue
	Genders    []FacetValue
	Sizes      []FacetValue // from the smallest on
	Prices     []PriceBand  // from the cheapest on; unknown prices are in none
}

// FacetValue is a value and how many products have it.
type FacetValue struct {
	Value string
	Count int64
}

// PriceBand is a window of retail prices and how many products are in it.
// Both ends are included and 0 is open, as in Filters.
type PriceBand struct {
	Min, Max money.Minor
	Count    int64
}

// bandStarts are the first prices of the bands, in minor units.
var bandStarts = []money.Minor{0, 100_00, 150_00, 200_00, 300_00}

// PriceBands returns the windows that prices are counted in, empty, from the cheapest on.
func PriceBands() []PriceBand {
	bands := make([]PriceBand, len(bandStarts))
	for i, start := range bandStarts {
		bands[i].Min = start
		if i+1 < len(bandStarts) {
			bands[i].Max = bandStarts[i+1] - 1
		}
	}
	return bands
}

// Term is a word of the catalogue.
type Term struct {
	Text     string
	Products int64 // how many products everyone sees have it
}
