package service_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/repository"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// line is a row that names a product.
func line(n int64, sku, name string, change ...func(*model.Product)) service.Row {
	return service.Row{Number: n, SKU: sku, Change: func(p *model.Product) error {
		p.Name = name
		for _, c := range change {
			c(p)
		}
		return nil
	}}
}

// bring imports rows and returns the report.
func (b *bundle) bring(dry bool, rows ...service.Row) model.Report {
	b.t.Helper()
	i := b.NewImport(dry)
	require.NoError(b.t, i.Add(b.ctx, rows))
	return i.Report()
}

func TestPROD_007_AnImportIsIdempotentOnSKU(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old := b.product(func(p *model.Product) {
		p.SKU, p.Name, p.Description, p.RetailPrice = "dd1391-100", "Dunk", "Kept.", 100_00
	})
	rows := []service.Row{
		line(2, " DD1391-100 ", "Dunk Low"), line(3, "A1", "One"), line(4, "A2", "One"),
		line(5, "A-2", "One"), line(6, "A3", "Three", func(p *model.Product) { p.Status = model.Hidden }),
	}
	require.Equal(t, model.Report{Rows: 5, Created: 4, Updated: 1}, b.bring(false, rows...))
	got, err := b.Product(b.ctx, editor, service.Key{SKU: "DD1391-100"})
	require.NoError(t, err)
	require.Equal(t, old.ID, got.ID)
	require.Equal(t, "dd1391-100", got.SKU, "the SKU keeps its spelling")
	require.Equal(t, old.Slug, got.Slug)
	require.Equal(t, "Dunk Low", got.Name)
	require.Equal(t, "Kept.", got.Description)
	require.EqualValues(t, 2, got.Version)

	before := b.count("SELECT sum(version) FROM products")
	require.Equal(t, model.Report{Rows: 5, Unchanged: 5}, b.bring(false, rows...))
	require.Equal(t, before, b.count("SELECT sum(version) FROM products"))
	require.EqualValues(t, 5, b.count("SELECT count(DISTINCT slug) FROM products"))

	require.NoError(t, b.DeleteProduct(b.ctx, old.ID))
	require.Equal(t, model.Report{Rows: 5, Created: 1, Unchanged: 4}, b.bring(false, rows...), "a SKU that was deleted is free")
}

func TestPROD_007_RowsAreRefusedOneByOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.product(func(p *model.Product) { p.SKU = "EUR"; p.Currency = "EUR" })
	boom := func(*model.Product) error { return errors.New("boom") }
	r := b.bring(false,
		line(2, "A1", "One"), line(3, "a1", "Again"), line(4, " ", "No SKU"), line(5, strings.Repeat("S", 101), "Long"),
		line(6, "A6", ""), line(7, "A7", "x\x00y"), line(8, "A8", "Gender", func(p *model.Product) { p.Gender = "robots" }),
		line(9, "A9", "Price", func(p *model.Product) { p.RetailPrice = -1 }),
		line(10, "EUR", "Dunk Low", func(p *model.Product) { p.Currency = "USD" }),
		service.Row{Number: 11, SKU: "A11", Change: boom}, line(12, "A12", "Twelve"),
	)
	fields := map[int64]string{}
	for _, e := range r.Errors {
		fields[e.Row] = e.Field
		require.NotEmpty(t, e.Description)
	}
	require.Equal(t, map[int64]string{
		3: "sku", 4: "sku", 5: "sku", 6: "name", 7: "name", 8: "gender", 9: "retail_price", 10: "currency", 11: "",
	}, fields)
	require.Contains(t, r.Errors[0].Description, "row 2 has it")
	r.Errors = nil
	require.Equal(t, model.Report{Rows: 11, Created: 2, Failed: 9}, r)
	require.EqualValues(t, 3, b.count("SELECT count(*) FROM products"))
}

