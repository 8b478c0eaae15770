package main

import (
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// forward asks the real service.
type forward func() ([]byte, error)

// change stands in for a method: it may ask the real service, and lie about what it said.
type change func(request []byte, ask forward) ([]byte, error)

// fault is what goes wrong, by the method it goes wrong in.
type fault map[string]change

func (f fault) apply(method string, request []byte, ask forward) ([]byte, error) {
	if c, ok := f[method]; ok {
		return c(request, ask)
	}
	return ask()
}

// faults are all there are, by name.
func faults() map[string]fault {
	return map[string]fault{
		"none": {},

		"any-password":            {userv1.UserService_Login_FullMethodName: hiding(codes.Unauthenticated, anyone)},
		"refresh-does-not-rotate": {userv1.UserService_RefreshToken_FullMethodName: altering(keepRefreshToken)},
		"logout-forgotten":        {userv1.UserService_Logout_FullMethodName: forgetting},

		"sku-taken-twice":    {productv1.ProductService_CreateProduct_FullMethodName: hiding(codes.AlreadyExists, anyProduct)},
		"reserved-miscount":  {productv1.ProductService_ReserveInventory_FullMethodName: altering(countOneMore)},
		"two-primary-images": {productv1.ProductService_GetProduct_FullMethodName: altering(everyImagePrimary)},

		"match-at-bid-price": {biddingv1.BiddingService_PlaceBid_FullMethodName: altering(matchAtBidPrice)},
		"status-stays-active": {
			biddingv1.BiddingService_PlaceBid_FullMethodName: altering(stayActiveWhenPlaced),
			biddingv1.BiddingService_GetBid_FullMethodName:   altering(stayActive),
		},
		"sold-ask-stays": {biddingv1.BiddingService_GetDepth_FullMethodName: altering(keepAsk)},
	}
}

// message is a pointer to a generated message.
type message[T any] interface {
	*T
	proto.Message
}

// altering asks the real service and changes what it says, but not what it refuses.
func altering[Q, A any, PQ message[Q], PA message[A]](alter func(PQ, PA)) change {
	return func(request []byte, ask forward) ([]byte, error) {
		answer, err := ask()
		if err != nil {
			return nil, err
		}
		q, a := PQ(new(Q)), PA(new(A))
		if err := proto.Unmarshal(request, q); err != nil {
			return nil, fmt.Errorf("request: %w", err)
		}
		if err := proto.Unmarshal(answer, a); err != nil {
			return nil, fmt.Errorf("answer: %w", err)
		}
		alter(q, a)
		return proto.Marshal(a)
	}
}

// hiding answers with success where the real service refuses with a code.
func hiding(refusal codes.Code, instead func() proto.Message) change {
	return func(_ []byte, ask forward) ([]byte, error) {
		answer, err := ask()
		if status.Code(err) == refusal {
			return proto.Marshal(instead())
		}
		return answer, err
	}
}

// forgetting answers with success and asks nobody.
func forgetting([]byte, forward) ([]byte, error) { return nil, nil }

func anyone() proto.Message {
	return &userv1.LoginResponse{AccessToken: "a.b.c", RefreshToken: "d", ExpiresIn: 900}
}

func anyProduct() proto.Message {
	return &productv1.CreateProductResponse{Product: &productv1.Product{Id: "00000000-0000-7000-8000-000000000001"}}
}

func keepRefreshToken(q *userv1.RefreshTokenRequest, a *userv1.RefreshTokenResponse) {
	a.RefreshToken = q.GetRefreshToken()
}

func countOneMore(_ *productv1.ReserveInventoryRequest, a *productv1.ReserveInventoryResponse) {
	a.Size.Reserved++
}

func everyImagePrimary(_ *productv1.GetProductRequest, a *productv1.GetProductResponse) {
	for _, image := range a.GetProduct().GetImages() {
		image.IsPrimary = true
	}
}

func matchAtBidPrice(q *biddingv1.PlaceBidRequest, a *biddingv1.PlaceBidResponse) {
	for _, m := range a.GetMatches() {
		m.Price = q.GetPrice()
	}
}

func stayActiveWhenPlaced(_ *biddingv1.PlaceBidRequest, a *biddingv1.PlaceBidResponse) {
	a.Bid.Status = biddingv1.Status_ACTIVE
}

func stayActive(_ *biddingv1.GetBidRequest, a *biddingv1.GetBidResponse) {
	a.Bid.Status = biddingv1.Status_ACTIVE
}

// keepAsk shows an ask that nobody makes any more.
func keepAsk(_ *biddingv1.GetDepthRequest, a *biddingv1.GetDepthResponse) {
	a.Asks = append(a.Asks, &biddingv1.Level{Price: 22000, Quantity: 1})
}
