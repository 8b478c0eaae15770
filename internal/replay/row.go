package replay

import (
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// What the marketplace takes.
const (
	maxPrice = 100_000_000 // minor units (MKT-001)
	maxName  = 200         // characters
	maxBrand = 100
	maxSize  = 20 // US men's; from 1, in halves
)

// needed are the columns a sales file must have, in any order and among others.
var needed = []string{"order_date", "brand", "name", "sale_price_cents", "retail_price_cents", "release_date", "size"}

// columns are the places of needed in a line, and how many fields a line has.
type columns struct {
	at    [7]int
	total int
}

func columnsOf(header string) (columns, error) {
	names, err := split(header)
	if err != nil {
		return columns{}, fmt.Errorf("header: %w", err)
	}
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	c := columns{total: len(names)}
	for i, want := range needed {
		if c.at[i] = slices.Index(names, want); c.at[i] < 0 {
			return c, fmt.Errorf("header: no column %s; needed are %s", want, strings.Join(needed, ", "))
		}
	}
	return c, nil
}

// split takes a line of CSV apart.
func split(line string) ([]string, error) {
	if !strings.Contains(line, `"`) {
		return strings.Split(line, ","), nil
	}
	r := csv.NewReader(strings.NewReader(line))
	fields, err := r.Read()
	var broken *csv.ParseError
	if errors.As(err, &broken) {
		return nil, fmt.Errorf("column %d: %w", broken.Column, broken.Err)
	}
	return fields, err
}

// sale is a row as it is read, before it is known which market it belongs to.
type sale struct {
	name, brand, released, size string
	price, retail               int64
}

// saleOf checks a line. Errors say which column is wrong and what is allowed.
func (c columns) saleOf(line string) (sale, error) {
	if !utf8.ValidString(line) {
		return sale{}, errors.New("must be UTF-8")
	}
	fields, err := split(line)
	if err != nil {
		return sale{}, err
	}
	if len(fields) != c.total {
		return sale{}, fmt.Errorf("has %d fields, the header has %d", len(fields), c.total)
	}
	var f [7]string
	for i, at := range c.at {
		f[i] = strings.TrimSpace(fields[at])
	}
	s := sale{brand: f[1], name: f[2], released: f[5], size: strings.TrimSuffix(f[6], ".0")}
	if s.price, err = cents(f[3], 1); err != nil {
		return s, fmt.Errorf("sale_price_cents: %w", err)
	}
	if f[4] != "" {
		if s.retail, err = cents(f[4], 0); err != nil {
			return s, fmt.Errorf("retail_price_cents: %w", err)
		}
	}
	return s, s.check(f[0])
}

func (s sale) check(ordered string) error {
	switch {
	case !day(ordered):
		return fmt.Errorf("order_date: %q must be a day as YYYY-MM-DD", ordered)
	case s.released != "" && !day(s.released):
		return fmt.Errorf("release_date: %q must be a day as YYYY-MM-DD, or blank", s.released)
	case slug(s.name) == "" || tooLong(s.name, maxName):
		return fmt.Errorf("name: must have letters or digits and at most %d characters", maxName)
	case tooLong(s.brand, maxBrand):
		return fmt.Errorf("brand: must have at most %d characters", maxBrand)
	case !size(s.size):
		return fmt.Errorf("size: %q must be 1 to %d in halves, such as 10.5", s.size, maxSize)
	}
	return nil
}

func tooLong(s string, limit int) bool {
	return utf8.RuneCountInString(s) > limit || strings.ContainsFunc(s, unicode.IsControl)
}

func day(s string) bool {
	t, err := time.Parse(time.DateOnly, s)
	return err == nil && t.Year() >= 1900 && t.Year() <= 2200
}

func size(s string) bool {
	whole, halves, dot := strings.Cut(s, ".")
	n, err := strconv.ParseUint(whole, 10, 8)
	if err != nil || whole[0] == '0' || dot && halves != "5" {
		return false
	}
	return n >= 1 && (n < maxSize || n == maxSize && !dot)
}

// cents reads minor units.
func cents(s string, lowest int64) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < lowest || n > maxPrice {
		return 0, fmt.Errorf("%q must be whole cents, %d to %d", s, lowest, maxPrice)
	}
	return n, nil
}

// builder sorts rows into markets.
type builder struct {
	cols     columns
	file     *File
	products map[string]*product // by SKU
	markets  map[[2]string]*market
}

func newBuilder(c columns) *builder {
	return &builder{c, &File{}, map[string]*product{}, map[[2]string]*market{}}
}

// add takes the next data row, or notes why it cannot.
func (b *builder) add(line int, text string, err error) {
	b.file.Rows++
	var s sale
	var sum money.Minor
	if err == nil {
		s, err = b.cols.saleOf(text)
	}
	if err == nil {
		sum, err = b.file.Volume.Add(money.Minor(s.price))
	}
	if err != nil {
		b.file.Damaged = append(b.file.Damaged, Damage{line, err})
		return
	}
	b.file.Volume = sum
	m := b.market(s)
	m.rows = append(m.rows, int32(len(b.file.rows)))
	b.file.rows = append(b.file.rows, row{int32(b.file.Rows), int32(line), s.price})
}

// market finds or makes the sale's market. What a product is, its first row says.
func (b *builder) market(s sale) *market {
	sku := slug(s.name)
	if m := b.markets[[2]string{sku, s.size}]; m != nil {
		return m
	}
	p := b.products[sku]
	if p == nil {
		p = &product{
			sku: sku, name: strings.Clone(s.name), brand: strings.Clone(s.brand),
			released: strings.Clone(s.released), retail: s.retail,
		}
		b.products[sku] = p
		b.file.products = append(b.file.products, p)
	}
	m := &market{product: p, label: strings.Clone(s.size)}
	p.markets = append(p.markets, m)
	b.markets[[2]string{sku, m.label}] = m
	b.file.markets = append(b.file.markets, m)
	return m
}

func (b *builder) finish() (*File, error) {
	if len(b.file.rows) > 0 {
		return b.file, nil
	}
	if len(b.file.Damaged) > 0 {
		return nil, fmt.Errorf("it has no sound row; %s", b.file.Damaged[0])
	}
	return nil, errors.New("it has no rows")
}
