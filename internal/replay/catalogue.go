package replay

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

const (
	tick     = 1 // cent: sales are at any price
	system   = "US_M"
	atOnce   = 16 // products or markets made at a time
	describe = "Its sales are replayed from a sales file."
)

// catalogue makes the products and markets a file is about.
type catalogue struct {
	products productv1.ProductServiceClient
	bidding  biddingv1.BiddingServiceClient
	owner    *account
	clk      clock.Clock
}

// open makes what is missing and sets the ticks. A product or market that the
// marketplace refuses is left with the reason; the others go on.
// Errors: trouble that is not about one of them.
func (c *catalogue) open(ctx context.Context, f *File) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, p := range f.products {
		g.Go(func() error {
			err := c.product(gctx, p)
			for _, m := range p.markets {
				if err != nil {
					m.err = err
				}
			}
			return unlessRefused(err)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	g, gctx = errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, m := range f.markets {
		if m.err != nil {
			continue
		}
		g.Go(func() error {
			if err := c.market(gctx, m); err != nil {
				m.err = fmt.Errorf("market %s size %s: %w", m.sku, m.label, err)
			}
			return unlessRefused(m.err)
		})
	}
	return g.Wait()
}

func unlessRefused(err error) error {
	if refusal(err) {
		return nil
	}
	return err
}

// product finds or makes a product and learns which of its sizes are there.
func (c *catalogue) product(ctx context.Context, p *product) error {
	made, err := as(ctx, c.owner, func(ctx context.Context) (*productv1.CreateProductResponse, error) {
		return c.products.CreateProduct(ctx, &productv1.CreateProductRequest{
			Name: p.name, Sku: p.sku, Brand: p.brand, Category: "sneakers", RetailPrice: p.retail, ReleaseDate: p.released,
			Description: describe,
		})
	})
	p.id = made.GetProduct().GetId()
	if err == nil {
		return nil
	}
	if status.Code(err) != codes.AlreadyExists {
		return fmt.Errorf("product %s: %w", p.sku, err)
	}
	got, err := patient(ctx, c.clk, func(ctx context.Context) (*productv1.GetProductResponse, error) {
		return c.products.GetProduct(ctx, &productv1.GetProductRequest{Key: &productv1.GetProductRequest_Sku{Sku: p.sku}})
	})
	if err != nil {
		return fmt.Errorf("product %s: %w", p.sku, err)
	}
	p.id = got.GetProduct().GetId()
	for _, m := range p.markets {
		for _, s := range got.GetProduct().GetSizes() {
			if s.GetSystem() == system && strings.EqualFold(s.GetLabel(), m.label) {
				m.id = s.GetId()
			}
		}
	}
	return nil
}

// market adds the size unless it is there, and sets the market's tick.
func (c *catalogue) market(ctx context.Context, m *market) error {
	if m.id != "" {
		got, err := as(ctx, c.owner, func(ctx context.Context) (*biddingv1.GetMarketSettingsResponse, error) {
			return c.bidding.GetMarketSettings(ctx, &biddingv1.GetMarketSettingsRequest{MarketId: m.id})
		})
		if err != nil || got.GetSettings().GetTick() == tick {
			return err
		}
	} else if err := c.size(ctx, m); err != nil {
		return err
	}
	_, err := as(ctx, c.owner, func(ctx context.Context) (*biddingv1.UpdateMarketSettingsResponse, error) {
		return c.bidding.UpdateMarketSettings(ctx, &biddingv1.UpdateMarketSettingsRequest{
			Settings:   &biddingv1.MarketSettings{MarketId: m.id, Tick: tick},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"tick"}},
		})
	})
	return err
}

func (c *catalogue) size(ctx context.Context, m *market) error {
	added, err := as(ctx, c.owner, func(ctx context.Context) (*productv1.AddSizeResponse, error) {
		return c.products.AddSize(ctx, &productv1.AddSizeRequest{ProductId: m.product.id, Label: m.label, System: system})
	})
	m.id = added.GetSize().GetId()
	return err
}
