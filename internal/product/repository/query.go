package repository

import (
	"fmt"
	"strings"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
)

const productColumns = `p.id, p.name, p.sku, p.slug, p.brand, p.model, p.category, p.colorway, p.description,
	p.gender, p.retail_price, p.currency, p.release_date, p.status, p.created_at, p.updated_at, p.version`

// firstDay is where the release sorts count their days from.
var firstDay = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)

// lastDay is the day of an unknown release date in the ascending sort, 9999-12-31.
const lastDay = 3_652_058

// order is how a sort is written in SQL. All text here is ours; what clients send is bound.
type order struct {
	column     string // what an index sorts by
	key        string // the same as a bigint for the page token; column when blank
	descending bool
	bind       func(key int64) any // a token's key as the column's type
	join       string              // what has the column, when products does not
	tie        string              // the product's id in the index; p.id when blank
}

// page returns the sort key as a bigint, the id that parts equals, and the direction.
func (o order) page() (key, tie, direction string) {
	if key, tie, direction = o.key, o.tie, "ASC"; key == "" {
		key = o.column
	}
	if tie == "" {
		tie = "p.id"
	}
	if o.descending {
		direction = "DESC"
	}
	return key, tie, direction
}

// beyond is the condition of what stands behind a cursor.
func (o order) beyond(q *query, c model.Cursor) string {
	_, tie, _ := o.page()
	than := ">"
	if o.descending {
		than = "<"
	}
	return fmt.Sprintf("(%s, %s) %s (%s, %s)", o.column, tie, than, q.bind(o.bind(c.Key)), q.bind(c.ID))
}

var orders = map[model.Sort]order{
	model.Newest: {
		column: "p.created_at", key: "(extract(epoch FROM p.created_at) * 1000000)::bigint", descending: true,
		bind: func(k int64) any { return time.UnixMicro(k).UTC() },
	},
	model.PriceAsc:  {column: "coalesce(nullif(p.retail_price, 0), 9007199254740991)", bind: number},
	model.PriceDesc: {column: "p.retail_price", descending: true, bind: number},
	model.ReleaseAsc: {
		column: "coalesce(p.release_date, DATE '9999-12-31')",
		key:    "(coalesce(p.release_date, DATE '9999-12-31') - DATE '0001-01-01')::bigint", bind: day,
	},
	model.ReleaseDesc: {
		column: "coalesce(p.release_date, DATE '0001-01-01')",
		key:    "(coalesce(p.release_date, DATE '0001-01-01') - DATE '0001-01-01')::bigint", descending: true, bind: day,
	},
	model.MostActive: {
		column: "a.sold_30d", descending: true, bind: number,
		join: " JOIN product_activity a ON a.product_id = p.id", tie: "a.product_id",
	},
}

func number(k int64) any { return k }

func day(k int64) any { return firstDay.AddDate(0, 0, int(min(k, lastDay))) }

// query collects conditions and the values bound in them.
type query struct {
	where []string
	args  []any
}

// bind adds a value and returns its placeholder.
func (q *query) bind(v any) string {
	q.args = append(q.args, v)
	return fmt.Sprintf("$%d", len(q.args))
}

func (q *query) and(format string, values ...any) {
	marks := make([]any, 0, len(values))
	for _, v := range values {
		marks = append(marks, q.bind(v))
	}
	q.where = append(q.where, fmt.Sprintf(format, marks...))
}

func (q *query) conditions() string { return strings.Join(q.where, " AND ") }

