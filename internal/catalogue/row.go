package catalogue

import (
	"strconv"
	"strings"
	"unicode/utf8"

	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

const maxRecord = 64 << 10 // bytes of a line's texts

var statuses = map[string]productv1.ProductStatus{
	"draft":  productv1.ProductStatus_DRAFT,
	"active": productv1.ProductStatus_ACTIVE,
	"hidden": productv1.ProductStatus_HIDDEN,
}

// message is a line as the API takes it. Errors: *RowError.
func message(row int64, r record) (*productv1.ProductRow, error) {
	m := &productv1.ProductRow{Row: row, Sku: r[fieldSKU]}
	refuse := func(field, description string) error {
		return &RowError{Row: row, SKU: strings.ToValidUTF8(m.GetSku(), "?"), Field: field, Description: description}
	}
	size := 0
	for field, text := range r {
		if !utf8.ValidString(text) {
			return nil, refuse(field, "must be UTF-8")
		}
		if size += len(text); size > maxRecord {
			return nil, refuse("", "must have at most 65536 bytes")
		}
	}
	if color, ok := r[fieldMainColor]; ok && strings.TrimSpace(r[fieldColorway]) == "" {
		r[fieldColorway] = color
	}
	for field, to := range map[string]**string{
		fieldName: &m.Name, fieldBrand: &m.Brand, fieldModel: &m.Model, fieldCategory: &m.Category, fieldColorway: &m.Colorway,
		fieldDescription: &m.Description, fieldGender: &m.Gender, fieldReleased: &m.ReleaseDate, fieldCurrency: &m.Currency,
	} {
		if text, ok := r[field]; ok && (text != "" || field != fieldCurrency) {
			*to = &text
		}
	}
	if text := strings.TrimSpace(r[fieldStatus]); text != "" {
		status, ok := statuses[strings.ToLower(text)]
		if !ok {
			return nil, refuse(fieldStatus, "must be draft, active or hidden")
		}
		m.Status = &status
	}
	if text, ok := r[fieldPrice]; ok {
		cents, err := strconv.ParseInt(orZero(strings.TrimSpace(text)), 10, 64)
		if err != nil {
			return nil, refuse(fieldPrice, "must be a whole number of cents, such as 11000")
		}
		m.RetailPrice = &cents
	}
	return m, nil
}

func orZero(text string) string {
	if text == "" {
		return "0"
	}
	return text
}

// line is the inverse of message.
func line(m *productv1.ProductRow) record {
	return record{
		fieldSKU: m.GetSku(), fieldName: m.GetName(), fieldBrand: m.GetBrand(), fieldModel: m.GetModel(),
		fieldCategory: m.GetCategory(), fieldColorway: m.GetColorway(), fieldDescription: m.GetDescription(),
		fieldGender: m.GetGender(), fieldPrice: strconv.FormatInt(m.GetRetailPrice(), 10), fieldCurrency: m.GetCurrency(),
		fieldReleased: m.GetReleaseDate(), fieldStatus: strings.ToLower(m.GetStatus().String()),
	}
}
