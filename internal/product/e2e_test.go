package product

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

func TestPROD_001_AProductLivesOverGRPC(t *testing.T) {
	t.Parallel()
	w := setup(t)
	created, err := w.CreateProduct(w.admin, &productv1.CreateProductRequest{
		Name: "Dunk Low Retro", Sku: "DD1391-100", Brand: "Nike", Model: "Dunk", Colorway: "White/Black",
		Description: "The panda.", Gender: "men", RetailPrice: 110_00, ReleaseDate: "2021-03-10",
	})
	require.NoError(t, err)
	p := created.GetProduct()
	require.Equal(t, "sneakers", p.GetCategory())
	require.Equal(t, "USD", p.GetCurrency())
	require.Equal(t, productv1.ProductStatus_ACTIVE, p.GetStatus())
	require.Equal(t, "2021-03-10", p.GetReleaseDate())
	require.Equal(t, "dunk-low-retro-dd1391-100", p.GetSlug())
	require.EqualValues(t, 1, p.GetVersion())

	_, err = w.CreateProduct(w.admin, &productv1.CreateProductRequest{Name: "Copy", Sku: " dd1391-100"})
	requireRefused(t, err, codes.AlreadyExists, "SKU_TAKEN", "sku")

	for _, r := range []*productv1.GetProductRequest{
		{Key: &productv1.GetProductRequest_Id{Id: p.GetId()}},
		{Key: &productv1.GetProductRequest_Sku{Sku: "dd1391-100"}},
		{Key: &productv1.GetProductRequest_Slug{Slug: p.GetSlug()}},
	} {
		got, err := w.GetProduct(w.public, r)
		require.NoError(t, err)
		require.True(t, proto.Equal(p, got.GetProduct()), "%v", got)
	}

	updated, err := w.UpdateProduct(w.admin, &productv1.UpdateProductRequest{
		ProductId: p.GetId(), Name: "Dunk Low", Brand: "not named in the mask", RetailPrice: 115_00, Version: 1,
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name", "retail_price"}},
	})
	require.NoError(t, err)
	require.Equal(t, "Dunk Low", updated.GetProduct().GetName())
	require.Equal(t, "Nike", updated.GetProduct().GetBrand())
	require.EqualValues(t, 115_00, updated.GetProduct().GetRetailPrice())
	_, err = w.UpdateProduct(w.admin, &productv1.UpdateProductRequest{
		ProductId: p.GetId(), Name: "Late", Version: 1, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}},
	})
	requireRefused(t, err, codes.Aborted, "VERSION_MISMATCH")

	_, err = w.DeleteProduct(w.admin, &productv1.DeleteProductRequest{ProductId: p.GetId()})
	require.NoError(t, err)
	_, err = w.GetProduct(w.admin, &productv1.GetProductRequest{Key: &productv1.GetProductRequest_Id{Id: p.GetId()}})
	requireRefused(t, err, codes.NotFound, "PRODUCT_NOT_FOUND")
	_, err = w.DeleteProduct(w.admin, &productv1.DeleteProductRequest{ProductId: p.GetId()})
	requireRefused(t, err, codes.NotFound, "PRODUCT_NOT_FOUND")
	w.product("DD1391-100")
}

