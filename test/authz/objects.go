package main

import (
	"context"
	"fmt"
	"slices"
	"sync"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// owners remembers whose each object is, to notice when a list shows it to another.
type owners struct {
	mu sync.Mutex
	of map[string]string // accounts by "bid 12"
}

func (o *owners) note(kind string, id any, account string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil {
		o.of = map[string]string{}
	}
	o.of[fmt.Sprint(kind, " ", id)] = account
}

// check refuses a list that holds what is somebody else's, or that lacks one of the account's own.
func check[T comparable](o *owners, kind, account string, list []T, own T) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, id := range list {
		if whose, known := o.of[fmt.Sprint(kind, " ", id)]; known && whose != account {
			return fmt.Errorf("%s %v of account %s: %w", kind, id, whose, errLeak)
		}
	}
	var none T
	if own != none && !slices.Contains(list, own) {
		return fmt.Errorf("%s %v: %w", kind, own, errLeak)
	}
	return nil
}

// newProduct makes a product.
func (w *world) newProduct(ctx context.Context, status productv1.ProductStatus) (string, error) {
	n := w.count.Add(1)
	r, err := w.product.CreateProduct(w.root.call(ctx), &productv1.CreateProductRequest{
		Name: fmt.Sprint("Proof ", n), Sku: fmt.Sprint("AUTHZ-", n), Brand: "Proof", Status: status,
	})
	if err != nil {
		return "", fmt.Errorf("make a product: %w", err)
	}
	return r.GetProduct().GetId(), nil
}

// newSize makes a product's size, which is a market, with ten items of stock.
func (w *world) newSize(ctx context.Context, product string) (string, error) {
	r, err := w.product.AddSize(w.root.call(ctx), &productv1.AddSizeRequest{ProductId: product, Label: "10", Quantity: 10})
	if err != nil {
		return "", fmt.Errorf("make a size: %w", err)
	}
	return r.GetSize().GetId(), nil
}

// newMarket makes a size of a product of its own.
func (w *world) newMarket(ctx context.Context) (string, error) {
	product, err := w.newProduct(ctx, productv1.ProductStatus_ACTIVE)
	if err != nil {
		return "", err
	}
	return w.newSize(ctx, product)
}

// newImages adds images to a product of their own.
func (w *world) newImages(ctx context.Context, n int) (product string, images []string, err error) {
	if product, err = w.newProduct(ctx, productv1.ProductStatus_ACTIVE); err != nil {
		return "", nil, err
	}
	for i := range n {
		r, err := w.product.AddProductImage(w.root.call(ctx), &productv1.AddProductImageRequest{
			ProductId: product, Url: fmt.Sprintf("https://example.com/%d.jpg", i),
		})
		if err != nil {
			return "", nil, fmt.Errorf("make an image: %w", err)
		}
		images = append(images, r.GetImage().GetId())
	}
	return product, images, nil
}

// newReservation holds one item of a size of its own.
func (w *world) newReservation(ctx context.Context) (string, error) {
	size, err := w.newMarket(ctx)
	if err != nil {
		return "", err
	}
	reference := fmt.Sprint("held-", w.count.Add(1))
	_, err = w.product.ReserveInventory(w.root.call(ctx), &productv1.ReserveInventoryRequest{SizeId: size, Quantity: 1, Reference: reference})
	if err != nil {
		return "", fmt.Errorf("reserve stock: %w", err)
	}
	return reference, nil
}

// newAddress gives an account an address.
func (w *world) newAddress(ctx context.Context, of *caller) (string, error) {
	r, err := w.user.AddAddress(of.call(ctx), &userv1.AddAddressRequest{Address: address()})
	if err != nil {
		return "", fmt.Errorf("make an address: %w", err)
	}
	w.owners.note("address", r.GetAddress().GetId(), of.account)
	return r.GetAddress().GetId(), nil
}

func address() *userv1.Address {
	return &userv1.Address{
		Kind: userv1.AddressKind_SHIPPING, Recipient: "Proof", Line1: "Street 1", City: "Town", PostalCode: "12345", Country: "SE",
	}
}

// newBid places a bid in a market of its own; it rests there.
func (w *world) newBid(ctx context.Context, of *caller) (id int64, market string, err error) {
	if market, err = w.newMarket(ctx); err != nil {
		return 0, "", err
	}
	id, err = w.bidIn(ctx, of, market)
	return id, market, err
}

// price is what everything costs here.
const price = 100_00

func (w *world) bidIn(ctx context.Context, of *caller, market string) (int64, error) {
	r, err := w.bidding.PlaceBid(of.call(ctx), &biddingv1.PlaceBidRequest{MarketId: market, Price: price})
	if err != nil {
		return 0, fmt.Errorf("place a bid: %w", err)
	}
	w.owners.note("bid", r.GetBid().GetId(), of.account)
	return r.GetBid().GetId(), nil
}

// newAsk places an ask in a market of its own; it rests there.
func (w *world) newAsk(ctx context.Context, of *caller) (id int64, market string, err error) {
	if market, err = w.newMarket(ctx); err != nil {
		return 0, "", err
	}
	r, err := w.bidding.PlaceAsk(of.call(ctx), &biddingv1.PlaceAskRequest{MarketId: market, Price: price})
	if err != nil {
		return 0, "", fmt.Errorf("place an ask: %w", err)
	}
	w.owners.note("ask", r.GetAsk().GetId(), of.account)
	return r.GetAsk().GetId(), market, nil
}

// newMatch lets one account sell to another.
func (w *world) newMatch(ctx context.Context, buyer, seller *caller) (int64, error) {
	_, market, err := w.newAsk(ctx, seller)
	if err != nil {
		return 0, err
	}
	r, err := w.bidding.PlaceBid(buyer.call(ctx), &biddingv1.PlaceBidRequest{MarketId: market, Price: price})
	if err != nil {
		return 0, fmt.Errorf("make a match: %w", err)
	}
	if len(r.GetMatches()) != 1 {
		return 0, fmt.Errorf("make a match: there are %d", len(r.GetMatches()))
	}
	w.owners.note("bid", r.GetBid().GetId(), buyer.account)
	return r.GetMatches()[0].GetId(), nil
}
