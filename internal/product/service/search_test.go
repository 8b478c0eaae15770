package service_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	"github.com/sneakers-marketplace/marketplace/pkg/page"
)

// shelf is a small catalogue of shoes with names that are often misspelt.
func shelf(b *bundle) {
	for _, p := range []model.Product{
		{SKU: "555088-134", Name: "Air Jordan 1 Retro High OG", Brand: "Jordan", Colorway: "University Blue", RetailPrice: 170_00},
		{SKU: "136004-101", Name: "Air Jordan Trainer", Brand: "Jordan", Colorway: "White", RetailPrice: 99_99},
		{SKU: "DH6927-111", Name: "Air Jordan 4 Retro", Brand: "Jordan", Colorway: "Cement", RetailPrice: 210_00},
		{SKU: "HQ4540", Name: "Yeezy Boost 350 V2 Onyx", Brand: "adidas", Colorway: "Onyx", RetailPrice: 230_00},
		{SKU: "DZ5762-103", Name: "Air Max 90 Big Bubble", Brand: "Nike", Colorway: "Infrared", RetailPrice: 150_00},
		{SKU: "908982-600", Name: "Air Max Kantara", Brand: "Nike", Colorway: "Red"},
		{SKU: "DD1391-100", Name: "Dunk Low Retro", Brand: "Nike", Colorway: "White/Black", RetailPrice: 100_00},
		{SKU: "BQ6817-100", Name: "Mowabb OG", Brand: "nike", Colorway: "Off-White × Rattan", RetailPrice: 300_00},
	} {
		b.product(func(made *model.Product) { *made = p })
	}
}

func (b *bundle) search(query string) service.Page {
	b.t.Helper()
	p, err := b.SearchProducts(b.ctx, stranger, service.Request{Query: query})
	require.NoError(b.t, err)
	return p
}

func TestPROD_004_MisspeltWordsFindWhatIsMeant(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shelf(b)
	for query, want := range map[string][2]string{ // what is searched for instead, what comes first
		"jordn":        {"jordan", ""},
		"jordn 1":      {"jordan 1", "555088-134"},
		"JORDN 4":      {"jordan 4", "DH6927-111"},
		"tordan 4":     {"jordan 4", "DH6927-111"}, // the first letter is wrong
		"yezy":         {"yeezy", "HQ4540"},
		"yeezzy bost":  {"yeezy boost", "HQ4540"},
		"air mx":       {"air max", ""},
		"air mx 90":    {"air max 90", "DZ5762-103"},
		"dnuk":         {"dunk", "DD1391-100"}, // exchanged letters
		"nkie dnk":     {"nike dunk", "DD1391-100"},
		"addidas":      {"adidas", "HQ4540"},
		"airmax":       {"air max", ""}, // a blank is missing
		"airmax90":     {"air max 90", "DZ5762-103"},
		"yeezy350":     {"yeezy 350", "HQ4540"},
		"offwhite":     {"off white", "BQ6817-100"},
		"off-whte":     {"off white", "BQ6817-100"},
		"universty bl": {"university bl", "555088-134"},
		"kantrra":      {"kantara", "908982-600"},
		"infrarde":     {"infrared", "DZ5762-103"},
		"univrsi":      {"university", "555088-134"}, // misspelt while it is being typed
		"low jordan":   {"", "none"},                 // every word is right: none has both, and nothing is near
		"dunk":         {"", "DD1391-100"},
		"zzzzz":        {"", "none"},
		"dd1391-101":   {"", "none"}, // a style code is right or wrong
		"90210":        {"", "none"},
	} {
		p := b.search(query)
		require.Equal(t, want[0], p.Corrected, query)
		if want[1] == "none" {
			require.Empty(t, p.Products, query)
			require.Zero(t, p.Total, query)
			continue
		}
		require.NotEmpty(t, p.Products, query)
		require.EqualValues(t, len(p.Products), p.Total, query)
		if want[1] != "" {
			require.Equal(t, want[1], p.Products[0].SKU, query)
		}
	}
}

func TestPROD_004_AWordThatExistsIsReplacedWhenNothingHasAllWords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shelf(b)
	b.product(func(p *model.Product) { *p = model.Product{SKU: "1", Name: "Mix", Brand: "Puma"} })
	require.Equal(t, "air max", b.search("air mix").Corrected)
	require.Empty(t, b.search("mix").Corrected)
	long := b.search("xxa xxb xxc xxd xxe xxf xxg xxh xxi xxj")
	require.Empty(t, long.Corrected)
	require.Empty(t, long.Products)
}

