package service_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	"github.com/sneakers-marketplace/marketplace/pkg/page"
)

func day(t testing.TB, s string) time.Time {
	t.Helper()
	d, err := model.ParseDate("day", s)
	require.NoError(t, err)
	return d
}

// found lists what a search finds, as SKUs.
func (b *bundle) found(query string) []string {
	b.t.Helper()
	p, err := b.SearchProducts(b.ctx, stranger, service.Request{Query: query})
	require.NoError(b.t, err)
	require.EqualValues(b.t, len(p.Products), p.Total)
	return skus(p.Products)
}

func skus(products []model.Product) []string {
	out := []string{}
	for _, p := range products {
		out = append(out, p.SKU)
	}
	return out
}

func TestPROD_004_SearchFindsEveryWordInAnyField(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, p := range []model.Product{
		{SKU: "DD1391-100", Name: "Dunk Low", Brand: "Nike", Model: "Dunk", Colorway: "White/Black"},
		{SKU: "CT8527-400", Name: "Air Jordan 4 Retro", Brand: "Jordan", Model: "Air Jordan 4", Colorway: "University Blue"},
		{SKU: "GZ5541", Name: "Yeezy Boost 350 V2", Brand: "adidas", Model: "Yeezy", Colorway: "Bone"},
		{SKU: "308497-060", Name: "Women’s Café Racer", Brand: "Żółw", Colorway: "Off-White × Straße"},
	} {
		b.product(func(made *model.Product) { *made = p })
	}
	for query, want := range map[string][]string{
		"dunk":                {"DD1391-100"},
		"DUNK nike":           {"DD1391-100"},
		"nike dunk white":     {"DD1391-100"},
		"du":                  {"DD1391-100"},
		"low du":              {"DD1391-100"},
		"lo dunk":             {"DD1391-100"}, // only the last word may go on, but low is one slip away
		"dunk jordan":         {},
		"DD1391-100":          {"DD1391-100"},
		"dd1391 100":          {"DD1391-100"},
		"dd1391100":           {"DD1391-100"},
		"DD1391/1":            {"DD1391-100"},
		"dd-1391-100":         {"DD1391-100"},
		"gz5541":              {"GZ5541"},
		"gz-5541":             {"GZ5541"},
		"air jordan 4":        {"CT8527-400"},
		"university":          {"CT8527-400"},
		"cafe racer":          {"308497-060"},
		"CAFÉ":                {"308497-060"},
		"zolw":                {"308497-060"},
		"strasse":             {"308497-060"},
		"women's":             {"308497-060"},
		"350 v2":              {"GZ5541"},
		"'; DROP TABLE x; --": {},
		"nike:* | jordan":     {},
		"!nike":               {"DD1391-100"},
		`\\'`:                 nil, // refused
	} {
		if want == nil {
			_, err := b.SearchProducts(b.ctx, stranger, service.Request{Query: query})
			requireField(t, err, "query")
			continue
		}
		require.Equal(t, want, b.found(query), query)
	}
	_, err := b.SearchProducts(b.ctx, stranger, service.Request{Query: "a\x00b"})
	requireField(t, err, "query")
}

func TestPROD_004_RelevanceWeighsSKUThenNameThenBrandThenColorway(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, p := range []model.Product{
		{SKU: "4", Name: "x", Colorway: "Panda"},
		{SKU: "3", Name: "x", Brand: "Panda"},
		{SKU: "2", Name: "Panda"},
		{SKU: "panda-1", Name: "x"},
		{SKU: "PANDA", Name: "x"},
		{SKU: "panda-0", Name: "Panda", Brand: "Panda", Model: "Panda", Colorway: "Panda"},
	} {
		b.product(func(made *model.Product) { *made = p })
	}
	require.Equal(t, []string{"PANDA", "panda-0", "panda-1", "2", "3", "4"}, b.found("panda"))
}

