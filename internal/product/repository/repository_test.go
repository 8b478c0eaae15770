package repository

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

var (
	noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	// printable is Latin with its supplements, punctuation, Greek and Cyrillic.
	printable = &unicode.RangeTable{R16: []unicode.Range16{
		{Lo: 0x20, Hi: 0x7e, Stride: 1},
		{Lo: 0xa0, Hi: 0x17f, Stride: 1},
		{Lo: 0x391, Hi: 0x3a1, Stride: 1},
		{Lo: 0x410, Hi: 0x44f, Stride: 1},
		{Lo: 0x2010, Hi: 0x2027, Stride: 1},
	}}
)

func TestMain(m *testing.M) { testkit.Main(m) }

// catalogue fills a database with n products whose names and SKUs differ.
func catalogue(t *testing.T, n int) *pgxpool.Pool {
	t.Helper()
	db := testkit.Database(t)
	_, err := db.Exec(t.Context(), `INSERT INTO products
			(id, name, sku, slug, brand, colorway, retail_price, release_date, created_at)
		SELECT gen_random_uuid(), 'Model ' || md5(n::text) || ' Low', 'CZ' || lpad(n::text, 6, '0') || '-100',
			'slug-' || n, (ARRAY['Nike', 'Jordan', 'adidas', 'Puma'])[1 + n % 4], 'White/Black',
			n % 300 * 100, DATE '2015-01-01' + n % 3000, now() - n * interval '1 minute'
		FROM generate_series(1, $1::int) n`, n)
	require.NoError(t, err)
	_, err = db.Exec(t.Context(), "UPDATE product_activity SET sold_30d = (hashtextextended(product_id::text, 0) & 4095) % 40")
	require.NoError(t, err)
	_, err = db.Exec(t.Context(), "ANALYZE products, product_activity")
	require.NoError(t, err)
	return db
}

// realCatalogue fills a database with the catalogue that CATALOGUE_FILE names (a CSV, .gz).
func realCatalogue(t *testing.T) *pgxpool.Pool {
	t.Helper()
	path := os.Getenv("CATALOGUE_FILE")
	if path == "" {
		t.Skip("CATALOGUE_FILE names no catalogue")
	}
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	text, err := gzip.NewReader(file)
	require.NoError(t, err)
	lines, err := csv.NewReader(text).ReadAll()
	require.NoError(t, err)
	db, products := testkit.Database(t), []model.Product{}
	for i, l := range lines[1:] {
		p := model.Product{
			ID: id.New(), SKU: l[0], Name: l[1], Brand: l[2], Colorway: l[3] + l[4], Gender: l[5], Slug: fmt.Sprint("s", i),
			Category: "sneakers", Currency: "USD", Status: model.Active, CreatedAt: noon, UpdatedAt: noon, Version: 1,
		}
		p.ReleaseDate, err = model.ParseDate("release_date", l[7])
		require.NoError(t, err)
		products = append(products, p)
	}
	made, err := New(db).InsertProducts(t.Context(), products)
	require.NoError(t, err)
	require.Len(t, made, len(products))
	_, err = db.Exec(t.Context(), "ANALYZE")
	require.NoError(t, err)
	return db
}

func TestPROD_004_SearchesOfTheRealCatalogueUseTheIndexes(t *testing.T) {
	t.Parallel()
	db := realCatalogue(t)
	for _, query := range []string{"CZ0858-102", "cz0858102", "jordan 4", "air max 90", "yeezy", "purple", "dunk lo", "travis scott"} {
		l := model.List{Words: service.Words(query), Sort: model.Relevance, Limit: 21, Filters: model.Filters{Status: model.Active}}
		for name, statement := range map[string]func() (string, []any){
			"page":   func() (string, []any) { return pageSQL(l) },
			"count":  func() (string, []any) { return countSQL(l) },
			"survey": func() (string, []any) { return surveySQL(l) },
		} {
			sql, args := statement()
			require.Contains(t, explain(t, db, sql, args), "Bitmap Index Scan on products_search_idx", "%s of %s", name, query)
		}
	}
	require.Contains(t, explain(t, db, akin, []any{"jordn"}), "Index Scan using product_terms_trgm_idx")
	require.Contains(t, explain(t, db, alike, []any{"j", "k"}), "product_terms_pkey")
}