func TestPROD_004_WholeWordsComeBeforeBeginnings(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shelf(b)
	require.Equal(t, "555088-134", b.search("jordan 1").Products[0].SKU) // 136004-101 has words that begin with 1
	require.Equal(t, "DZ5762-103", b.search("air max 90").Products[0].SKU)
	require.Equal(t, []string{"DZ5762-103", "908982-600"}, b.found("air max 90"))
	b.product(func(p *model.Product) {
		*p = model.Product{SKU: "X-1", Name: "HQ4540 HQ4540 lookalike", Brand: "HQ4540"}
	})
	require.Equal(t, "HQ4540", b.search("hq4540").Products[0].SKU)
	require.Equal(t, "DD1391-100", b.search("dd1391100").Products[0].SKU)
	require.Equal(t, "DD1391-100", b.search("Dd1391 100").Products[0].SKU)
}

// What nobody may see yet must not be given away by what a search suggests.
func TestPROD_004_OnlyWordsOfVisibleProductsAreSuggested(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret := b.product(func(p *model.Product) { *p = model.Product{SKU: "1", Name: "Skyhawk", Status: model.Draft} })
	require.Empty(t, b.search("skyhwk").Corrected)
	set := func(status model.Status) {
		_, err := b.UpdateProduct(b.ctx, secret.ID, 0, func(p *model.Product) error { p.Status = status; return nil })
		require.NoError(t, err)
	}
	set(model.Active)
	require.Equal(t, "skyhawk", b.search("skyhwk").Corrected)
	set(model.Hidden)
	require.Empty(t, b.search("skyhwk").Corrected)
	set(model.Active)
	require.NoError(t, b.DeleteProduct(b.ctx, secret.ID))
	require.Empty(t, b.search("skyhwk").Corrected)
}

func TestPROD_004_PagesOfACorrectedSearchStayWithIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 7 {
		b.product()
	}
	first, err := b.SearchProducts(b.ctx, stranger, service.Request{Query: "dnuk", Size: 3})
	require.NoError(t, err)
	require.Equal(t, "dunk", first.Corrected)
	require.NotEmpty(t, first.Facets.Brands)
	b.product(func(p *model.Product) { p.Name = "Dnuk" }) // now the query itself would find something
	seen := skus(first.Products)
	for token := first.Next; token != ""; {
		p, err := b.SearchProducts(b.ctx, stranger, service.Request{Query: "dnuk", Size: 3, Token: token})
		require.NoError(t, err)
		require.Equal(t, "dunk", p.Corrected)
		require.EqualValues(t, 7, p.Total)
		require.Empty(t, p.Facets)
		seen = append(seen, skus(p.Products)...)
		token = p.Next
	}
	require.Len(t, seen, 7)
	again := b.search("dnuk")
	require.Empty(t, again.Corrected)
	require.EqualValues(t, 1, again.Total)

	var parts map[string]any
	ok, err := page.Decode(first.Next, &parts)
	require.NoError(t, err)
	require.True(t, ok)
	parts["q"] = "'; DROP TABLE products; -- !"
	forged, err := b.SearchProducts(b.ctx, stranger, service.Request{Query: "dnuk", Token: page.Encode(parts)})
	if err == nil { // just another search
		require.Empty(t, forged.Products)
	}
}