// pageSQL is the statement that reads one page and its values.
//
// A search in another order than relevance finds first and sorts then. Otherwise the planner
// may walk the sort's index, betting that matches are common, and read the whole table for a rare word.
func pageSQL(l model.List) (string, []any) {
	q := filtered(l)
	with, from := "", "products p"
	o, ok := orders[l.Sort]
	switch {
	case !ok:
		o = q.relevance(l)
	case len(l.Words) > 0:
		with, from = "WITH found AS MATERIALIZED (SELECT * FROM products p WHERE "+q.conditions()+") ", "found p"
		q.where = []string{"true"}
	}
	if l.After != nil {
		q.where = append(q.where, o.beyond(q, *l.After))
	}
	key, tie, direction := o.page()
	return fmt.Sprintf("%sSELECT %s, %s FROM %s%s WHERE %s ORDER BY %s %s, %s %s LIMIT %s",
		with, productColumns, key, from, o.join, q.conditions(), o.column, direction, tie, direction, q.bind(l.Limit)), q.args
}

// countSQL is the statement that counts all pages and its values.
func countSQL(l model.List) (string, []any) {
	q := filtered(l)
	return "SELECT count(*) FROM products p WHERE " + q.conditions(), q.args
}

// The kinds of rows that surveySQL returns.
const (
	pageEntry  = iota // id and sort key of a product of the first page, in order
	groupEntry        // how many products are alike in brand, category, gender and price band
	sizeEntry         // how many products have a size's label
)

// surveySQL is the statement that finds a list once and tells its first page and what its
// facets are made of. Few products differ in all that a group has, so the facets are added
// up of a few rows.
func surveySQL(l model.List) (string, []any) {
	q := filtered(l)
	o, ok := orders[l.Sort]
	if !ok {
		o = q.relevance(l)
	}
	key, _, direction := o.page()
	var starts []int64
	for _, b := range model.PriceBands() {
		starts = append(starts, max(int64(b.Min), 1)) // 0 is unknown
	}
	return fmt.Sprintf(`WITH found AS MATERIALIZED (
			SELECT p.id, p.brand, p.category, p.gender, width_bucket(p.retail_price, %[1]s::bigint[]) AS band, %[2]s AS key
			FROM products p%[9]s WHERE %[3]s)
		(SELECT %[4]d, id, key, '', '', '', 0, 0::bigint FROM found ORDER BY key %[7]s, id %[7]s LIMIT %[8]s)
		UNION ALL
		SELECT %[5]d, NULL, 0, brand, category, gender, band, count(*) FROM found GROUP BY brand, category, gender, band
		UNION ALL
		SELECT %[6]d, NULL, min(s.sort_key), s.label, '', '', 0, count(DISTINCT s.product_id)
		FROM found JOIN sizes s ON s.product_id = found.id GROUP BY s.label`,
		q.bind(starts), key, q.conditions(), pageEntry, groupEntry, sizeEntry, direction, q.bind(l.Limit), o.join), q.args
}

// filtered is the conditions of a list over all its pages.
func filtered(l model.List) *query {
	q := &query{where: []string{"p.deleted_at IS NULL"}}
	f := l.Filters
	if len(l.Words) > 0 {
		q.where = append(q.where, "p.search @@ "+q.words(l.Words))
	}
	for _, c := range []struct {
		asked     bool
		condition string
		value     any
	}{
		{f.Status != "", "p.status = %s", string(f.Status)},
		{f.Brand != "", "lower(p.brand) = lower(%s)", f.Brand},
		{f.Category != "", "lower(p.category) = lower(%s)", f.Category},
		{f.Gender != "", "p.gender = %s", f.Gender},
		{f.Size != "", "EXISTS (SELECT FROM sizes s WHERE s.product_id = p.id AND s.label = %s)", f.Size},
		{f.MinPrice > 0, "p.retail_price >= %s", int64(f.MinPrice)},
		{f.MaxPrice > 0, "p.retail_price BETWEEN 1 AND %s", int64(f.MaxPrice)}, // 0 is unknown, not cheap
		{!f.ReleasedFrom.IsZero(), "p.release_date >= %s", f.ReleasedFrom},
		{!f.ReleasedTo.IsZero(), "p.release_date <= %s", f.ReleasedTo},
	} {
		if c.asked {
			q.and(c.condition, c.value)
		}
	}
	return q
}
