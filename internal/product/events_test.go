package product

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	eventv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/event/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// asService returns a client as another service.
func (w *world) asService(t *testing.T, name string) (productv1.ProductServiceClient, eventv1.EventLogClient) {
	t.Helper()
	credential, err := auth.NewServiceCredential(auth.Config{Keys: auth.DevelopmentKeys}, name, w.clk)
	require.NoError(t, err)
	conn, err := w.env.Network.Dial("product", "", rpc.AsService(credential))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return productv1.NewProductServiceClient(conn), eventv1.NewEventLogClient(conn)
}

func TestEVENT_001_ChangesOfTheCatalogueAreTold(t *testing.T) {
	t.Parallel()
	w := setup(t)
	made, err := w.CreateProduct(w.admin, &productv1.CreateProductRequest{Name: "Dunk Low", Sku: "DD1391-100"})
	require.NoError(t, err)
	p := made.GetProduct().GetId()
	size, err := w.AddSize(w.admin, &productv1.AddSizeRequest{ProductId: p, Label: "10", Quantity: 2})
	require.NoError(t, err)
	_, err = w.UpdateProduct(w.admin, &productv1.UpdateProductRequest{
		ProductId: p, Name: "Dunk Low Retro", Status: productv1.ProductStatus_HIDDEN,
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name", "status"}},
	})
	require.NoError(t, err)
	_, err = w.UpdateProduct(w.admin, &productv1.UpdateProductRequest{
		ProductId: p, Version: 1, Name: "x", UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}},
	})
	require.Error(t, err, "what is refused tells nothing")
	stream, err := w.ImportProducts(w.admin)
	require.NoError(t, err)
	require.NoError(t, stream.Send(&productv1.ImportProductsRequest{Rows: []*productv1.ProductRow{
		{Row: 1, Sku: "DD1391-100", Name: proto.String("Dunk Low '21")}, {Row: 2, Sku: "NEW-1", Name: proto.String("New")},
	}}))
	report, err := stream.CloseAndRecv()
	require.NoError(t, err)
	require.EqualValues(t, 1, report.GetUpdated())
	_, err = w.DeleteProduct(w.admin, &productv1.DeleteProductRequest{ProductId: p})
	require.NoError(t, err)

	_, log := w.asService(t, "bidding")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tail, err := log.Tail(ctx, &eventv1.TailRequest{})
	require.NoError(t, err)
	hidden := productv1.ProductStatus_HIDDEN
	for i, want := range []proto.Message{
		&productv1.SizeAdded{SizeId: size.GetSize().GetId(), ProductId: p, Label: "10", System: "US_M"},
		&productv1.ProductChanged{ProductId: p, Version: 2, Name: "Dunk Low Retro", Sku: "DD1391-100", Status: hidden},
		&productv1.ProductChanged{ProductId: p, Version: 3, Name: "Dunk Low '21", Sku: "DD1391-100", Status: hidden},
		&productv1.ProductChanged{ProductId: p, Version: 4, Name: "Dunk Low '21", Sku: "DD1391-100", Status: hidden, Deleted: true},
	} {
		got, err := tail.Recv()
		require.NoError(t, err)
		require.EqualValues(t, i+1, got.GetSeq())
		msg, err := got.GetEvents()[0].GetPayload().UnmarshalNew()
		require.NoError(t, err)
		require.True(t, proto.Equal(want, msg), "%v", msg)
	}
}

func TestAUTH_002_OtherServicesReserveStockInTheirOwnName(t *testing.T) {
	t.Parallel()
	w := setup(t)
	made, err := w.CreateProduct(w.admin, &productv1.CreateProductRequest{Name: "Dunk Low", Sku: "DD1391-100"})
	require.NoError(t, err)
	size, err := w.AddSize(w.admin, &productv1.AddSizeRequest{ProductId: made.GetProduct().GetId(), Label: "10", Quantity: 2})
	require.NoError(t, err)
	bidding, _ := w.asService(t, "bidding")
	_, err = bidding.ReserveInventory(t.Context(), &productv1.ReserveInventoryRequest{
		SizeId: size.GetSize().GetId(), Quantity: 1, Reference: id.New().String(),
	})
	require.NoError(t, err)
	trail, err := w.ListInventoryTransactions(w.admin, &productv1.ListInventoryTransactionsRequest{SizeId: size.GetSize().GetId()})
	require.NoError(t, err)
	require.Equal(t, "bidding", trail.GetTransactions()[0].GetActor())
}
