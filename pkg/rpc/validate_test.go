package rpc

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

func TestNoTextHoldsTheCharacterZero(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]proto.Message{
		"":                     &userv1.UpdateProfileRequest{FirstName: "Ann", UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"first_name"}}},
		"password":             &userv1.LoginRequest{Email: "a@b.c", Password: "sec\x00ret"},
		"client_order_id":      &biddingv1.PlaceBidRequest{MarketId: "m", ClientOrderId: "\x00", Quantity: proto.Int32(0)},
		"address.city":         &userv1.AddAddressRequest{Address: &userv1.Address{City: "Os\x00lo"}},
		"update_mask.paths[1]": &userv1.UpdateProfileRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"phone", "p\x00"}}},
		"images[1].url":        &productv1.Product{Images: []*productv1.ProductImage{{Url: "a"}, {Url: "\x00"}}},
	} {
		require.Equal(t, want, withZero(m.ProtoReflect()))
	}
	_, err := serve(t, nothing).client.Login(t.Context(), &userv1.LoginRequest{Email: "a\x00@b.c", Password: "secret"})
	refused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	require.ErrorContains(t, err, "email must not contain the character U+0000")
}
