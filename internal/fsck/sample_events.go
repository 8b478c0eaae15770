package fsck

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// listings lets products leave the catalogue while orders are open, one of them come
// back, and another change its name.
func (d *sample) listings() {
	const shown, gone, withdrawn, renamed = 12, 14, 16, 0
	for _, market := range []int{shown, shown + 1, gone, withdrawn} {
		d.bid("anna", market, 50, 1)
		d.bid("ben", market, 51, 1)
		d.ask("sam", market, 60, 2)
	}
	d.edit("SAMPLE-3", &productv1.UpdateProductRequest{Status: productv1.ProductStatus_HIDDEN}, "status")
	d.emptied(shown)
	d.emptied(shown + 1)
	d.placeRefused("anna", buy, d.request(shown, 50, 1))
	d.edit("SAMPLE-3", &productv1.UpdateProductRequest{Status: productv1.ProductStatus_ACTIVE, Name: "Sample, shown again"}, "status", "name")
	d.called(shown, "Sample, shown again")
	d.bid("anna", shown, 50, 1)

	d.edit("SAMPLE-5", &productv1.UpdateProductRequest{Status: productv1.ProductStatus_DRAFT}, "status")
	d.emptied(withdrawn)
	if d.err == nil {
		_, err := d.catalogue.DeleteProduct(d.as("owner"), &productv1.DeleteProductRequest{ProductId: d.products["SAMPLE-4"]})
		d.do("delete", err)
	}
	d.emptied(gone)
	d.edit("SAMPLE-1", &productv1.UpdateProductRequest{Description: "As new."}, "description")
	d.edit("SAMPLE-1", &productv1.UpdateProductRequest{Name: "Sample, renamed", Sku: "SAMPLE-1B"}, "name", "sku")
	d.called(renamed, "Sample, renamed")
}

// edit changes fields of a product.
func (d *sample) edit(sku string, r *productv1.UpdateProductRequest, fields ...string) {
	if d.err == nil {
		r.ProductId, r.UpdateMask = d.products[sku], &fieldmaskpb.FieldMask{Paths: fields}
		_, err := d.catalogue.UpdateProduct(d.as("owner"), r)
		d.do("change "+sku, err)
	}
}

// price reads what everybody may know of a market.
func (d *sample) price(market int) (*biddingv1.MarketPrice, error) {
	got, err := d.bidding.GetMarketPrice(d.ctx, &biddingv1.GetMarketPriceRequest{MarketId: d.sizes[market]})
	return got.GetMarketPrice(), err
}

// emptied waits until a market has nothing open.
func (d *sample) emptied(market int) {
	d.until("a market is emptied", func() (bool, error) {
		p, err := d.price(market)
		return p.GetOpenBids()+p.GetOpenAsks() == 0, err
	})
}

// called waits until a market has a name.
func (d *sample) called(market int, name string) {
	d.until("a market is renamed", func() (bool, error) {
		p, err := d.price(market)
		return p.GetProductName() == name, err
	})
}

// govern changes roles twice, bans and pardons somebody and bans somebody else, each of
// whom has orders open in two markets.
func (d *sample) govern() {
	owner := d.as("owner")
	for _, roles := range [][]string{{"user", "support"}, {"user", "support", "catalog"}} {
		_, err := d.users.SetRoles(owner, &userv1.SetRolesRequest{UserId: d.ids["ben"], Roles: roles, Reason: "sample"})
		d.do("roles of ben", err)
	}
	d.touch()
	for _, market := range []int{9, 10} {
		d.ask("carl", market, 80, 1)
		d.ask("carl", market, 81, 2)
	}
	d.ban("carl", 9, 10)
	_, err := d.users.UnbanUser(owner, &userv1.UnbanUserRequest{UserId: d.ids["carl"], Reason: "sample"})
	d.do("pardon carl", err)
	d.signIn("carl", "carl@sample.example")
	d.until("carl sells again", func() (bool, error) {
		_, err := d.order("carl", sell, d.request(11, 80, 1))
		if status.Code(err) == codes.PermissionDenied { // the exchange has yet to hear of it
			return false, nil
		}
		return err == nil, err
	})
	for _, market := range []int{9, 10} {
		d.bid("dora", market, 70, 1)
		d.bid("dora", market, 71, 2)
	}
	d.ban("dora", 9, 10)
}

// ban bans somebody and waits until markets in which nobody else has anything are empty.
func (d *sample) ban(who string, markets ...int) {
	if d.err != nil {
		return
	}
	_, err := d.users.BanUser(d.as("owner"), &userv1.BanUserRequest{UserId: d.ids[who], Reason: "sample"})
	d.do("ban "+who, err)
	for _, market := range markets {
		d.emptied(market)
	}
}