func TestPROD_007_ADryRunChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.product(func(p *model.Product) { p.SKU, p.Name = "A1", "One" })
	b.product(func(p *model.Product) { p.SKU, p.Name = "A2", "Two" })
	rows := []service.Row{line(1, "A1", "One"), line(2, "A2", "Changed"), line(3, "A3", "New"), line(4, "A4", "")}
	dry := b.bring(true, rows...)
	require.Len(t, dry.Errors, 1)
	require.EqualValues(t, 2, b.count("SELECT count(*) FROM products WHERE version = 1"))
	require.Equal(t, dry, b.bring(false, rows...), "what a dry run says is what is done")
}

func TestPROD_007_AnImportHasLimits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	i := b.NewImport(true)
	bad := make([]service.Row, model.MaxImportErrors+5)
	for n := range bad {
		bad[n] = line(int64(n), "", "x")
	}
	require.NoError(t, i.Add(b.ctx, bad))
	require.Len(t, i.Report().Errors, model.MaxImportErrors)
	require.EqualValues(t, model.MaxImportErrors+5, i.Report().Failed)
	require.ErrorIs(t, i.Add(b.ctx, make([]service.Row, model.MaxImportRows)), model.ErrImportLimit)
	b.db.Close()
	require.Error(t, i.Add(b.ctx, []service.Row{line(1, "A1", "One")}))
}

// TestPROD_007_ImportsAtOnceMakeEachProductOnce runs the same rows in different orders at
// once, beside single writes of the same products: nothing is made twice or lost, nobody deadlocks.
func TestPROD_007_ImportsAtOnceMakeEachProductOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const products, runs = 150, 4
	name := func(n int) string { return fmt.Sprintf("Shoe %c%c low", 'a'+n%26, 'a'+n/26) }
	var wg sync.WaitGroup
	reports := make([]model.Report, runs)
	for run := range runs {
		wg.Go(func() {
			i := b.NewImport(false)
			for batch := range 3 {
				var rows []service.Row
				for n := range products / 3 {
					n += batch * products / 3
					if run%2 == 1 {
						n = products - 1 - n
					}
					rows = append(rows, line(int64(n), fmt.Sprint("S", n), name(n), func(p *model.Product) { p.Brand = fmt.Sprint("Run ", run) }))
				}
				if err := i.Add(b.ctx, rows); err != nil {
					t.Error(err)
				}
			}
			reports[run] = i.Report()
		})
	}
	wg.Wait()
	sum := model.Report{}
	for _, r := range reports {
		sum.Created += r.Created
		sum.Failed += r.Failed
	}
	require.EqualValues(t, products, sum.Created)
	require.LessOrEqual(t, sum.Failed, int64(products), "a row that is contended three times over is told to come again")
	require.EqualValues(t, products, b.count("SELECT count(*) FROM products"))
	b.requireTerms()
}

// requireTerms asserts that the counted words are those a count from scratch gives.
func (b *bundle) requireTerms() {
	b.t.Helper()
	require.Zero(b.t, b.count(`WITH scratch AS (
			SELECT term, count(*) AS products FROM products, unnest(tsvector_to_array(search)) term
			WHERE status = 'active' AND deleted_at IS NULL AND term ~ '^[^0-9]{2,40}$' GROUP BY term)
		SELECT count(*) FROM scratch s FULL JOIN (SELECT * FROM product_terms WHERE products <> 0) t ON t.term = s.term
		WHERE s.products IS DISTINCT FROM t.products`))
}

