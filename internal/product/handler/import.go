package handler

import (
	"errors"
	"io"

	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/product/service"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// importBatch is how many rows are imported at a time.
const importBatch = 500

// ImportProducts implements productv1.ProductServiceServer (PROD-007).
func (h *Handler) ImportProducts(
	stream grpc.ClientStreamingServer[productv1.ImportProductsRequest, productv1.ImportProductsResponse],
) error {
	var run *service.Import
	var rows []service.Row
	for {
		r, err := stream.Recv()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		last := err != nil
		if run == nil {
			run = h.svc.NewImport(r.GetDryRun())
		}
		rows = append(rows, each(r.GetRows(), rowIn)...)
		if len(rows) >= importBatch || last {
			if err := run.Add(stream.Context(), rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
		if last {
			return stream.SendAndClose(reportOut(run.Report()))
		}
	}
}

// rowIn is a row and what its fields make of a product.
func rowIn(r *productv1.ProductRow) service.Row {
	return service.Row{Number: r.GetRow(), SKU: r.GetSku(), Change: func(p *model.Product) error {
		set(&p.Name, r.Name)
		set(&p.Brand, r.Brand)
		set(&p.Model, r.Model)
		set(&p.Category, r.Category)
		set(&p.Colorway, r.Colorway)
		set(&p.Description, r.Description)
		set(&p.Gender, r.Gender)
		set((*int64)(&p.RetailPrice), r.RetailPrice)
		set((*string)(&p.Currency), r.Currency)
		if r.Status != nil {
			if p.Status = statusIn[r.GetStatus()]; p.Status == "" {
				return errNoStatus
			}
		}
		if r.ReleaseDate == nil {
			return nil
		}
		released, err := model.ParseDate("release_date", r.GetReleaseDate())
		p.ReleaseDate = released
		return err
	}}
}

// set changes a field that the row has.
func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

func reportOut(r model.Report) *productv1.ImportProductsResponse {
	return &productv1.ImportProductsResponse{
		Rows: r.Rows, Created: r.Created, Updated: r.Updated, Unchanged: r.Unchanged, Failed: r.Failed,
		Errors: each(r.Errors, func(e model.RowError) *productv1.ImportError {
			return &productv1.ImportError{Row: e.Row, Sku: e.SKU, Field: e.Field, Description: e.Description}
		}),
	}
}

// ExportProducts implements productv1.ProductServiceServer (PROD-007).
func (h *Handler) ExportProducts(
	r *productv1.ExportProductsRequest, stream grpc.ServerStreamingServer[productv1.ExportProductsResponse],
) error {
	filters, err := filtersIn(r.GetFilters())
	if err != nil {
		return err
	}
	n := int64(0)
	return h.svc.ExportProducts(stream.Context(), filters, func(products []model.Product) error {
		return stream.Send(&productv1.ExportProductsResponse{Rows: each(products, func(p model.Product) *productv1.ProductRow {
			n++
			return rowOut(n, p)
		})})
	})
}

func rowOut(n int64, p model.Product) *productv1.ProductRow {
	return &productv1.ProductRow{
		Row: n, Sku: p.SKU, Name: &p.Name, Brand: &p.Brand, Model: &p.Model, Category: &p.Category, Colorway: &p.Colorway,
		Description: &p.Description, Gender: &p.Gender, RetailPrice: amount(p.RetailPrice), Currency: (*string)(&p.Currency),
		ReleaseDate: text(model.FormatDate(p.ReleaseDate)), Status: statusOut[p.Status].Enum(),
	}
}

func amount(m money.Minor) *int64 { return (*int64)(&m) }

func text(s string) *string { return &s }