func TestPROD_001_EveryFieldCanBeUpdated(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.product("A1")
	want := &productv1.Product{
		Id: p.GetId(), Slug: p.GetSlug(), Currency: "USD", CreatedAt: p.GetCreatedAt(), Version: 2,
		Name: "N", Sku: "S", Brand: "B", Model: "M", Category: "C", Colorway: "W", Description: "D", Gender: "youth",
		RetailPrice: 1, ReleaseDate: "2020-01-01", Status: productv1.ProductStatus_HIDDEN,
	}
	r := &productv1.UpdateProductRequest{
		ProductId: p.GetId(), Name: "N", Sku: "S", Brand: "B", Model: "M", Category: "C", Colorway: "W", Description: "D",
		Gender: "youth", RetailPrice: 1, ReleaseDate: "2020-01-01", Status: productv1.ProductStatus_HIDDEN,
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{
			"name", "sku", "brand", "model", "category", "colorway", "description", "gender", "retail_price", "release_date", "status",
		}},
	}
	got, err := w.UpdateProduct(w.admin, r)
	require.NoError(t, err)
	want.UpdatedAt = got.GetProduct().GetUpdatedAt()
	require.True(t, proto.Equal(want, got.GetProduct()), "%v", got)

	refused := func(field string, change func(*productv1.UpdateProductRequest)) {
		t.Helper()
		wrong := proto.CloneOf(r)
		change(wrong)
		_, err := w.UpdateProduct(w.admin, wrong)
		requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", field)
	}
	refused("update_mask", func(r *productv1.UpdateProductRequest) { r.UpdateMask = nil })
	refused("update_mask", func(r *productv1.UpdateProductRequest) { r.UpdateMask.Paths = nil })
	refused("update_mask", func(r *productv1.UpdateProductRequest) { r.UpdateMask.Paths = []string{"slug"} })
	refused("update_mask", func(r *productv1.UpdateProductRequest) { r.UpdateMask.Paths = []string{"currency"} })
	refused("status", func(r *productv1.UpdateProductRequest) { r.Status = 0 })
	refused("name", func(r *productv1.UpdateProductRequest) { r.Name = " " })
	refused("release_date", func(r *productv1.UpdateProductRequest) { r.ReleaseDate = "tomorrow" })
	refused("product_id", func(r *productv1.UpdateProductRequest) { r.ProductId = "7" })
}

// 19.99 and 4.35 are the amounts that a detour over fractions turns into 19.98 and 4.34.
func TestMONEY_001_RetailPricesArriveToTheMinorUnit(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for i, c := range []struct {
		price    int64
		currency string
	}{{19_99, "USD"}, {4_35, "USD"}, {15_000, "JPY"}, {1, "EUR"}, {100_000_000, "USD"}, {0, "USD"}} {
		r, err := w.CreateProduct(w.admin, &productv1.CreateProductRequest{
			Name: "Price", Sku: fmt.Sprint("P", i), RetailPrice: c.price, Currency: c.currency,
		})
		require.NoError(t, err)
		got, err := w.GetProduct(w.public, &productv1.GetProductRequest{Key: &productv1.GetProductRequest_Id{Id: r.GetProduct().GetId()}})
		require.NoError(t, err)
		require.Equal(t, c.price, got.GetProduct().GetRetailPrice())
		require.Equal(t, c.currency, got.GetProduct().GetCurrency())
	}
}

func TestPROD_001_WrongRequestsNameTheirField(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for field, change := range map[string]func(*productv1.CreateProductRequest){
		"name":         func(r *productv1.CreateProductRequest) { r.Name = "" },
		"sku":          func(r *productv1.CreateProductRequest) { r.Sku = "  " },
		"brand":        func(r *productv1.CreateProductRequest) { r.Brand = strings.Repeat("a", 101) },
		"model":        func(r *productv1.CreateProductRequest) { r.Model = "a\x00b" },
		"gender":       func(r *productv1.CreateProductRequest) { r.Gender = "robots" },
		"retail_price": func(r *productv1.CreateProductRequest) { r.RetailPrice = -1 },
		"currency":     func(r *productv1.CreateProductRequest) { r.Currency = "XXX" },
		"release_date": func(r *productv1.CreateProductRequest) { r.ReleaseDate = "2021-02-30" },
		"status":       func(r *productv1.CreateProductRequest) { r.Status = 9 },
	} {
		r := &productv1.CreateProductRequest{Name: "a", Sku: "b"}
		change(r)
		_, err := w.CreateProduct(w.admin, r)
		requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", field)
	}
	for field, f := range map[string]*productv1.ProductFilters{
		"filters.released_from": {ReleasedFrom: "x"},
		"filters.released_to":   {ReleasedTo: "x"},
		"filters.gender":        {Gender: "robots"},
	} {
		_, err := w.ListProducts(w.public, &productv1.ListProductsRequest{Filters: f})
		requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", field)
		_, err = w.SearchProducts(w.public, &productv1.SearchProductsRequest{Query: "a", Filters: f})
		requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", field)
	}
	_, err := w.ListProducts(w.public, &productv1.ListProductsRequest{PageSize: 101})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "page_size")
	_, err = w.SearchProducts(w.public, &productv1.SearchProductsRequest{Query: "!"})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "query")
}

