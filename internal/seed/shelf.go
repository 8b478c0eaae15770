package seed

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

const shelvesAtOnce = 16 // products made at a time

// stock makes what is missing of the catalogue, the first product, which carries
// the mark, before all others, and learns the ids of the markets.
func (s *seeding) stock(ctx context.Context) error {
	ctx, err := s.owner.as(ctx)
	if err != nil {
		return err
	}
	market := make([]int, len(s.plan.shoes)) // of the first size
	for i := range s.plan.shoes[1:] {
		market[i+1] = market[i] + len(s.plan.shoes[i].sizes)
	}
	if s.first, err = s.shelve(ctx, 0, s.mark.String()); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(shelvesAtOnce)
	for i := range s.plan.shoes {
		g.Go(func() error {
			id := s.first
			if i > 0 {
				var err error
				if id, err = s.shelve(ctx, i, description); err != nil {
					return err
				}
			}
			if err := s.fit(ctx, i, id, s.markets[market[i]:]); err != nil {
				return fmt.Errorf("sizes of demo product %s: %w", s.plan.shoes[i].sku, err)
			}
			s.progress.products.Add(1)
			return nil
		})
	}
	return g.Wait()
}

// shelve finds or makes a product.
func (s *seeding) shelve(ctx context.Context, i int, about string) (id string, err error) {
	shoe := &s.plan.shoes[i]
	made, err := patient(ctx, func(ctx context.Context) (*productv1.CreateProductResponse, error) {
		return s.Products.CreateProduct(ctx, &productv1.CreateProductRequest{
			Name: shoe.name, Sku: shoe.sku, Brand: shoe.brand, Model: shoe.model, Colorway: shoe.colorway, Gender: shoe.gender,
			RetailPrice: shoe.retail, ReleaseDate: shoe.released, Category: shoe.category, Description: about,
		})
	})
	if status.Code(err) == codes.AlreadyExists {
		got, err := s.product(ctx, shoe.sku)
		return got.GetId(), err
	}
	if err != nil {
		return "", fmt.Errorf("demo product %s: %w", shoe.sku, err)
	}
	return made.GetProduct().GetId(), nil
}

func (s *seeding) product(ctx context.Context, sku string) (*productv1.Product, error) {
	got, err := patient(ctx, func(ctx context.Context) (*productv1.GetProductResponse, error) {
		return s.Products.GetProduct(ctx, &productv1.GetProductRequest{Key: &productv1.GetProductRequest_Sku{Sku: sku}})
	})
	if err != nil {
		return nil, fmt.Errorf("demo product %s: %w", sku, err)
	}
	return got.GetProduct(), nil
}

// fit finds or makes the sizes of a product and notes their ids.
func (s *seeding) fit(ctx context.Context, i int, id string, markets []string) error {
	shoe := &s.plan.shoes[i]
	for j, z := range shoe.sizes {
		added, err := patient(ctx, func(ctx context.Context) (*productv1.AddSizeResponse, error) {
			return s.Products.AddSize(ctx, &productv1.AddSizeRequest{ProductId: id, Label: z.label, System: shoe.system, Quantity: z.stock})
		})
		switch status.Code(err) {
		case codes.OK:
			markets[j] = added.GetSize().GetId()
		case codes.AlreadyExists:
			if markets[j], err = s.size(ctx, shoe, z.label); err != nil {
				return err
			}
		default:
			return fmt.Errorf("size %s: %w", z.label, err)
		}
	}
	return nil
}

// size finds a size that an earlier run made.
func (s *seeding) size(ctx context.Context, of *shoe, label string) (id string, err error) {
	p, err := s.product(ctx, of.sku)
	if err != nil {
		return "", err
	}
	for _, z := range p.GetSizes() {
		if z.GetSystem() == of.system && strings.EqualFold(z.GetLabel(), label) {
			return z.GetId(), nil
		}
	}
	return "", fmt.Errorf("size %s %s is there and is not", of.system, label)
}
