package repository

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/repository/dbgen"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/outbox"
)

// record is a product as a statement of many products takes it.
type record struct {
	ID          id.UUID   `json:"id"`
	Name        string    `json:"name"`
	SKU         string    `json:"sku"`
	Slug        string    `json:"slug"`
	Brand       string    `json:"brand"`
	Model       string    `json:"model"`
	Category    string    `json:"category"`
	Colorway    string    `json:"colorway"`
	Description string    `json:"description"`
	Gender      string    `json:"gender"`
	RetailPrice int64     `json:"retail_price"`
	Currency    string    `json:"currency"`
	ReleaseDate *string   `json:"release_date"`
	Status      string    `json:"status"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	Version     int64     `json:"version"`
}

const records = `jsonb_to_recordset($1::jsonb) AS r (id uuid, name text, sku text, slug text, brand text, model text,
	category text, colorway text, description text, gender text, retail_price bigint, currency text,
	release_date date, status text, created_at timestamptz, updated_at timestamptz, version bigint)`

// Both statements take their locks in one order, so that two imports of the same file
// wait for each other and never deadlock.
const (
	insertMany = `INSERT INTO products (id, name, sku, slug, brand, model, category, colorway, description, gender,
			retail_price, currency, release_date, status, created_at, updated_at, version)
		SELECT id, name, sku, slug, brand, model, category, colorway, description, gender,
			retail_price, currency, release_date, status, created_at, updated_at, version
		FROM ` + records + ` ORDER BY upper(r.sku) ON CONFLICT DO NOTHING RETURNING id`

	updateMany = `WITH wanted AS MATERIALIZED (SELECT * FROM ` + records + `),
		locked AS MATERIALIZED (
			SELECT p.id FROM products p JOIN wanted w ON w.id = p.id
			WHERE p.version = w.version - 1 AND p.deleted_at IS NULL ORDER BY p.id FOR UPDATE OF p)
		UPDATE products p SET name = w.name, brand = w.brand, model = w.model, category = w.category,
			colorway = w.colorway, description = w.description, gender = w.gender, retail_price = w.retail_price,
			release_date = w.release_date, status = w.status, updated_at = w.updated_at, version = w.version
		FROM wanted w JOIN locked l ON l.id = w.id WHERE p.id = w.id RETURNING p.id`

	bySKUs = `SELECT ` + productColumns + `, asked.sku FROM products p
		JOIN unnest($1::text[]) AS asked (sku) ON upper(p.sku) = upper(asked.sku) WHERE p.deleted_at IS NULL`
)

// ProductsBySKU implements service.Bulk.
func (s *Store) ProductsBySKU(ctx context.Context, skus []string) (map[string]model.Product, error) {
	type asked struct {
		productRow
		Asked string
	}
	rows, err := s.pool.Query(ctx, bySKUs, skus)
	if err != nil {
		return nil, fmt.Errorf("products by SKU: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[asked])
	if err != nil {
		return nil, fmt.Errorf("products by SKU: %w", err)
	}
	products := make(map[string]model.Product, len(found))
	for _, r := range found {
		products[r.Asked] = product(r.productRow)
	}
	return products, nil
}

// InsertProducts implements service.Bulk.
func (s *Store) InsertProducts(ctx context.Context, products []model.Product) ([]id.UUID, error) {
	return many(ctx, s.pool, "insert products", insertMany, products)
}

// UpdateProducts implements service.Bulk.
func (s *Store) UpdateProducts(ctx context.Context, products []model.Product) (written []id.UUID, err error) {
	if len(products) == 0 {
		return nil, nil
	}
	err = s.tx(ctx, "update products", func(tx pgx.Tx, _ *dbgen.Queries) error {
		if written, err = many(ctx, tx, "write", updateMany, products); err != nil {
			return err
		}
		changed := slices.DeleteFunc(slices.Clone(products), func(p model.Product) bool { return !slices.Contains(written, p.ID) })
		return announceChanged(ctx, tx, products[0].UpdatedAt, changed...)
	})
	return written, err
}

// many runs one statement over products and returns the ids it wrote.
func many(ctx context.Context, db outbox.DB, op, sql string, products []model.Product) ([]id.UUID, error) {
	if len(products) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(each(products, recordOf))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	rows, err := db.Query(ctx, sql, string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[id.UUID])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return ids, nil
}

func recordOf(p model.Product) record {
	r := record{
		ID: p.ID, Name: p.Name, SKU: p.SKU, Slug: p.Slug, Brand: p.Brand, Model: p.Model, Category: p.Category,
		Colorway: p.Colorway, Description: p.Description, Gender: p.Gender, RetailPrice: int64(p.RetailPrice),
		Currency: string(p.Currency), Status: string(p.Status), CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
		Version: p.Version,
	}
	if day := model.FormatDate(p.ReleaseDate); day != "" {
		r.ReleaseDate = &day
	}
	return r
}

// Catalogue implements service.Bulk.
func (s *Store) Catalogue(ctx context.Context, f model.Filters, after string, limit int) ([]model.Product, error) {
	q := filtered(model.List{Filters: f})
	if after != "" {
		q.and("upper(p.sku) > upper(%s)", after)
	}
	sql := fmt.Sprintf("SELECT %s FROM products p WHERE %s ORDER BY upper(p.sku) LIMIT %s",
		productColumns, q.conditions(), q.bind(limit))
	rows, err := s.pool.Query(ctx, sql, q.args...)
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[productRow])
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	return each(found, product), nil
}
