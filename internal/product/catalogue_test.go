package product

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// bring imports messages as whoever ctx says.
func (w *world) bring(ctx context.Context, messages ...*productv1.ImportProductsRequest) (*productv1.ImportProductsResponse, error) {
	w.t.Helper()
	stream, err := w.ImportProducts(ctx)
	require.NoError(w.t, err)
	for _, m := range messages {
		if err := stream.Send(m); err != nil {
			require.ErrorIs(w.t, err, io.EOF) // the answer says why
			break
		}
	}
	return stream.CloseAndRecv()
}

func (w *world) export(ctx context.Context, f *productv1.ProductFilters) (rows []*productv1.ProductRow, err error) {
	w.t.Helper()
	stream, err := w.ExportProducts(ctx, &productv1.ExportProductsRequest{Filters: f})
	require.NoError(w.t, err)
	for {
		got, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, got.GetRows()...)
	}
}

func row(n int64, sku, name string) *productv1.ProductRow {
	return &productv1.ProductRow{Row: n, Sku: sku, Name: &name}
}

func TestPROD_007_ACatalogueIsImportedAndExportedOverGRPC(t *testing.T) {
	t.Parallel()
	w := setup(t)
	full := &productv1.ProductRow{
		Row: 1, Sku: "A1", Name: proto.String("N"), Brand: proto.String("B"), Model: proto.String("M"), Category: proto.String("c"),
		Colorway: proto.String("W"), Description: proto.String("D\nE"), Gender: proto.String("youth"), RetailPrice: proto.Int64(19_99),
		Currency: proto.String("EUR"), ReleaseDate: proto.String("2020-02-29"), Status: productv1.ProductStatus_DRAFT.Enum(),
	}
	sparse := row(2, "A2", "Two")
	one, two := &productv1.ImportProductsRequest{Rows: []*productv1.ProductRow{full}}, &productv1.ImportProductsRequest{Rows: []*productv1.ProductRow{sparse}}
	dry, err := w.bring(w.admin, &productv1.ImportProductsRequest{DryRun: true, Rows: one.GetRows()}, two)
	require.NoError(t, err)
	require.EqualValues(t, 2, dry.GetCreated())
	none, err := w.export(w.admin, nil)
	require.NoError(t, err)
	require.Empty(t, none)

	done, err := w.bring(w.admin, one, two)
	require.NoError(t, err)
	require.True(t, proto.Equal(&productv1.ImportProductsResponse{Rows: 2, Created: 2}, done), "%v", done)
	rows, err := w.export(w.admin, nil)
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.True(t, proto.Equal(full, rows[0]), "%v", rows[0])
	drafts, err := w.export(w.admin, &productv1.ProductFilters{Status: productv1.ProductStatus_DRAFT})
	require.NoError(t, err)
	require.Len(t, drafts, 1)

	again, err := w.bring(w.admin, &productv1.ImportProductsRequest{Rows: rows})
	require.NoError(t, err)
	require.EqualValues(t, 2, again.GetUnchanged(), "%v", again)

	blank, err := w.bring(w.admin, &productv1.ImportProductsRequest{Rows: []*productv1.ProductRow{
		{Row: 1, Sku: "a1", ReleaseDate: proto.String(""), RetailPrice: proto.Int64(0), Colorway: proto.String("")}, // the rest is left out
	}})
	require.NoError(t, err)
	require.EqualValues(t, 1, blank.GetUpdated())
	rows, err = w.export(w.admin, nil)
	require.NoError(t, err)
	require.Equal(t, []any{"N", "B", "", int64(0), ""}, []any{
		rows[0].GetName(), rows[0].GetBrand(), rows[0].GetColorway(), rows[0].GetRetailPrice(), rows[0].GetReleaseDate(),
	})
	empty, err := w.bring(w.admin)
	require.NoError(t, err)
	require.Zero(t, empty.GetRows())
}

