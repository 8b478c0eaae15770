package replay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

const (
	hashDigits = 12       // of the file's SHA-256, which name its orders
	maxLine    = 64 << 10 // bytes; a longer line is damaged
)

// File is a sales file, read and sorted into markets.
type File struct {
	Hash    string      // first 12 hexadecimal digits of the file's SHA-256
	Rows    int         // data rows, damaged ones included
	Damaged []Damage    // rows that are left out, in order
	Volume  money.Minor // sum of the prices of all sound rows

	products []*product
	markets  []*market // in order of their first row
	rows     []row     // sound ones, in the file's order
}

// Damage is a row that cannot be replayed.
type Damage struct {
	Line int // in the file, from 1
	Err  error
}

// String says where and what.
func (d Damage) String() string { return fmt.Sprintf("line %d: %v", d.Line, d.Err) }

// Markets is how many different sizes of products the sound rows are about.
func (f *File) Markets() int { return len(f.markets) }

// product is a shoe of the file.
type product struct {
	sku, name, brand, released string
	retail                     int64 // minor units; 0 = unknown
	markets                    []*market
	id                         string // once it is known
}

// market is one size of a product, with its sales in the file's order.
type market struct {
	*product
	label string
	rows  []int32 // positions in File.rows
	next  int     // of rows: those before it are done
	id    string  // once it is known
	err   error   // why it cannot be replayed
}

// row is one sale.
type row struct {
	number int32 // of the data row, from 1
	line   int32
	price  int64 // minor units
}

// Read reads a sales file, packed with gzip or plain. Rows that cannot be
// replayed are listed in the result.
// Errors: a file that cannot be read to its end, one without the columns it
// needs, and one without a single sound row.
func Read(path string) (*File, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("sales file: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	sum := sha256.New()
	text, err := unpack(bufio.NewReader(io.TeeReader(f, sum)))
	if err != nil {
		return nil, fmt.Errorf("sales file %s: %w", path, err)
	}
	out, err := parse(text)
	if err == nil {
		_, err = io.Copy(sum, f) // what a packer may have left behind the data
	}
	if err != nil {
		return nil, fmt.Errorf("sales file %s: %w", path, err)
	}
	out.Hash = hex.EncodeToString(sum.Sum(nil))[:hashDigits]
	return out, nil
}

// unpack looks at the first bytes, not at the name.
func unpack(r *bufio.Reader) (io.Reader, error) {
	if magic, err := r.Peek(2); err != nil || magic[0] != 0x1f || magic[1] != 0x8b {
		return r, nil //nolint:nilerr // a short or unreadable file is told when it is read
	}
	return gzip.NewReader(r)
}

// parse reads line by line, so that one broken quote spoils one row only.
func parse(r io.Reader) (*File, error) {
	lines := &lineReader{r: bufio.NewReaderSize(r, maxLine)}
	header, err := lines.next()
	if err != nil {
		return nil, orEmpty(err)
	}
	cols, err := columnsOf(strings.TrimPrefix(header, "\ufeff"))
	if err != nil {
		return nil, err
	}
	b := newBuilder(cols)
	for {
		text, err := lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return b.finish()
		case err != nil && !errors.Is(err, errLong):
			return nil, err
		case err == nil && strings.TrimSpace(text) == "":
			continue
		}
		b.add(lines.n, text, err)
	}
}

func orEmpty(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("it is empty")
	}
	return err
}

var errLong = fmt.Errorf("more than %d bytes", maxLine)

// lineReader counts lines and takes their ends off.
type lineReader struct {
	r *bufio.Reader
	n int
}

// next returns the next line. Errors: io.EOF, errLong (reading may go on), the reader's.
func (l *lineReader) next() (string, error) {
	l.n++
	text, more, err := l.r.ReadLine()
	if err != nil {
		return "", err
	}
	if !more {
		return string(bytes.TrimSuffix(text, []byte("\r"))), nil
	}
	for more {
		if _, more, err = l.r.ReadLine(); err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
	}
	return "", errLong
}
