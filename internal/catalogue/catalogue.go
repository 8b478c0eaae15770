// Package catalogue carries the catalogue between files and a marketplace. It is a client
// of the public API: CSV and JSON Lines, plain or compressed, in and out (PROD-007).
package catalogue

import (
	"fmt"
	"slices"
	"strings"
)

// The fields of a file.
const (
	fieldSKU         = "sku"
	fieldName        = "name"
	fieldBrand       = "brand"
	fieldModel       = "model"
	fieldCategory    = "category"
	fieldColorway    = "colorway"
	fieldMainColor   = "main_color" // fills a blank colorway
	fieldDescription = "description"
	fieldGender      = "gender"
	fieldPrice       = "retail_price_cents"
	fieldCurrency    = "currency"
	fieldReleased    = "release_date"
	fieldStatus      = "status"
	fieldSource      = "source" // where a line comes from; the catalogue does not keep it
)

// written are the fields of an export, in order.
var written = []string{
	fieldSKU, fieldName, fieldBrand, fieldModel, fieldCategory, fieldColorway, fieldDescription, fieldGender,
	fieldPrice, fieldCurrency, fieldReleased, fieldStatus,
}

func understood(field string) bool {
	return slices.Contains(written, field) || field == fieldMainColor || field == fieldSource
}

// record is a line of a file: its texts by field.
type record map[string]string

// RowError says why a line was not imported.
type RowError struct {
	Row         int64 // as spreadsheets count: a CSV's header is row 1
	SKU         string
	Field       string // blank when it is none alone
	Description string
}

// Error implements error.
func (e *RowError) Error() string {
	text := fmt.Sprintf("row %d", e.Row)
	if e.SKU != "" {
		text += " sku=" + e.SKU
	}
	if e.Field != "" {
		text += " field=" + e.Field
	}
	return text + ": " + e.Description
}

// format is how a file's name says it is written.
type format struct{ lines, compressed bool }

func formatOf(name string) (format, error) {
	lower := strings.ToLower(name)
	plain, compressed := strings.CutSuffix(lower, ".gz")
	switch {
	case strings.HasSuffix(plain, ".csv"):
		return format{false, compressed}, nil
	case strings.HasSuffix(plain, ".jsonl"), strings.HasSuffix(plain, ".ndjson"):
		return format{true, compressed}, nil
	}
	return format{}, fmt.Errorf("%s: the name must end in .csv, .jsonl or .ndjson, with or without .gz", name)
}