func TestPROD_007_WrongRowsAreNamedAndTheOthersImported(t *testing.T) {
	t.Parallel()
	w := setup(t)
	date, odd := row(3, "A3", "Date"), row(4, "A4", "Status")
	date.ReleaseDate, odd.Status = proto.String("29.02.2020"), productv1.ProductStatus(9).Enum()
	r, err := w.bring(w.admin, &productv1.ImportProductsRequest{Rows: []*productv1.ProductRow{
		row(1, "A1", "One"), row(2, "A2", ""), date, odd, {Row: 5, Sku: "A5"},
	}})
	require.NoError(t, err)
	require.EqualValues(t, 1, r.GetCreated())
	require.EqualValues(t, 4, r.GetFailed())
	got := map[int64]string{}
	for _, e := range r.GetErrors() {
		got[e.GetRow()] = e.GetSku() + " " + e.GetField()
		require.NotEmpty(t, e.GetDescription())
	}
	require.Equal(t, map[int64]string{2: "A2 name", 3: "A3 release_date", 4: "A4 status", 5: "A5 name"}, got)
}

func TestPROD_007_OnlyEditorsImportAndExport(t *testing.T) {
	t.Parallel()
	w := setup(t)
	one := &productv1.ImportProductsRequest{Rows: []*productv1.ProductRow{row(1, "A1", "One")}}
	for code, ctx := range map[codes.Code]context.Context{
		codes.Unauthenticated:  w.public,
		codes.PermissionDenied: w.as(id.New(), auth.RoleUser),
	} {
		_, err := w.bring(ctx, one)
		require.Equal(t, code.String(), status.Code(err).String())
		_, err = w.export(ctx, nil)
		require.Equal(t, code.String(), status.Code(err).String())
	}
	for _, role := range []auth.Role{auth.RoleCatalog, auth.RoleAdmin, auth.RoleOwner} {
		_, err := w.bring(w.as(id.New(), role), one)
		require.NoError(t, err)
		rows, err := w.export(w.as(id.New(), role), nil)
		require.NoError(t, err)
		require.Len(t, rows, 1)
	}
	_, err := w.bring(w.admin, &productv1.ImportProductsRequest{Rows: make([]*productv1.ProductRow, 501)})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "rows")
	_, err = w.export(w.admin, &productv1.ProductFilters{ReleasedTo: "x"})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "filters.released_to")
	_, err = w.export(w.admin, &productv1.ProductFilters{Gender: "robots"})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "filters.gender")
}

func TestPROD_004_SearchSaysWhatItSearchedForAndSuggestsOverGRPC(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p, err := w.CreateProduct(w.admin, &productv1.CreateProductRequest{
		Name: "Yeezy Boost 350", Sku: "HQ4540", Brand: "adidas", Colorway: "Onyx", Gender: "men", RetailPrice: 230_00,
	})
	require.NoError(t, err)
	w.size(p.GetProduct().GetId(), "10", 1)
	r, err := w.SearchProducts(w.public, &productv1.SearchProductsRequest{Query: "yezy"})
	require.NoError(t, err)
	require.Equal(t, "yeezy", r.GetCorrectedQuery())
	value := func(v string) []*productv1.FacetValue { return []*productv1.FacetValue{{Value: v, Count: 1}} }
	require.True(t, proto.Equal(&productv1.SearchFacets{
		Brands: value("adidas"), Categories: value("sneakers"), Genders: value("men"), Sizes: value("10"),
		Prices: []*productv1.PriceBand{{MinPrice: 200_00, MaxPrice: 299_99, Count: 1}},
	}, r.GetFacets()), "%v", r.GetFacets())

	image, err := w.AddProductImage(w.admin, &productv1.AddProductImageRequest{ProductId: p.GetProduct().GetId(), Url: "https://example.com/1.jpg"})
	require.NoError(t, err)
	s, err := w.SuggestProducts(w.public, &productv1.SuggestProductsRequest{Prefix: "yee"})
	require.NoError(t, err)
	require.Len(t, s.GetSuggestions(), 1)
	require.True(t, proto.Equal(&productv1.ProductSuggestion{
		ProductId: p.GetProduct().GetId(), Name: "Yeezy Boost 350", Sku: "HQ4540", Slug: p.GetProduct().GetSlug(),
		Brand: "adidas", Colorway: "Onyx", ImageUrl: image.GetImage().GetUrl(),
	}, s.GetSuggestions()[0]), "%v", s)
	for field, r := range map[string]*productv1.SuggestProductsRequest{
		"prefix": {}, "limit": {Prefix: "a", Limit: 21},
	} {
		_, err := w.SuggestProducts(w.public, r)
		requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", field)
	}
	_, err = w.SuggestProducts(w.public, &productv1.SuggestProductsRequest{Prefix: "a\x01"})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "prefix")
}