func TestPROD_004_ListsAndSearchesPageOverGRPC(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for i := range 5 {
		_, err := w.CreateProduct(w.admin, &productv1.CreateProductRequest{
			Name: "Dunk", Sku: fmt.Sprint("S", i), RetailPrice: int64(i+1) * 100,
		})
		require.NoError(t, err)
	}
	var listed, searched []int64
	for token := ""; ; {
		r, err := w.ListProducts(w.public, &productv1.ListProductsRequest{
			Sort: productv1.ProductSort_PRICE_DESC, PageSize: 2, PageToken: token,
		})
		require.NoError(t, err)
		for _, p := range r.GetProducts() {
			listed = append(listed, p.GetRetailPrice())
		}
		if token = r.GetNextPageToken(); token == "" {
			break
		}
	}
	for token := ""; ; {
		r, err := w.SearchProducts(w.public, &productv1.SearchProductsRequest{
			Query: "dunk", Sort: productv1.ProductSort_PRICE_ASC, PageSize: 2, PageToken: token,
			Filters: &productv1.ProductFilters{MinPrice: 200},
		})
		require.NoError(t, err)
		require.EqualValues(t, 4, r.GetTotal())
		for _, p := range r.GetProducts() {
			searched = append(searched, p.GetRetailPrice())
		}
		if token = r.GetNextPageToken(); token == "" {
			break
		}
	}
	require.Equal(t, []int64{500, 400, 300, 200, 100}, listed)
	require.Equal(t, []int64{200, 300, 400, 500}, searched)
}

func TestPROD_002_ImagesOverGRPC(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.product("A1")
	add := func(url string, primary bool) *productv1.ProductImage {
		r, err := w.AddProductImage(w.admin, &productv1.AddProductImageRequest{ProductId: p.GetId(), Url: url, Alt: "side", Primary: primary})
		require.NoError(t, err)
		return r.GetImage()
	}
	first, second := add("https://example.com/1.jpg", false), add("http://localhost:9000/2.jpg", false)
	require.True(t, first.GetIsPrimary())
	require.False(t, second.GetIsPrimary())
	_, err := w.AddProductImage(w.admin, &productv1.AddProductImageRequest{ProductId: p.GetId(), Url: "javascript:alert(1)"})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "url")
	chosen, err := w.SetPrimaryImage(w.admin, &productv1.SetPrimaryImageRequest{ImageId: second.GetId()})
	require.NoError(t, err)
	require.True(t, chosen.GetImage().GetIsPrimary())
	sorted, err := w.ReorderImages(w.admin, &productv1.ReorderImagesRequest{
		ProductId: p.GetId(), ImageIds: []string{second.GetId(), first.GetId()},
	})
	require.NoError(t, err)
	require.Equal(t, second.GetId(), sorted.GetImages()[0].GetId())
	_, err = w.ReorderImages(w.admin, &productv1.ReorderImagesRequest{ProductId: p.GetId(), ImageIds: []string{id.New().String()}})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "image_ids")
	_, err = w.DeleteProductImage(w.admin, &productv1.DeleteProductImageRequest{ImageId: second.GetId()})
	require.NoError(t, err)
	_, err = w.DeleteProductImage(w.admin, &productv1.DeleteProductImageRequest{ImageId: second.GetId()})
	requireRefused(t, err, codes.NotFound, "IMAGE_NOT_FOUND")
	_, err = w.SetPrimaryImage(w.admin, &productv1.SetPrimaryImageRequest{ImageId: second.GetId()})
	requireRefused(t, err, codes.NotFound, "IMAGE_NOT_FOUND")
	got, err := w.GetProduct(w.public, &productv1.GetProductRequest{Key: &productv1.GetProductRequest_Sku{Sku: "a1"}})
	require.NoError(t, err)
	require.Len(t, got.GetProduct().GetImages(), 1)
	require.True(t, got.GetProduct().GetImages()[0].GetIsPrimary())
}