func TestPROD_004_TheWordsOfTheCatalogueAreCountedWithEveryWrite(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shelf(b)
	b.requireTerms()
	p := b.search("yeezy").Products[0]
	for _, change := range []func(*model.Product){
		func(p *model.Product) { p.Name = "Yeezy Foam Runner" },
		func(p *model.Product) { p.Status = model.Draft },
		func(p *model.Product) { p.Name = "Unseen" },
		func(p *model.Product) { p.Status = model.Active },
		func(p *model.Product) { p.RetailPrice++ },
	} {
		_, err := b.UpdateProduct(b.ctx, p.ID, 0, func(p *model.Product) error { change(p); return nil })
		require.NoError(t, err)
		b.requireTerms()
	}
	require.NoError(t, b.DeleteProduct(b.ctx, p.ID))
	b.requireTerms()
	b.bring(false, line(1, "DD1391-100", "Dunk High"), line(2, "N1", "Novel word"))
	b.requireTerms()
	_, err := b.db.Exec(b.ctx, "DELETE FROM products WHERE sku = 'N1'")
	require.NoError(t, err)
	b.requireTerms()
	require.Positive(t, b.count("SELECT count(*) FROM product_terms WHERE term = 'high' AND products = 2"))
}

// racing is a store on which somebody else is always faster.
type racing struct {
	service.Store
	before func(context.Context)
}

func (r racing) InsertProducts(ctx context.Context, p []model.Product) ([]id.UUID, error) {
	r.before(ctx)
	return r.Store.InsertProducts(ctx, p)
}

func (r racing) UpdateProducts(ctx context.Context, p []model.Product) ([]id.UUID, error) {
	r.before(ctx)
	return r.Store.UpdateProducts(ctx, p)
}

func TestPROD_007_ARowThatLosesARaceIsReadAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	races := 0
	faster := service.New(racing{repository.New(b.db), func(ctx context.Context) {
		if races--; races < 0 {
			return
		}
		_, err := b.db.Exec(ctx, `INSERT INTO products (id, name, sku, slug) VALUES (gen_random_uuid(), 'Theirs', 'A1', 'theirs')
			ON CONFLICT (upper(sku)) WHERE deleted_at IS NULL DO UPDATE SET version = products.version + 1`)
		require.NoError(t, err)
	}}, b.clk)
	bring := func(n int, name string) model.Report {
		races = n
		i := faster.NewImport(false)
		require.NoError(t, i.Add(b.ctx, []service.Row{line(7, "a1", name)}))
		return i.Report()
	}
	require.Equal(t, model.Report{Rows: 1, Updated: 1}, bring(1, "Ours"), "somebody made it: the row updates theirs")
	require.Equal(t, model.Report{Rows: 1, Updated: 1}, bring(1, "Ours again"))
	lost := bring(1000, "Never")
	require.EqualValues(t, 1, lost.Failed)
	require.EqualValues(t, 7, lost.Errors[0].Row)
	require.Contains(t, lost.Errors[0].Description, "import the row again")
}

func TestPROD_007_AnExportIsTheWholeCatalogueInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.db.Exec(b.ctx, `INSERT INTO products (id, name, sku, slug, status)
		SELECT gen_random_uuid(), 'Dunk', 's' || lpad(n::text, 4, '0'), 's' || n, (ARRAY['active', 'draft', 'hidden'])[1 + n % 3]
		FROM generate_series(1, 600) n`)
	require.NoError(t, err)
	_, err = b.db.Exec(b.ctx, "UPDATE products SET deleted_at = now() WHERE sku = 's0300'")
	require.NoError(t, err)
	export := func(f model.Filters) (all []model.Product) {
		require.NoError(t, b.ExportProducts(b.ctx, f, func(p []model.Product) error {
			all = append(all, p...)
			return nil
		}))
		return all
	}
	all := export(model.Filters{})
	require.Len(t, all, 599)
	for i := 1; i < len(all); i++ {
		require.Less(t, all[i-1].SKU, all[i].SKU)
	}
	require.Len(t, export(model.Filters{Status: model.Draft}), 200)
	require.Empty(t, export(model.Filters{Brand: "none"}))
	full := errors.New("disk full")
	require.ErrorIs(t, b.ExportProducts(b.ctx, model.Filters{}, func([]model.Product) error { return full }), full)
	requireField(t, b.ExportProducts(b.ctx, model.Filters{MinPrice: -1}, nil), "filters.min_price")
	b.db.Close()
	require.Error(t, b.ExportProducts(context.Background(), model.Filters{}, nil))
}