func TestPROD_004_MisspeltWordsAreLookedUpInTheTrigramIndex(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t)
	_, err := db.Exec(t.Context(), `INSERT INTO products (id, name, sku, slug)
		SELECT gen_random_uuid(), translate(md5(n::text), '0123456789', 'ghijklmnop'), 'S' || n, 's' || n FROM generate_series(1, 3000) n`)
	require.NoError(t, err)
	_, err = db.Exec(t.Context(), "ANALYZE product_terms")
	require.NoError(t, err)
	require.Contains(t, explain(t, db, akin, []any{"jordn"}), "Index Scan using product_terms_trgm_idx")
	require.Contains(t, explain(t, db, alike, []any{"j", "k"}), "product_terms_pkey")
}

func explain(t *testing.T, db *pgxpool.Pool, sql string, args []any) string {
	t.Helper()
	rows, err := db.Query(t.Context(), "EXPLAIN "+sql, args...)
	require.NoError(t, err)
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		plan.WriteString(line + "\n")
	}
	require.NoError(t, rows.Err())
	return plan.String()
}

// The planner is left alone: it takes the index because that is cheaper.
func TestPROD_004_SearchUsesTheGINIndex(t *testing.T) {
	t.Parallel()
	db := catalogue(t, 5000)
	for _, query := range []string{"CZ004711-100", "cz004711100", "cz00471", "nike c4ca42", "model 1679091c5a880faf6fb5e6087eb1b2dc"} {
		for _, sort := range []model.Sort{model.Relevance, model.PriceAsc, model.MostActive} {
			l := model.List{
				Words: service.Words(query), Phrase: query, Sort: sort, Limit: 21,
				Filters: model.Filters{Status: model.Active},
			}
			sql, args := pageSQL(l)
			plan := explain(t, db, sql, args)
			require.Contains(t, plan, "Bitmap Index Scan on products_search_idx", "%s\n%s", query, plan)
			require.NotContains(t, plan, "Seq Scan on products", query)
			sql, args = countSQL(l)
			require.Contains(t, explain(t, db, sql, args), "Bitmap Index Scan on products_search_idx", query)
			sql, args = surveySQL(l)
			require.Contains(t, explain(t, db, sql, args), "Bitmap Index Scan on products_search_idx", query)
		}
	}
}

func TestPROD_004_PagesAreReadFromAnIndex(t *testing.T) {
	t.Parallel()
	db := catalogue(t, 5000)
	for sort, index := range map[model.Sort]string{
		model.Newest:      "products_newest_idx",
		model.PriceAsc:    "products_price_asc_idx",
		model.PriceDesc:   "products_price_desc_idx",
		model.ReleaseAsc:  "products_release_asc_idx",
		model.ReleaseDesc: "products_release_desc_idx",
		model.MostActive:  "product_activity_sold_idx",
	} {
		l := model.List{Sort: sort, Limit: 21, Filters: model.Filters{Status: model.Active}}
		_, cursors, err := New(db).Page(t.Context(), l)
		require.NoError(t, err)
		for _, after := range []*model.Cursor{nil, &cursors[len(cursors)-1]} {
			l.After = after
			sql, args := pageSQL(l)
			plan := explain(t, db, sql, args)
			require.Contains(t, plan, index, plan)
			require.NotContains(t, plan, "Sort", plan)
		}
	}
}

func TestPROD_004_NothingAClientSendsIsWrittenIntoAStatement(t *testing.T) {
	t.Parallel()
	const evil = "'; DROP TABLE products; --"
	l := model.List{
		Words: []model.Word{{Parts: []string{evil, evil}, Prefix: true}}, Phrase: evil, Sort: evil,
		Filters: model.Filters{Brand: evil, Category: evil, Gender: evil, Size: evil, Status: evil},
		After:   &model.Cursor{Key: 1, ID: id.New()}, Limit: 1,
	}
	sql, _ := pageSQL(l)
	require.NotContains(t, sql, "DROP")
	sql, _ = countSQL(l)
	require.NotContains(t, sql, "DROP")
	sql, _ = surveySQL(l)
	require.NotContains(t, sql, "DROP")
	l.Filters.Status = model.Active
	_, _, err := New(testkit.Database(t)).Page(t.Context(), l)
	require.NoError(t, err)
}

func TestPROD_004_AForgedCursorIsJustAnotherPlace(t *testing.T) {
	t.Parallel()
	store := New(catalogue(t, 10))
	for _, sort := range []model.Sort{model.Newest, model.PriceAsc, model.PriceDesc, model.ReleaseAsc, model.ReleaseDesc, model.MostActive} {
		for _, key := range []int64{0, 1, 1 << 53} {
			_, _, err := store.Page(t.Context(), model.List{Sort: sort, After: &model.Cursor{Key: key}, Limit: 1})
			require.NoError(t, err, "%s %d", sort, key)
		}
	}
}

