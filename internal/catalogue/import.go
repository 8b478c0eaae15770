package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"google.golang.org/protobuf/proto"

	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

// What one message of an import holds.
const (
	batchRows  = 100
	batchBytes = 256 << 10
)

// maxErrors is how many errors of lines that could not be read are kept.
const maxErrors = 1000

// Report is what became of the lines of a file.
type Report struct {
	Rows, Created, Updated, Unchanged, Failed int64
	Errors                                    []*RowError // of the first thousand that failed, in order
	Ignored                                   []string    // fields nobody knows
}

// String is the line that programs read.
func (r Report) String() string {
	return fmt.Sprintf("import rows=%d created=%d updated=%d unchanged=%d failed=%d",
		r.Rows, r.Created, r.Updated, r.Unchanged, r.Failed)
}

// Import sends a file to the marketplace, in the name of ctx's token. progress hears how
// many lines are on their way, nil: nobody. A dry run changes nothing and says what would.
// What was imported before an error stays; the same import again goes on from there.
// Errors: a file that cannot be read on, trouble with the marketplace. Rule: PROD-007.
func Import(
	ctx context.Context, products productv1.ProductServiceClient, from *Reader, dry bool, progress func(rows int64),
) (Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the stream of a file that could not be read on
	stream, err := products.ImportProducts(ctx)
	if err != nil {
		return Report{}, err
	}
	s := sender{stream: stream, dry: dry, progress: progress}
	err = s.all(from)
	if err != nil && !errors.Is(err, io.EOF) { // io.EOF: the answer says why
		return Report{}, err
	}
	answer, err := stream.CloseAndRecv()
	if err != nil {
		return Report{}, err
	}
	return s.report(answer, from.ignored), nil
}

// sender sends rows by the message.
type sender struct {
	stream interface {
		Send(*productv1.ImportProductsRequest) error
	}
	dry      bool
	progress func(int64)

	rows   []*productv1.ProductRow
	bytes  int
	read   int64
	failed int64
	errors []*RowError
}

func (s *sender) all(from *Reader) error {
	for {
		row, r, err := from.next()
		if errors.Is(err, io.EOF) {
			return s.flush() // an empty file is an import of no rows
		}
		var m *productv1.ProductRow
		if err == nil {
			m, err = message(row, r)
		}
		if err := s.add(m, err); err != nil {
			return err
		}
	}
}

// add takes a row or, instead, why there is none.
func (s *sender) add(m *productv1.ProductRow, err error) error {
	var refused *RowError
	switch {
	case errors.As(err, &refused):
		s.failed++
		if len(s.errors) < maxErrors {
			s.errors = append(s.errors, refused)
		}
	case err != nil:
		return err
	default:
		s.rows, s.bytes = append(s.rows, m), s.bytes+proto.Size(m)
	}
	s.read++
	if len(s.rows) < batchRows && s.bytes < batchBytes {
		return nil
	}
	return s.flush()
}

func (s *sender) flush() error {
	if err := s.stream.Send(&productv1.ImportProductsRequest{DryRun: s.dry, Rows: s.rows}); err != nil {
		return err
	}
	s.rows, s.bytes = nil, 0
	if s.progress != nil {
		s.progress(s.read)
	}
	return nil
}

func (s *sender) report(answer *productv1.ImportProductsResponse, ignored []string) Report {
	r := Report{
		Rows: s.read, Created: answer.GetCreated(), Updated: answer.GetUpdated(), Unchanged: answer.GetUnchanged(),
		Failed: s.failed + answer.GetFailed(), Errors: s.errors, Ignored: ignored,
	}
	for _, e := range answer.GetErrors() {
		field := e.GetField()
		if field == "retail_price" {
			field = fieldPrice
		}
		r.Errors = append(r.Errors, &RowError{Row: e.GetRow(), SKU: e.GetSku(), Field: field, Description: e.GetDescription()})
	}
	slices.SortStableFunc(r.Errors, func(a, b *RowError) int { return int(a.Row - b.Row) })
	r.Errors = r.Errors[:min(len(r.Errors), maxErrors)]
	slices.Sort(r.Ignored)
	return r
}