func TestPROD_003_SizesOverGRPC(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.product("A1")
	ten, nine := w.size(p.GetId(), "10", 2), w.size(p.GetId(), "9.5", 0)
	require.Equal(t, "US_M", ten.GetSystem())
	_, err := w.AddSize(w.admin, &productv1.AddSizeRequest{ProductId: p.GetId(), Label: "10"})
	requireRefused(t, err, codes.AlreadyExists, "SIZE_TAKEN", "label")
	_, err = w.AddSize(w.admin, &productv1.AddSizeRequest{ProductId: p.GetId(), Label: "10", System: "JP"})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "system")
	listed, err := w.ListSizes(w.public, &productv1.ListSizesRequest{ProductId: p.GetId()})
	require.NoError(t, err)
	require.Len(t, listed.GetSizes(), 2)
	require.True(t, proto.Equal(nine, listed.GetSizes()[0]))
	require.True(t, proto.Equal(ten, listed.GetSizes()[1]))
	got, err := w.GetSize(w.public, &productv1.GetSizeRequest{Id: ten.GetId()})
	require.NoError(t, err)
	require.True(t, proto.Equal(&productv1.GetSizeResponse{
		Size: ten, ProductId: p.GetId(), ProductName: p.GetName(), Sku: p.GetSku(), Currency: "USD",
		ProductStatus: productv1.ProductStatus_ACTIVE, ProductVersion: 1, RetailPrice: p.GetRetailPrice(),
	}, got), "%v", got)
	_, err = w.GetSize(w.public, &productv1.GetSizeRequest{Id: id.New().String()})
	requireRefused(t, err, codes.NotFound, "SIZE_NOT_FOUND")
	_, err = w.ListSizes(w.public, &productv1.ListSizesRequest{ProductId: id.New().String()})
	requireRefused(t, err, codes.NotFound, "PRODUCT_NOT_FOUND")
}

