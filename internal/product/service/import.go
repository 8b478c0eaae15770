package service

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// importTries bounds how often a row is read again because somebody else wrote its product.
const importTries = slugTries

var errRowContended = errs.New(errs.Aborted, "PRODUCT_CONTENDED", "the product is being changed by somebody else: import the row again")

// Row is a line of a catalogue file.
type Row struct {
	Number int64 // as the file counts
	SKU    string
	Change func(*model.Product) error // sets what the line says on a new product or the one there is
}

// Import makes the catalogue as rows say, each by its SKU. What is equal already is not
// written, so an import that was cut off is repeated and goes on where it was. It is one
// caller's, and what a row added stays when a later one fails. Rule: PROD-007.
type Import struct {
	service *Service
	dry     bool
	seen    map[string]int64 // row by SKU
	report  model.Report
}

// NewImport begins an import; a dry one says what it would do and writes nothing.
func (s *Service) NewImport(dry bool) *Import {
	return &Import{service: s, dry: dry, seen: map[string]int64{}}
}

// Report is what the rows so far have come to.
func (i *Import) Report() model.Report { return i.report }

// change is a row and what it makes of its product.
type change struct {
	row Row
	to  model.Product
}

// Add imports rows, some hundred at a time. A row that is refused is in the report.
// Errors: model.ErrImportLimit; anything else is trouble of the database.
func (i *Import) Add(ctx context.Context, rows []Row) error {
	if i.report.Rows+int64(len(rows)) > model.MaxImportRows {
		return model.ErrImportLimit
	}
	i.report.Rows += int64(len(rows))
	rows = i.named(rows)
	for try := range importTries {
		lost, err := i.pass(ctx, rows, try)
		if err != nil {
			return fmt.Errorf("import %d rows: %w", len(rows), err)
		}
		if rows = lost; len(rows) == 0 {
			return nil
		}
	}
	for _, r := range rows {
		i.refuse(r, errRowContended)
	}
	return nil
}

// named trims the SKUs and refuses rows without one and those that repeat one: which of
// two lines is meant cannot be known, and a second import would undo the first.
func (i *Import) named(rows []Row) []Row {
	kept := make([]Row, 0, len(rows))
	for _, r := range rows {
		err := model.Line("sku", &r.SKU, 100)
		key := strings.ToUpper(r.SKU)
		switch first, again := i.seen[key]; {
		case err != nil:
			i.refuse(r, err)
		case key == "":
			i.refuse(r, errs.Invalid("sku", "must not be blank"))
		case again:
			i.refuse(r, errs.Invalid("sku", fmt.Sprintf("must be new to the file: row %d has it", first)))
		default:
			i.seen[key] = r.Number
			kept = append(kept, r)
		}
	}
	return kept
}

// pass compares rows with the catalogue and writes what differs. lost are the rows whose
// product, or slug, somebody else wrote meanwhile.
func (i *Import) pass(ctx context.Context, rows []Row, try int) (lost []Row, err error) {
	skus := make([]string, 0, len(rows))
	for _, r := range rows {
		skus = append(skus, r.SKU)
	}
	there, err := i.service.store.ProductsBySKU(ctx, skus)
	if err != nil {
		return nil, err
	}
	var made, changed []change
	for _, r := range rows {
		old, exists := there[r.SKU]
		p, err := i.apply(r, old, exists, try)
		switch {
		case err != nil:
			i.refuse(r, err)
		case !exists:
			made = append(made, change{r, p})
		case p.Same(old):
			i.report.Unchanged++
		default:
			changed = append(changed, change{r, p})
		}
	}
	lostMade, err := i.write(ctx, made, i.service.store.InsertProducts, &i.report.Created)
	if err != nil {
		return nil, err
	}
	lostChanged, err := i.write(ctx, changed, i.service.store.UpdateProducts, &i.report.Updated)
	return append(lostMade, lostChanged...), err
}

// apply is what a row makes of the product there is, or of a new one. The SKU keeps the
// spelling it has.
func (i *Import) apply(r Row, old model.Product, exists bool, try int) (model.Product, error) {
	p, now := old, i.service.clk.Now()
	if !exists {
		p = model.Product{ID: id.New(), SKU: r.SKU, CreatedAt: now}
	}
	if err := r.Change(&p); err != nil {
		return p, err
	}
	if err := p.Normalize(); err != nil {
		return p, err
	}
	if exists && p.Currency != old.Currency {
		return p, errs.Invalid("currency", "must stay "+string(old.Currency)+": the product's markets trade in it")
	}
	if !exists {
		p.Slug = Slug(p.Name, p.SKU, p.ID, try)
	}
	p.UpdatedAt, p.Version = now, p.Version+1
	return p, nil
}

// write writes changes unless the import is dry, counts what was written and returns the rest.
func (i *Import) write(
	ctx context.Context, changes []change, write func(context.Context, []model.Product) ([]id.UUID, error), count *int64,
) (lost []Row, err error) {
	if i.dry {
		*count += int64(len(changes))
		return nil, nil
	}
	products := make([]model.Product, 0, len(changes))
	for _, c := range changes {
		products = append(products, c.to)
	}
	ids, err := write(ctx, products)
	if err != nil {
		return nil, err
	}
	*count += int64(len(ids))
	written := make(map[id.UUID]bool, len(ids))
	for _, key := range ids {
		written[key] = true
	}
	for _, c := range changes {
		if !written[c.to.ID] {
			lost = append(lost, c.row)
		}
	}
	return lost, nil
}

// refuse counts a row that failed and says why.
func (i *Import) refuse(r Row, err error) {
	i.report.Failed++
	if len(i.report.Errors) >= model.MaxImportErrors {
		return
	}
	line := model.RowError{Row: r.Number, SKU: r.SKU, Description: err.Error()}
	var no *errs.Error
	if errors.As(err, &no) && len(no.Fields) > 0 {
		line.Field, line.Description = no.Fields[0].Name, no.Fields[0].Description
	}
	i.report.Errors = append(i.report.Errors, line)
}