func TestPROD_004_FacetsCountTheWholeResult(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shelf(b)
	all, err := b.ListProducts(b.ctx, stranger, service.Request{})
	require.NoError(t, err)
	for i, p := range all.Products {
		for _, label := range []string{"10", "9", "11.5"}[:i%4%3] {
			_, err := b.AddSize(b.ctx, editor, model.Size{ProductID: p.ID, Label: label})
			require.NoError(t, err)
		}
		_, err := b.UpdateProduct(b.ctx, p.ID, 0, func(p *model.Product) error {
			p.Gender = model.Genders()[i%3]
			if i == 0 {
				p.Category = "Boots"
			}
			return nil
		})
		require.NoError(t, err)
	}
	b.product(func(p *model.Product) {
		*p = model.Product{SKU: "secret", Name: "Air Secret", Brand: "Nike", Status: model.Draft}
	})
	for _, r := range []service.Request{
		{Query: "air"},
		{Query: "retro", Filters: model.Filters{Brand: "jordan"}},
		{Query: "nike", Filters: model.Filters{MinPrice: 1_00}},
		{Query: "ari"}, // corrected
	} {
		r.Size = 1 // the page says nothing about the counts
		p, err := b.SearchProducts(b.ctx, stranger, r)
		require.NoError(t, err)
		require.Positive(t, p.Total, r.Query)
		check := func(n int64, narrow func(*model.Filters)) {
			t.Helper()
			one := r
			narrow(&one.Filters)
			got, err := b.SearchProducts(b.ctx, stranger, one)
			require.NoError(t, err)
			require.Equal(t, n, got.Total, "%+v", one)
		}
		sum := int64(0)
		for _, v := range p.Facets.Brands {
			sum += v.Count
			check(v.Count, func(f *model.Filters) { f.Brand = v.Value })
		}
		require.Equal(t, p.Total, sum, "every product here has a brand")
		for _, v := range p.Facets.Categories {
			check(v.Count, func(f *model.Filters) { f.Category = v.Value })
		}
		for _, v := range p.Facets.Genders {
			check(v.Count, func(f *model.Filters) { f.Gender = v.Value })
		}
		for _, v := range p.Facets.Sizes {
			check(v.Count, func(f *model.Filters) { f.Size = v.Value })
		}
		for _, v := range p.Facets.Prices {
			check(v.Count, func(f *model.Filters) { f.MinPrice, f.MaxPrice = max(f.MinPrice, v.Min), v.Max })
		}
	}
	p := b.search("nike")
	require.Equal(t, []model.FacetValue{{Value: "Nike", Count: 4}}, p.Facets.Brands, "brands are one whatever their case")
	require.Equal(t, []model.PriceBand{
		{Min: 100_00, Max: 149_99, Count: 1}, {Min: 150_00, Max: 199_99, Count: 1}, {Min: 300_00, Count: 1},
	}, p.Facets.Prices, "an unknown price is in no band")
	labels := []string{}
	for _, v := range b.search("air").Facets.Sizes {
		labels = append(labels, v.Value)
	}
	require.Equal(t, []string{"9", "10"}, labels, "from the smallest on")
	none := b.search("zzzzz")
	require.Zero(t, none.Total)
}

func TestPROD_004_PriceBandsTouchAndDoNotOverlap(t *testing.T) {
	t.Parallel()
	next := money.Minor(0)
	for i, band := range model.PriceBands() {
		require.Equal(t, next, band.Min)
		require.Equal(t, i == len(model.PriceBands())-1, band.Max == 0)
		next = band.Max + 1
	}
}

func TestPROD_004_SuggestionsFollowWhatIsTyped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shelf(b)
	image := b.image(b.search("yeezy").Products[0].ID, true)
	for prefix, want := range map[string]string{
		"y": "HQ4540", "ye": "HQ4540", "yeez": "HQ4540", "yeezy bo": "HQ4540", "yezzy": "HQ4540", "yezzy boo": "HQ4540",
		"hq45": "HQ4540", "dd1391-1": "DD1391-100", "jordan 1": "555088-134", "kant": "908982-600",
	} {
		got, err := b.SuggestProducts(b.ctx, prefix, 0)
		require.NoError(t, err)
		require.NotEmpty(t, got, prefix)
		require.Equal(t, want, got[0].SKU, prefix)
	}
	got, err := b.SuggestProducts(b.ctx, "yeezy", 0)
	require.NoError(t, err)
	require.Equal(t, []model.Image{image}, got[0].Images)
	for limit, want := range map[int32]int{1: 1, 2: 2, 0: 5, 20: 5} {
		got, err := b.SuggestProducts(b.ctx, "air", limit)
		require.NoError(t, err)
		require.Len(t, got, want)
	}
	for i := range 25 {
		b.product(func(p *model.Product) { p.SKU = fmt.Sprint("E", i) })
	}
	for limit, want := range map[int32]int{0: 8, 20: 20, 1000: 20} {
		got, err := b.SuggestProducts(b.ctx, "dunk", limit)
		require.NoError(t, err)
		require.Len(t, got, want)
	}
	b.product(func(p *model.Product) { p.Name, p.Status = "Skyhawk", model.Draft })
	for _, nothing := range []string{"!", "zzzzz", "skyh"} {
		got, err := b.SuggestProducts(b.ctx, nothing, 0)
		require.NoError(t, err)
		require.Empty(t, got, nothing)
	}
	_, err = b.SuggestProducts(b.ctx, "a\x00", 0)
	requireField(t, err, "prefix")
}

func TestPROD_004_SearchDoesWithoutTrigrams(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shelf(b)
	_, err := b.db.Exec(b.ctx, "DROP EXTENSION pg_trgm CASCADE")
	require.NoError(t, err)
	require.Equal(t, "jordan 1", b.search("jordn 1").Corrected)
	require.Equal(t, []string{"HQ4540"}, b.found("yeezy"))
	require.Empty(t, b.search("tordan").Products, "a wrong first letter needs them")
}
