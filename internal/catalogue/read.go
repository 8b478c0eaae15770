package catalogue

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

const (
	maxLine    = 1 << 20 // bytes of a JSON line
	maxIgnored = 100     // names of fields nobody knows that are kept to tell
)

// Reader reads the lines of a file. It is one goroutine's.
type Reader struct {
	lines   lines
	file    io.Closer
	ignored []string
}

// lines reads one line after another: io.EOF at the end, *RowError for a line that cannot
// be read while those after it can.
type lines interface {
	next() (row int64, r record, err error)
}

// Open opens a file of a format that its name tells.
// Errors: an unknown format, a file that cannot be read, a CSV without a column sku.
func Open(path string) (*Reader, error) {
	f, err := formatOf(path)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path) //nolint:gosec // named by whoever runs it
	if err != nil {
		return nil, err
	}
	r, err := read(file, f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	r.file = file
	return r, nil
}

func read(in io.Reader, f format) (*Reader, error) {
	r := &Reader{}
	if f.compressed {
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = unzipped // closing it would only repeat what reading said
	}
	buffered := bufio.NewReader(in)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = buffered.Discard(len(mark)) // it was just seen
	}
	if f.lines {
		scanner := bufio.NewScanner(buffered)
		scanner.Buffer(nil, maxLine)
		r.lines = &objects{scanner: scanner}
		return r, nil
	}
	table, err := newTable(buffered)
	if err != nil {
		return nil, err
	}
	r.lines = table
	return r, nil
}

// next reads a line and leaves out the fields nobody knows.
func (r *Reader) next() (int64, record, error) {
	row, line, err := r.lines.next()
	for field := range line {
		if understood(field) {
			continue
		}
		delete(line, field)
		if len(r.ignored) < maxIgnored && !slices.Contains(r.ignored, field) {
			r.ignored = append(r.ignored, field)
		}
	}
	return row, line, err
}

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }

// table is a CSV with a header.
type table struct {
	csv    *csv.Reader
	header []string
	row    int64
}

func newTable(in io.Reader) (*table, error) {
	t := &table{csv: csv.NewReader(in), row: 1}
	t.csv.ReuseRecord = true
	header, err := t.csv.Read()
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	for _, field := range header {
		field = strings.ToLower(strings.TrimSpace(field))
		if slices.Contains(t.header, field) {
			return nil, fmt.Errorf("the header has the column %q twice", field)
		}
		t.header = append(t.header, field)
	}
	if !slices.Contains(t.header, fieldSKU) {
		return nil, errors.New("the header has no column sku")
	}
	return t, nil
}

func (t *table) next() (int64, record, error) {
	cells, err := t.csv.Read()
	t.row++
	switch {
	case errors.Is(err, csv.ErrFieldCount):
		return t.row, nil, &RowError{Row: t.row, Description: fmt.Sprintf("must have %d cells, as the header has, not %d", len(t.header), len(cells))}
	case err != nil:
		return t.row, nil, err
	}
	r := make(record, len(cells))
	for i, cell := range cells {
		r[t.header[i]] = unquote(cell)
	}
	return t.row, r, nil
}

// objects is JSON Lines.
type objects struct {
	scanner *bufio.Scanner
	row     int64
}

func (o *objects) next() (int64, record, error) {
	for o.scanner.Scan() {
		o.row++
		if line := o.scanner.Bytes(); len(strings.TrimSpace(string(line))) > 0 {
			r, err := o.object(line)
			return o.row, r, err
		}
	}
	if err := o.scanner.Err(); err != nil {
		return o.row, nil, fmt.Errorf("line %d: %w", o.row+1, err)
	}
	return o.row, nil, io.EOF
}

// object reads texts and numbers; null is a field that is left out.
func (o *objects) object(line []byte) (record, error) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(line, &values); err != nil || values == nil {
		return nil, &RowError{Row: o.row, Description: "must be a JSON object"}
	}
	r := make(record, len(values))
	for field, raw := range values {
		var text string
		var number json.Number
		switch {
		case string(raw) == "null":
		case json.Unmarshal(raw, &text) == nil:
			r[field] = text
		case json.Unmarshal(raw, &number) == nil:
			r[field] = number.String()
		case understood(field):
			return nil, &RowError{Row: o.row, Field: field, Description: "must be a text or a number"}
		default:
			r[field] = "" // ignored by its name
		}
	}
	return r, nil
}
