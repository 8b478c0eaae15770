package seed

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// A demo is marked where it is kept: the description of its first product says
// what it is being made to and, as the very last step, that it is complete. From
// that alone a run that was cut off goes on.

// State is how far a marketplace's demo is.
type State uint8

// The states of a demo.
const (
	Absent State = iota
	Begun
	Complete
)

// Mark is what a marketplace says of its demo.
type Mark struct {
	State State
	Scale Scale
	Until time.Time // the present it leads to
}

// ErrForeign says that a product that is not the demo's is in its place.
var ErrForeign = errors.New("a product has the demo's first style code and is not of it")

// Or is the mark itself when a demo was begun, else that of one to be made now.
func (m Mark) Or(s Scale) Mark {
	if m.State != Absent {
		return m
	}
	return Planned(s, clock.System{}.Now())
}

const description = "Demo product: its bids, asks and sales are made up."

var ending = map[State]string{Begun: "being made", Complete: "complete"}

// String is the description of the demo's first product.
func (m Mark) String() string {
	s := m.Scale
	return fmt.Sprintf("%s Demo of %d products, %d days, %d sales, %d sellers and %d buyers until %s: %s.", description,
		s.Products, s.Days, s.Sales, s.Sellers, s.Buyers, m.Until.Format(time.RFC3339Nano), ending[m.State])
}

var marked = regexp.MustCompile(`Demo of (\d+) products, (\d+) days, (\d+) sales, (\d+) sellers and (\d+) buyers until (\S+): (being made|complete)\.$`)

// readMark reads a description. Errors: ErrForeign.
func readMark(text string) (Mark, error) {
	got := marked.FindStringSubmatch(text)
	if got == nil {
		return Mark{}, ErrForeign
	}
	m := Mark{State: Begun}
	if got[7] == ending[Complete] {
		m.State = Complete
	}
	for i, n := range []*int{&m.Scale.Products, &m.Scale.Days, &m.Scale.Sales, &m.Scale.Sellers, &m.Scale.Buyers} {
		if _, err := fmt.Sscan(got[i+1], n); err != nil {
			return Mark{}, ErrForeign
		}
	}
	var err error
	if m.Until, err = time.Parse(time.RFC3339Nano, got[6]); err != nil || m.Scale.Validate() != nil {
		return Mark{}, ErrForeign
	}
	return m, nil
}

// Look reads how far the demo of a marketplace is. It needs the product service
// alone, and nobody signed in. Errors: ErrForeign.
func Look(ctx context.Context, products productv1.ProductServiceClient) (Mark, error) {
	first := shoes(1, time.Time{})[0].sku
	got, err := patient(ctx, func(ctx context.Context) (*productv1.GetProductResponse, error) {
		return products.GetProduct(ctx, &productv1.GetProductRequest{Key: &productv1.GetProductRequest_Sku{Sku: first}})
	})
	switch status.Code(err) {
	case codes.OK:
		return readMark(got.GetProduct().GetDescription())
	case codes.NotFound:
		return Mark{}, nil
	default:
		return Mark{}, fmt.Errorf("look for the demo: %w", err)
	}
}

// finish writes down that the demo is complete.
func (s *seeding) finish(ctx context.Context) error {
	ctx, err := s.owner.as(ctx)
	if err != nil {
		return err
	}
	s.mark.State = Complete
	_, err = patient(ctx, func(ctx context.Context) (*productv1.UpdateProductResponse, error) {
		return s.Products.UpdateProduct(ctx, &productv1.UpdateProductRequest{
			ProductId: s.first, Description: s.mark.String(), UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"description"}},
		})
	})
	if err != nil {
		return fmt.Errorf("finish the demo: %w", err)
	}
	return nil
}
