package model

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// requireField asserts that err is an InvalidArgument naming field and nothing else.
func requireField(t *testing.T, err error, field string) {
	t.Helper()
	var e *errs.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, errs.InvalidArgument, e.Kind)
	require.Len(t, e.Fields, 1)
	require.Equal(t, field, e.Fields[0].Name)
}

func TestPROD_001_ProductsAreTrimmedAndDefaulted(t *testing.T) {
	t.Parallel()
	p := Product{Name: "  Dunk Low ", SKU: " DD1391-100\t", Gender: "Women", Currency: "eur", Description: " a\nb "}
	require.NoError(t, p.Normalize())
	require.Equal(t, Product{
		Name: "Dunk Low", SKU: "DD1391-100", Gender: "women", Currency: "EUR", Description: "a\nb",
		Category: "sneakers", Status: Active,
	}, p)
	p = Product{Name: "a", SKU: "b"}
	require.NoError(t, p.Normalize())
	require.EqualValues(t, "USD", p.Currency)
}

func TestPROD_001_WrongFieldsAreNamed(t *testing.T) {
	t.Parallel()
	for field, p := range map[string]Product{
		"name":         {Name: " \t", SKU: "b"},
		"sku":          {Name: "a", SKU: "  "},
		"brand":        {Name: "a", SKU: "b", Brand: strings.Repeat("x", 101)},
		"model":        {Name: "a", SKU: "b", Model: "x\x00y"},
		"colorway":     {Name: "a", SKU: "b", Colorway: "x\ny"},
		"description":  {Name: "a", SKU: "b", Description: "x\x07y"},
		"gender":       {Name: "a", SKU: "b", Gender: "robots"},
		"retail_price": {Name: "a", SKU: "b", RetailPrice: MaxRetailPrice + 1},
		"currency":     {Name: "a", SKU: "b", Currency: "XXX"},
		"status":       {Name: "a", SKU: "b", Status: "sold out"},
		"category":     {Name: "a", SKU: "b", Category: "\xff"},
	} {
		requireField(t, p.Normalize(), field)
	}
	p := Product{Name: "a", SKU: "b", RetailPrice: -1}
	requireField(t, p.Normalize(), "retail_price")
}

func TestDatesAreDays(t *testing.T) {
	t.Parallel()
	day, err := ParseDate("release_date", "2024-02-29")
	require.NoError(t, err)
	require.Equal(t, time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), day)
	require.Equal(t, "2024-02-29", FormatDate(day))
	none, err := ParseDate("release_date", "")
	require.NoError(t, err)
	require.Empty(t, FormatDate(none))
	for _, bad := range []string{"2023-02-29", "29.02.2024", "2024-2-9", "1066-10-14", "9999-01-01"} {
		_, err := ParseDate("release_date", bad)
		requireField(t, err, "release_date")
	}
}

func TestPROD_004_FiltersAreChecked(t *testing.T) {
	t.Parallel()
	f := Filters{Brand: " Nike ", Gender: "MEN", MinPrice: 5, MaxPrice: 5, ReleasedFrom: noon, ReleasedTo: noon}
	require.NoError(t, f.Normalize())
	require.Equal(t, "Nike", f.Brand)
	require.Equal(t, "men", f.Gender)
	for field, f := range map[string]Filters{
		"filters.brand":         {Brand: "a\x00"},
		"filters.gender":        {Gender: "robots"},
		"filters.min_price":     {MinPrice: 2, MaxPrice: 1},
		"filters.released_from": {ReleasedFrom: noon.Add(1), ReleasedTo: noon},
	} {
		requireField(t, f.Normalize(), field)
	}
	f = Filters{MaxPrice: -1}
	requireField(t, f.Normalize(), "filters.min_price")
}