func TestPROD_004_FiltersNarrow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.product(func(p *model.Product) {
		*p = model.Product{
			Name: "One", SKU: "1", Brand: "Nike", Category: "boots", Gender: "men", RetailPrice: 100_00,
			ReleaseDate: day(t, "2020-01-01"),
		}
	})
	two := b.product(func(p *model.Product) {
		*p = model.Product{
			Name: "Two", SKU: "2", Brand: "adidas", Gender: "women", RetailPrice: 200_00,
			ReleaseDate: day(t, "2021-01-01"),
		}
	})
	b.product(func(p *model.Product) { *p = model.Product{Name: "Unknown", SKU: "3"} })
	for _, s := range []struct {
		product id.UUID
		label   string
	}{{one.ID, "9"}, {two.ID, "9"}, {two.ID, "10"}} {
		_, err := b.AddSize(b.ctx, editor, model.Size{ProductID: s.product, Label: s.label})
		require.NoError(t, err)
	}
	for _, c := range []struct {
		filters model.Filters
		want    []string
	}{
		{model.Filters{}, []string{"3", "2", "1"}},
		{model.Filters{Brand: "NIKE"}, []string{"1"}},
		{model.Filters{Brand: "nik"}, []string{}},
		{model.Filters{Brand: "%"}, []string{}},
		{model.Filters{Category: "Boots"}, []string{"1"}},
		{model.Filters{Category: "sneakers"}, []string{"3", "2"}},
		{model.Filters{Gender: "Women"}, []string{"2"}},
		{model.Filters{Size: "9"}, []string{"2", "1"}},
		{model.Filters{Size: "10"}, []string{"2"}},
		{model.Filters{MinPrice: 100_00}, []string{"2", "1"}},
		{model.Filters{MinPrice: 100_01}, []string{"2"}},
		{model.Filters{MaxPrice: 100_00}, []string{"1"}}, // an unknown price is not a low one
		{model.Filters{MinPrice: 100_00, MaxPrice: 199_99}, []string{"1"}},
		{model.Filters{ReleasedFrom: day(t, "2020-01-02")}, []string{"2"}},
		{model.Filters{ReleasedTo: day(t, "2020-01-01")}, []string{"1"}},
		{model.Filters{Brand: "nike", Size: "10"}, []string{}},
		{model.Filters{Status: model.Active}, []string{"3", "2", "1"}},
	} {
		p, err := b.ListProducts(b.ctx, stranger, service.Request{Filters: c.filters})
		require.NoError(t, err)
		require.Equal(t, c.want, skus(p.Products), "%+v", c.filters)
	}
	_, err := b.ListProducts(b.ctx, stranger, service.Request{Filters: model.Filters{MinPrice: 2, MaxPrice: 1}})
	requireField(t, err, "filters.min_price")
	_, err = b.ListProducts(b.ctx, stranger, service.Request{Sort: model.Relevance})
	requireField(t, err, "sort")
}

func TestPROD_001_ListsShowDraftsToEditorsAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, status := range model.Statuses() {
		b.product(func(p *model.Product) { p.SKU, p.Status = string(status), status })
	}
	list := func(c service.Caller, status model.Status) ([]string, error) {
		r := service.Request{Query: "dunk", Filters: model.Filters{Status: status}}
		p, err := b.ListProducts(b.ctx, c, r)
		q, searchErr := b.SearchProducts(b.ctx, c, r)
		require.Equal(t, err == nil, searchErr == nil)
		require.ElementsMatch(t, skus(p.Products), skus(q.Products))
		require.EqualValues(t, len(p.Products), q.Total)
		return skus(p.Products), err
	}
	for status, want := range map[model.Status][]string{
		"": {"hidden", "active", "draft"}, model.Draft: {"draft"}, model.Hidden: {"hidden"}, model.Active: {"active"},
	} {
		got, err := list(editor, status)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, status := range []model.Status{"", model.Active} {
		got, err := list(stranger, status)
		require.NoError(t, err)
		require.Equal(t, []string{"active"}, got)
	}
	for _, status := range []model.Status{model.Draft, model.Hidden} {
		_, err := list(stranger, status)
		require.ErrorIs(t, err, model.ErrStatusHidden)
	}
}