func TestPROD_005_StockOverGRPC(t *testing.T) {
	t.Parallel()
	w := setup(t)
	size := w.size(w.product("A1").GetId(), "10", 5)
	updated, err := w.UpdateInventory(w.admin, &productv1.UpdateInventoryRequest{SizeId: size.GetId(), Delta: 1, Reason: "found", Reference: "n1"})
	require.NoError(t, err)
	require.EqualValues(t, 6, updated.GetSize().GetQuantity())
	reserved, err := w.ReserveInventory(w.admin, &productv1.ReserveInventoryRequest{
		SizeId: size.GetId(), Quantity: 4, Reference: "order-1", Ttl: durationpb.New(3600e9),
	})
	require.NoError(t, err)
	require.Equal(t, productv1.ReservationState_HELD, reserved.GetReservation().GetState())
	require.Equal(t, noon.Add(3600e9), reserved.GetReservation().GetExpiresAt().AsTime())
	require.EqualValues(t, 4, reserved.GetSize().GetReserved())
	_, err = w.ReserveInventory(w.admin, &productv1.ReserveInventoryRequest{SizeId: size.GetId(), Quantity: 3, Reference: "order-2"})
	requireRefused(t, err, codes.FailedPrecondition, "INSUFFICIENT_STOCK")
	require.ErrorContains(t, err, "2 available")
	_, err = w.ReserveInventory(w.admin, &productv1.ReserveInventoryRequest{SizeId: size.GetId(), Quantity: 1, Reference: "order-1"})
	requireRefused(t, err, codes.AlreadyExists, "REFERENCE_TAKEN", "reference")
	_, err = w.ReserveInventory(w.admin, &productv1.ReserveInventoryRequest{
		SizeId: size.GetId(), Quantity: 1, Reference: "order-3", Ttl: durationpb.New(0),
	})
	requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT", "ttl")
	_, err = w.UpdateInventory(w.admin, &productv1.UpdateInventoryRequest{SizeId: size.GetId(), Delta: -3, Reason: "lost"})
	requireRefused(t, err, codes.FailedPrecondition, "INSUFFICIENT_STOCK")
	sold, err := w.SellInventory(w.admin, &productv1.SellInventoryRequest{Reference: "order-1"})
	require.NoError(t, err)
	require.Equal(t, productv1.ReservationState_SOLD, sold.GetReservation().GetState())
	require.EqualValues(t, 2, sold.GetSize().GetQuantity())
	_, err = w.ReleaseInventory(w.admin, &productv1.ReleaseInventoryRequest{Reference: "order-1"})
	requireRefused(t, err, codes.FailedPrecondition, "RESERVATION_ENDED")
	_, err = w.ReleaseInventory(w.admin, &productv1.ReleaseInventoryRequest{Reference: "none"})
	requireRefused(t, err, codes.NotFound, "RESERVATION_NOT_FOUND")
	_, err = w.SellInventory(w.admin, &productv1.SellInventoryRequest{Reference: "none"})
	requireRefused(t, err, codes.NotFound, "RESERVATION_NOT_FOUND")
	_, err = w.ReserveInventory(w.admin, &productv1.ReserveInventoryRequest{SizeId: size.GetId(), Quantity: 1, Reference: "order-4"})
	require.NoError(t, err)
	released, err := w.ReleaseInventory(w.admin, &productv1.ReleaseInventoryRequest{Reference: "order-4"})
	require.NoError(t, err)
	require.Equal(t, productv1.ReservationState_RELEASED, released.GetReservation().GetState())
	require.Zero(t, released.GetSize().GetReserved())

	trail, err := w.ListInventoryTransactions(w.admin, &productv1.ListInventoryTransactionsRequest{SizeId: size.GetId(), PageSize: 5})
	require.NoError(t, err)
	var kinds []string
	for _, line := range trail.GetTransactions() {
		kinds = append(kinds, line.GetKind())
		require.Equal(t, w.editor.String(), line.GetActor())
		require.Equal(t, line.GetQuantityAfter(), line.GetQuantityBefore()+line.GetQuantityDelta())
		require.Equal(t, line.GetReservedAfter(), line.GetReservedBefore()+line.GetReservedDelta())
	}
	require.Equal(t, []string{"release", "reserve", "sell", "reserve", "add"}, kinds)
	require.NotEmpty(t, trail.GetNextPageToken())
	_, err = w.ListInventoryTransactions(w.admin, &productv1.ListInventoryTransactionsRequest{SizeId: id.New().String()})
	requireRefused(t, err, codes.NotFound, "SIZE_NOT_FOUND")
}

// call calls a method with a request that would do, but for who sends it.
type call func(w *world, c ctx) error

type ctx = context.Context

