package fsck

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// people makes accounts: two who sell, three who buy. One keeps refreshing, one
// signs out, one has addresses.
func (d *sample) people() {
	d.signIn("owner", d.OwnerEmail)
	for _, who := range []string{"sam", "carl", "anna", "ben", "dora"} {
		email := who + "@sample.example"
		_, err := d.users.Register(d.ctx, &userv1.RegisterRequest{Email: email, Password: d.Password, FirstName: who, LastName: "Sample"})
		d.do("register "+who, err)
		d.signIn(who, email)
	}
	for _, who := range []string{"sam", "carl"} {
		got, err := d.users.AcceptSellerTerms(d.as(who), &userv1.AcceptSellerTermsRequest{})
		d.do(who+" becomes a seller", err)
		d.tokens[who] = got.GetAccessToken()
	}
	for _, name := range []string{"Home", "Work"} {
		_, err := d.users.AddAddress(d.as("anna"), &userv1.AddAddressRequest{Address: &userv1.Address{
			Kind: userv1.AddressKind_SHIPPING, Recipient: name, Line1: "1 Main Street", City: "Springfield", PostalCode: "12345", Country: "US",
		}})
		d.do("anna's address", err)
	}
	d.signIn("ben again", "ben@sample.example")
	_, err := d.users.Logout(d.as("ben again"), &userv1.LogoutRequest{})
	d.do("ben signs out", err)
}

// signIn opens a session and refreshes it twice.
func (d *sample) signIn(who, email string) {
	if d.err != nil {
		return
	}
	in, err := d.users.Login(d.ctx, &userv1.LoginRequest{Email: email, Password: d.Password})
	d.do("sign in "+who, err)
	refresh, access := in.GetRefreshToken(), in.GetAccessToken()
	for range 2 {
		next, err := d.users.RefreshToken(d.ctx, &userv1.RefreshTokenRequest{RefreshToken: refresh})
		d.do("refresh "+who, err)
		refresh, access = next.GetRefreshToken(), next.GetAccessToken()
	}
	d.tokens[who] = access
	me, err := d.users.GetProfile(d.as(who), &userv1.GetProfileRequest{})
	d.do("profile of "+who, err)
	d.ids[who] = me.GetUser().GetId()
}

// shop makes two products, one with images and a market for each part of the day.
func (d *sample) shop() {
	for _, sku := range []string{"SAMPLE-1", "SAMPLE-2"} {
		made, err := d.products.CreateProduct(d.as("owner"), &productv1.CreateProductRequest{Name: "Sample " + sku, Sku: sku})
		if d.do("product", err); err != nil {
			return
		}
		product := made.GetProduct().GetId()
		for _, side := range []string{"left", "right"} {
			_, err := d.products.AddProductImage(d.as("owner"), &productv1.AddProductImageRequest{ProductId: product, Url: "https://example.com/" + side + ".jpg"})
			d.do("image", err)
		}
		for _, label := range []string{"8", "8.5", "9", "9.5", "10", "10.5"} {
			size, err := d.products.AddSize(d.as("owner"), &productv1.AddSizeRequest{ProductId: product, Label: label, Quantity: 3})
			d.do("size", err)
			d.sizes = append(d.sizes, size.GetSize().GetId())
		}
	}
}

// stock changes stock in every way.
func (d *sample) stock() {
	owner, size := d.as("owner"), d.sizes[0]
	for _, delta := range []int32{5, -2} {
		_, err := d.products.UpdateInventory(owner, &productv1.UpdateInventoryRequest{SizeId: size, Delta: delta, Reason: "sample"})
		d.do("stock", err)
	}
	reserve := func(name string, ttl time.Duration) {
		_, err := d.products.ReserveInventory(owner, &productv1.ReserveInventoryRequest{
			SizeId: size, Quantity: 1, Reference: name, Ttl: durationpb.New(ttl),
		})
		d.do("reserve "+name, err)
	}
	for _, name := range []string{"released", "sold", "held"} {
		reserve("sample-"+name, time.Hour)
	}
	reserve("sample-fleeting", time.Second)
	_, err := d.products.ReleaseInventory(owner, &productv1.ReleaseInventoryRequest{Reference: "sample-released"})
	d.do("release", err)
	_, err = d.products.SellInventory(owner, &productv1.SellInventoryRequest{Reference: "sample-sold"})
	d.do("sell", err)
}

// govern changes roles twice, bans somebody and bans and pardons somebody else.
func (d *sample) govern() {
	owner := d.as("owner")
	for _, roles := range [][]string{{"user", "support"}, {"user", "support", "catalog"}} {
		_, err := d.users.SetRoles(owner, &userv1.SetRolesRequest{UserId: d.ids["ben"], Roles: roles, Reason: "sample"})
		d.do("roles of ben", err)
	}
	for _, who := range []string{"dora", "carl"} {
		_, err := d.users.BanUser(owner, &userv1.BanUserRequest{UserId: d.ids[who], Reason: "sample"})
		d.do("ban "+who, err)
	}
	_, err := d.users.UnbanUser(owner, &userv1.UnbanUserRequest{UserId: d.ids["carl"], Reason: "sample"})
	d.do("pardon carl", err)
	// The reservation that has expired by now is given back when its size is touched.
	select {
	case <-d.Clock.After(time.Second):
	case <-d.ctx.Done():
		d.do("wait", fmt.Errorf("reservation: %w", d.ctx.Err()))
	}
	_, err = d.products.UpdateInventory(owner, &productv1.UpdateInventoryRequest{SizeId: d.sizes[0], Delta: 1, Reason: "sample"})
	d.do("stock", err)
}