func TestPROD_004_AListShowsThePrimaryImageAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	bare, shown := b.product(), b.product()
	b.image(shown.ID, false)
	primary := b.image(shown.ID, true)
	p, err := b.ListProducts(b.ctx, stranger, service.Request{})
	require.NoError(t, err)
	require.Equal(t, []id.UUID{shown.ID, bare.ID}, []id.UUID{p.Products[0].ID, p.Products[1].ID})
	require.Equal(t, []model.Image{primary}, p.Products[0].Images)
	require.Empty(t, p.Products[1].Images)
	require.Zero(t, p.Total)
}

// TestPROD_004_PagesNeitherRepeatNorDropUnderInserts reads every sort page by page while
// products that would stand before, between and behind are added and one is deleted.
func TestPROD_004_PagesNeitherRepeatNorDropUnderInserts(t *testing.T) {
	t.Parallel()
	for _, sort := range []model.Sort{
		model.Newest, model.PriceAsc, model.PriceDesc, model.ReleaseAsc, model.ReleaseDesc, model.Relevance, model.MostActive,
	} {
		t.Run(string(sort), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			spread := func(i int) func(*model.Product) {
				return func(p *model.Product) {
					p.RetailPrice = money.Minor(i % 4 * 50_00) // ties, and unknown prices
					if i%3 > 0 {
						p.ReleaseDate = day(t, fmt.Sprintf("202%d-01-01", i%5))
					}
					p.Colorway = []string{"", "Dunk"}[i%2]
				}
			}
			add := func(i int) {
				b.sold(b.product(spread(i)).ID, int32(i%3)) // ties, and products nobody bought
			}
			for i := range 17 {
				add(i)
			}
			read := func(r service.Request) (service.Page, error) {
				if sort == model.Relevance {
					r.Query = "dunk"
					return b.SearchProducts(b.ctx, stranger, r)
				}
				return b.ListProducts(b.ctx, stranger, r)
			}
			whole, err := read(service.Request{Sort: sort, Size: 100})
			require.NoError(t, err)
			require.Len(t, whole.Products, 17)
			require.Empty(t, whole.Next)

			before, seen := map[string]bool{}, []string{}
			for _, sku := range skus(whole.Products) {
				before[sku] = true
			}
			token := ""
			for i := 0; ; i++ {
				p, err := read(service.Request{Sort: sort, Size: 3, Token: token})
				require.NoError(t, err)
				require.LessOrEqual(t, len(p.Products), 3)
				for _, sku := range skus(p.Products) {
					if before[sku] {
						seen = append(seen, sku)
					}
				}
				if token = p.Next; token == "" {
					break
				}
				add(i)
			}
			require.Equal(t, skus(whole.Products), seen)
		})
	}
}

func TestPROD_004_ATokenGoesOnInItsOwnListAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 3 {
		b.product()
	}
	first, err := b.ListProducts(b.ctx, stranger, service.Request{Size: 1})
	require.NoError(t, err)
	require.NotEmpty(t, first.Next)
	for _, r := range []service.Request{
		{Token: first.Next, Sort: model.PriceAsc},
		{Token: first.Next, Filters: model.Filters{Brand: "Nike"}},
		{Token: "not a token"},
		{Token: page.Encode(map[string]any{"l": 1, "k": 1})},
		{Token: page.Encode("text")},
	} {
		_, err := b.ListProducts(b.ctx, stranger, r)
		requireField(t, err, "page_token")
	}
	_, err = b.SearchProducts(b.ctx, stranger, service.Request{Query: "dunk", Sort: model.Newest, Token: first.Next})
	requireField(t, err, "page_token")
}

func TestPROD_004_APageHasAtMostAHundredProducts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.db.Exec(b.ctx, `INSERT INTO products (id, name, sku, slug)
		SELECT gen_random_uuid(), 'Dunk', 'B' || n, 'b' || n FROM generate_series(1, 120) n`)
	require.NoError(t, err)
	for size, want := range map[int32]int{0: 20, 1: 1, 100: 100, 1000: 100} {
		p, err := b.SearchProducts(b.ctx, stranger, service.Request{Query: "dunk", Size: size})
		require.NoError(t, err)
		require.Len(t, p.Products, want)
		require.EqualValues(t, 120, p.Total)
		require.NotEmpty(t, p.Next)
	}
}