func TestAUTH_001_OnlyCataloguePeopleWrite(t *testing.T) {
	t.Parallel()
	w := setup(t)
	some := id.New().String()
	writes := map[string]call{
		"CreateProduct": func(w *world, c ctx) error {
			_, err := w.CreateProduct(c, &productv1.CreateProductRequest{Name: "a", Sku: id.New().String()})
			return err
		},
		"UpdateProduct": func(w *world, c ctx) error {
			_, err := w.UpdateProduct(c, &productv1.UpdateProductRequest{
				ProductId: some, Name: "a", UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}},
			})
			return err
		},
		"DeleteProduct": func(w *world, c ctx) error {
			_, err := w.DeleteProduct(c, &productv1.DeleteProductRequest{ProductId: some})
			return err
		},
		"AddProductImage": func(w *world, c ctx) error {
			_, err := w.AddProductImage(c, &productv1.AddProductImageRequest{ProductId: some, Url: "https://example.com/a"})
			return err
		},
		"DeleteProductImage": func(w *world, c ctx) error {
			_, err := w.DeleteProductImage(c, &productv1.DeleteProductImageRequest{ImageId: some})
			return err
		},
		"SetPrimaryImage": func(w *world, c ctx) error {
			_, err := w.SetPrimaryImage(c, &productv1.SetPrimaryImageRequest{ImageId: some})
			return err
		},
		"ReorderImages": func(w *world, c ctx) error {
			_, err := w.ReorderImages(c, &productv1.ReorderImagesRequest{ProductId: some, ImageIds: []string{some}})
			return err
		},
		"AddSize": func(w *world, c ctx) error {
			_, err := w.AddSize(c, &productv1.AddSizeRequest{ProductId: some, Label: "10"})
			return err
		},
		"UpdateInventory": func(w *world, c ctx) error {
			_, err := w.UpdateInventory(c, &productv1.UpdateInventoryRequest{SizeId: some, Delta: 1, Reason: "r"})
			return err
		},
		"ReserveInventory": func(w *world, c ctx) error {
			_, err := w.ReserveInventory(c, &productv1.ReserveInventoryRequest{SizeId: some, Quantity: 1, Reference: "r"})
			return err
		},
		"ReleaseInventory": func(w *world, c ctx) error {
			_, err := w.ReleaseInventory(c, &productv1.ReleaseInventoryRequest{Reference: "r"})
			return err
		},
		"SellInventory": func(w *world, c ctx) error {
			_, err := w.SellInventory(c, &productv1.SellInventoryRequest{Reference: "r"})
			return err
		},
		"ListInventoryTransactions": func(w *world, c ctx) error {
			_, err := w.ListInventoryTransactions(c, &productv1.ListInventoryTransactionsRequest{SizeId: some})
			return err
		},
	}
	for name, write := range writes {
		requireRefused(t, write(w, w.public), codes.Unauthenticated, "TOKEN_MISSING")
		for _, role := range auth.Roles() {
			err := write(w, w.as(id.New(), role))
			switch role {
			case auth.RoleCatalog, auth.RoleAdmin, auth.RoleOwner:
				require.Contains(t, []codes.Code{codes.OK, codes.NotFound, codes.InvalidArgument}, status.Code(err), "%s as %s: %v", name, role, err)
			case auth.RoleUser, auth.RoleSeller, auth.RoleVerifier, auth.RoleSupport, auth.RoleFinance:
				require.Equal(t, codes.PermissionDenied, status.Code(err), "%s as %s", name, role)
			}
		}
	}
}

func TestPROD_001_DraftsAreForEditorsOverGRPC(t *testing.T) {
	t.Parallel()
	w := setup(t)
	draft, err := w.CreateProduct(w.admin, &productv1.CreateProductRequest{Name: "Secret", Sku: "X1", Status: productv1.ProductStatus_DRAFT})
	require.NoError(t, err)
	size := w.size(draft.GetProduct().GetId(), "10", 0)
	get := &productv1.GetProductRequest{Key: &productv1.GetProductRequest_Sku{Sku: "x1"}}
	drafts := &productv1.ListProductsRequest{Filters: &productv1.ProductFilters{Status: productv1.ProductStatus_DRAFT}}
	for _, c := range []ctx{w.public, w.as(id.New(), auth.RoleUser, auth.RoleSeller)} {
		_, err := w.GetProduct(c, get)
		requireRefused(t, err, codes.NotFound, "PRODUCT_NOT_FOUND")
		all, err := w.ListProducts(c, &productv1.ListProductsRequest{})
		require.NoError(t, err)
		require.Empty(t, all.GetProducts())
		_, err = w.ListProducts(c, drafts)
		requireRefused(t, err, codes.PermissionDenied, "STATUS_NOT_VISIBLE", "filters.status")
		_, err = w.GetSize(c, &productv1.GetSizeRequest{Id: size.GetId()})
		requireRefused(t, err, codes.NotFound, "SIZE_NOT_FOUND")
	}
	bidding, _ := w.asService(t, "bidding")
	got, err := bidding.GetSize(w.public, &productv1.GetSizeRequest{Id: size.GetId()})
	require.NoError(t, err, "a market has to learn that it is to stop")
	require.Equal(t, productv1.ProductStatus_DRAFT, got.GetProductStatus())
	for _, role := range []auth.Role{auth.RoleCatalog, auth.RoleAdmin, auth.RoleOwner} {
		c := w.as(id.New(), role)
		_, err := w.GetProduct(c, get)
		require.NoError(t, err)
		_, err = w.GetSize(c, &productv1.GetSizeRequest{Id: size.GetId()})
		require.NoError(t, err)
		listed, err := w.ListProducts(c, drafts)
		require.NoError(t, err)
		require.Len(t, listed.GetProducts(), 1)
	}
}