func TestPROD_004_QueriesAndCatalogueAreFoldedAlike(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t)
	same := func(t require.TestingT, text string) {
		var folded string
		err := db.QueryRow(context.Background(), "SELECT product_words($1)", text).Scan(&folded)
		require.NoError(t, err)
		require.Equal(t, service.Fold(text), strings.Join(strings.Fields(folded), " "), "%q", text)
	}
	for _, text := range []string{
		"", "Off-White × Nike “The Ten” – Dunk Low™", "Ærlig Łódź Straße ½ ÷ 2", "日本 ナイキ・エア", "Кроссовки",
		"İstanbul ıŒœ ﬁ ǅ", "a\tb\nc", "..//--", "CZ0858-102", "Ŧ Ħ Þ ð Ŋ ĸ ŉ ſ Ŀ",
	} {
		same(t, text)
	}
	rapid.Check(t, func(t *rapid.T) {
		same(t, rapid.StringOf(rapid.OneOf(
			rapid.RuneFrom(nil, printable), rapid.SampledFrom([]rune("×÷“”’–—…·ßÆæØøŁł")),
		)).Draw(t, "text"))
	})
}

func TestPROD_003_StatesInCodeAndDatabaseAreTheSame(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t)
	for constraint, want := range map[string][]string{
		"products_status_known":              texts(model.Statuses()),
		"products_gender_known":              model.Genders(),
		"sizes_system_known":                 texts(model.Systems()),
		"inventory_reservations_state_known": texts(model.States()),
		"inventory_transactions_kind_known":  texts(model.Kinds()),
	} {
		var definition string
		require.NoError(t, db.QueryRow(t.Context(),
			"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1", constraint).Scan(&definition))
		var got []string
		for _, m := range regexp.MustCompile(`'([^']*)'`).FindAllStringSubmatch(definition, -1) {
			got = append(got, m[1])
		}
		require.Equal(t, want, got, constraint)
	}
}

func texts[T ~string](in []T) []string { return each(in, func(v T) string { return string(v) }) }

// A size is a market's identity, so nothing may remove it by removing something else.
func TestPROD_001_NothingIsDeletedByCascadeAndEveryInstantHasAZone(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t)
	const ours = "'products', 'product_images', 'sizes', 'inventory_reservations', 'inventory_transactions', 'product_activity', 'product_activity_days'"
	for what, sql := range map[string]string{
		"cascades":    "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text IN (%s) AND confdeltype NOT IN ('a', 'r')",
		"zoneless":    "SELECT count(*) FROM information_schema.columns WHERE table_name IN (%s) AND data_type LIKE 'timestamp without%%'",
		"fractions":   "SELECT count(*) FROM information_schema.columns WHERE table_name IN (%s) AND data_type IN ('real', 'double precision', 'numeric', 'money')",
		"unversioned": "SELECT count(*) FROM unnest(ARRAY[%s]) t WHERE t NOT IN ('product_images', 'inventory_transactions', 'product_activity', 'product_activity_days') AND NOT EXISTS (SELECT FROM information_schema.columns WHERE table_name = t AND column_name = 'version')",
	} {
		var n int
		require.NoError(t, db.QueryRow(t.Context(), fmt.Sprintf(sql, ours)).Scan(&n))
		require.Zero(t, n, what)
	}
	_, err := db.Exec(t.Context(), `WITH p AS (INSERT INTO products (id, name, sku, slug) VALUES (gen_random_uuid(), 'a', 'a', 'a') RETURNING id)
		INSERT INTO sizes (id, product_id, system, label, sort_key) SELECT gen_random_uuid(), id, 'US_M', '10', 60 FROM p`)
	require.NoError(t, err)
	_, err = db.Exec(t.Context(), "DELETE FROM products")
	require.ErrorContains(t, err, "sizes_product_id_fkey")
}

