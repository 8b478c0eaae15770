package fsck

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// shop makes two products to trade, and three that come and go.
func (d *sample) shop() {
	for _, sku := range []string{"SAMPLE-1", "SAMPLE-2"} {
		d.product(sku, "8", "8.5", "9", "9.5", "10", "10.5")
	}
	for _, sku := range []string{"SAMPLE-3", "SAMPLE-4", "SAMPLE-5"} {
		d.product(sku, "9", "10")
	}
}

// product makes one with images and a market for each size.
func (d *sample) product(sku string, labels ...string) {
	made, err := d.catalogue.CreateProduct(d.as("owner"), &productv1.CreateProductRequest{Name: "Sample " + sku, Sku: sku})
	if d.do("product", err); err != nil {
		return
	}
	product := made.GetProduct().GetId()
	d.products[sku] = product
	for _, side := range []string{"left", "right"} {
		_, err := d.catalogue.AddProductImage(d.as("owner"), &productv1.AddProductImageRequest{ProductId: product, Url: "https://example.com/" + side + ".jpg"})
		d.do("image", err)
	}
	for _, label := range labels {
		size, err := d.catalogue.AddSize(d.as("owner"), &productv1.AddSizeRequest{ProductId: product, Label: label, Quantity: 3})
		d.do("size", err)
		d.sizes = append(d.sizes, size.GetSize().GetId())
	}
}

// stock changes stock in every way.
func (d *sample) stock() {
	owner, size := d.as("owner"), d.sizes[0]
	for _, delta := range []int32{5, -2} {
		_, err := d.catalogue.UpdateInventory(owner, &productv1.UpdateInventoryRequest{SizeId: size, Delta: delta, Reason: "sample"})
		d.do("stock", err)
	}
	reserve := func(name string, ttl time.Duration) {
		_, err := d.catalogue.ReserveInventory(owner, &productv1.ReserveInventoryRequest{
			SizeId: size, Quantity: 1, Reference: name, Ttl: durationpb.New(ttl),
		})
		d.do("reserve "+name, err)
	}
	for _, name := range []string{"released", "sold", "held"} {
		reserve("sample-"+name, time.Hour)
	}
	reserve("sample-fleeting", time.Second)
	_, err := d.catalogue.ReleaseInventory(owner, &productv1.ReleaseInventoryRequest{Reference: "sample-released"})
	d.do("release", err)
	_, err = d.catalogue.SellInventory(owner, &productv1.SellInventoryRequest{Reference: "sample-sold"})
	d.do("sell", err)
}

// touch changes stock once the reservation that is fleeting has expired: it is given back
// when its size is touched.
func (d *sample) touch() {
	select {
	case <-d.Clock.After(time.Second):
	case <-d.ctx.Done():
		d.do("wait", fmt.Errorf("reservation: %w", d.ctx.Err()))
	}
	_, err := d.catalogue.UpdateInventory(d.as("owner"), &productv1.UpdateInventoryRequest{SizeId: d.sizes[0], Delta: 1, Reason: "sample"})
	d.do("stock", err)
}
