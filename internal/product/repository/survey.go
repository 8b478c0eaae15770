package repository

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Survey implements service.Catalogue.
func (s *Store) Survey(ctx context.Context, l model.List, facets bool) (out service.Survey, err error) {
	if facets {
		out, err = s.firstPage(ctx, l)
	} else {
		out, err = s.laterPage(ctx, l)
	}
	if err != nil {
		return service.Survey{}, fmt.Errorf("search products: %w", err)
	}
	return out, s.addPrimaryImages(ctx, out.Products)
}

// laterPage reads a page and counts the list, in one round trip.
func (s *Store) laterPage(ctx context.Context, l model.List) (out service.Survey, err error) {
	batch := &pgx.Batch{}
	sql, args := pageSQL(l)
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		out.Products, out.Cursors, err = listed(rows)
		return err
	})
	sql, args = countSQL(l)
	batch.Queue(sql, args...).QueryRow(func(row pgx.Row) error { return row.Scan(&out.Summary.Total) })
	err = s.pool.SendBatch(ctx, batch).Close()
	return out, err
}

// firstPage finds the list once, counts it by its facets and reads the products of the page.
func (s *Store) firstPage(ctx context.Context, l model.List) (out service.Survey, err error) {
	sql, args := surveySQL(l)
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return out, err
	}
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[entry])
	if err != nil {
		return out, err
	}
	var groups, sizes []entry
	for _, e := range entries {
		switch {
		case e.Kind == groupEntry:
			groups = append(groups, e)
		case e.Kind == sizeEntry:
			sizes = append(sizes, e)
		case e.ID != nil:
			out.Cursors = append(out.Cursors, model.Cursor{Key: e.Key, ID: *e.ID})
		}
	}
	out.Summary = summary(groups, sizes)
	out.Products, err = s.inOrder(ctx, out.Cursors)
	return out, err
}

// inOrder reads the products that cursors are behind.
func (s *Store) inOrder(ctx context.Context, cursors []model.Cursor) ([]model.Product, error) {
	ids := each(cursors, func(c model.Cursor) id.UUID { return c.ID })
	rows, err := s.pool.Query(ctx, "SELECT "+productColumns+
		" FROM unnest($1::uuid[]) WITH ORDINALITY AS page (id, place) JOIN products p ON p.id = page.id ORDER BY page.place", ids)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[productRow])
	return each(found, product), err
}

// entry is a row of surveySQL.
type entry struct {
	Kind                    int
	ID                      *id.UUID
	Key                     int64
	Brand, Category, Gender string // of a group; Brand is the label of a size
	Band                    int    // place in the bands from 1; 0 = the price is unknown
	Count                   int64
}

// summary adds the groups up.
func summary(groups, sizes []entry) model.Summary {
	bands := model.PriceBands()
	brands, categories, genders := tally{}, tally{}, tally{}
	out := model.Summary{}
	for _, g := range groups {
		out.Total += g.Count
		brands.add(g.Brand, g.Count)
		categories.add(g.Category, g.Count)
		genders.add(g.Gender, g.Count)
		if g.Band > 0 {
			bands[g.Band-1].Count += g.Count
		}
	}
	bands = slices.DeleteFunc(bands, func(b model.PriceBand) bool { return b.Count == 0 })
	out.Facets = model.Facets{
		Brands: brands.values(), Categories: categories.values(), Genders: genders.values(), Prices: bands,
		Sizes: labels(sizes),
	}
	return out
}

// labels lists the smallest first.
func labels(sizes []entry) []model.FacetValue {
	slices.SortFunc(sizes, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), strings.Compare(a.Brand, b.Brand))
	})
	return each(sizes[:min(len(sizes), model.MaxFacetValues)], func(e entry) model.FacetValue {
		return model.FacetValue{Value: e.Brand, Count: e.Count}
	})
}

// tally counts values whatever their case, as filters compare them.
type tally map[string]model.FacetValue

func (t tally) add(value string, n int64) {
	if value == "" {
		return
	}
	key := strings.ToLower(value)
	v, ok := t[key]
	if !ok || value < v.Value {
		v.Value = value // one spelling of several, the same each time
	}
	v.Count += n
	t[key] = v
}

// values lists the most frequent first.
func (t tally) values() []model.FacetValue {
	out := make([]model.FacetValue, 0, len(t))
	for _, v := range t {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b model.FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	return out[:min(len(out), model.MaxFacetValues)]
}