func TestErrorsOfAClosedDatabaseComeBackWithTheirOperation(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t)
	store, ctx, key := New(db), t.Context(), id.New()
	db.Close()
	_, err := store.Product(ctx, service.Key{ID: key})
	require.ErrorContains(t, err, "product")
	_, _, err = store.Page(ctx, model.List{Sort: model.Newest})
	require.ErrorContains(t, err, "list products")
	_, err = store.Survey(ctx, model.List{}, true)
	require.ErrorContains(t, err, "search products")
	_, err = store.Near(ctx, "word")
	require.ErrorContains(t, err, "words like")
	_, err = store.Terms(ctx, []string{"word"})
	require.ErrorContains(t, err, "words of the catalogue")
	_, err = store.ProductsBySKU(ctx, []string{"A"})
	require.ErrorContains(t, err, "products by SKU")
	_, err = store.InsertProducts(ctx, []model.Product{{}})
	require.ErrorContains(t, err, "insert products")
	_, err = store.UpdateProducts(ctx, []model.Product{{}})
	require.ErrorContains(t, err, "update products")
	_, err = store.Catalogue(ctx, model.Filters{}, "", 1)
	require.ErrorContains(t, err, "catalogue")
	_, err = store.OverdueSizes(ctx, noon, 1)
	require.ErrorContains(t, err, "overdue")
	_, err = store.Transactions(ctx, key, 1, 1)
	require.ErrorContains(t, err, "trail")
	_, err = store.Offer(ctx, key)
	require.ErrorContains(t, err, "size")
	_, err = store.ImageProduct(ctx, key)
	require.ErrorContains(t, err, "image")
	require.ErrorContains(t, store.DeleteProduct(ctx, key, noon), "delete product")
	require.ErrorContains(t, store.InsertProduct(ctx, model.Product{SKU: "A"}), "insert product A")
	require.ErrorContains(t, store.LockSize(ctx, key, nil), "stock of size")
	require.ErrorContains(t, store.UpdateGallery(ctx, key, nil), "images of product")
	require.ErrorContains(t, store.InsertSize(ctx, model.Size{Label: "10"}, nil), "add size")
	_, err = store.UpdateProduct(ctx, key, nil)
	require.ErrorContains(t, err, "update product")
	_, err = store.Position(ctx, "bidding", 0)
	require.ErrorContains(t, err, "position in the events of bidding")
	require.ErrorContains(t, store.CountSales(ctx, "bidding", 0, 1, nil), "count sales")
	_, err = store.ForgetSales(ctx, noon, 1)
	require.ErrorContains(t, err, "forget old sales")
}

func TestPROD_006_AWriteOnAStaleSizeIsABug(t *testing.T) {
	t.Parallel()
	db := catalogue(t, 1)
	store, ctx, size := New(db), t.Context(), id.New()
	_, err := db.Exec(ctx, "INSERT INTO sizes (id, product_id, system, label, sort_key) SELECT $1, id, 'US_M', '10', 60 FROM products", size)
	require.NoError(t, err)
	for name, spoil := range map[string]func(*model.Entry){
		"size":        func(e *model.Entry) { e.Size.Version += 5 },
		"reservation": func(e *model.Entry) { e.Reservation = &model.Reservation{Reference: "none", State: model.Sold} },
	} {
		err := store.LockSize(ctx, size, func(ctx context.Context, row service.Locked) error {
			s, _ := row.Size()
			line, err := s.Adjust(1, model.Cause{Actor: "a", At: noon})
			require.NoError(t, err)
			e := model.Entry{Size: s, Transaction: line}
			spoil(&e)
			return row.Write(ctx, e)
		})
		require.ErrorIs(t, err, errMoved, name)
	}
}

// The connection dies between the change of the stock and its line in the trail, as it
// does when the process or the server is killed: neither is there afterwards.
func TestPROD_006_ACutInTheMiddleLeavesNeitherStockNorTrail(t *testing.T) {
	t.Parallel()
	db := catalogue(t, 1)
	store, ctx, size := New(db), t.Context(), id.New()
	_, err := db.Exec(ctx, `
		INSERT INTO sizes (id, product_id, system, label, sort_key) SELECT '`+size.String()+`', id, 'US_M', '10', 60 FROM products;
		CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
		CREATE TRIGGER die BEFORE INSERT ON inventory_transactions FOR EACH ROW EXECUTE FUNCTION die()`)
	require.NoError(t, err)
	add := func() error {
		return store.LockSize(ctx, size, func(ctx context.Context, row service.Locked) error {
			s, _ := row.Size()
			line, err := s.Adjust(3, model.Cause{Actor: "a", At: noon})
			require.NoError(t, err)
			return row.Write(ctx, model.Entry{Size: s, Transaction: line})
		})
	}
	require.Error(t, add())
	var quantity, lines int
	look := func() {
		require.NoError(t, db.QueryRow(ctx, "SELECT quantity, (SELECT count(*) FROM inventory_transactions) FROM sizes WHERE id = $1", size).
			Scan(&quantity, &lines))
	}
	look()
	require.Zero(t, quantity+lines)
	_, err = db.Exec(ctx, "DROP TRIGGER die ON inventory_transactions")
	require.NoError(t, err)
	require.NoError(t, add())
	look()
	require.Equal(t, []int{3, 1}, []int{quantity, lines})
}
