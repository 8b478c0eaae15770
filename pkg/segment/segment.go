// Package segment keeps stretches of a journal in files: the rows of one shard, one after
// the other, packed. What a row holds is not its concern; the rows' own hashes show whether
// anything was changed.
package segment

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Row is one row of a journal.
type Row struct {
	Shard         int16
	Seq, Epoch, N int64
	At            int64 // microseconds since 1970
	Prev, Hash    []byte
	Body          []byte
}

// ErrDamaged says that a file is not what was written.
var ErrDamaged = errors.New("segment: damaged file")

const (
	magic   = "SMJ1" // and the version of the layout
	most    = 64 << 20
	hashLen = 32
)

// File is a stretch that was written: rows first to last of a shard.
type File struct {
	Path        string
	Shard       int16
	First, Last int64
}

// Name is the name of a stretch's file; names sort as the rows do.
func Name(shard int16, first, last int64) string {
	return fmt.Sprintf("journal-%03d-%016d-%016d.gz", shard, first, last)
}

// List finds the stretches in a folder, by shard and row. Other files are left alone.
func List(dir string) ([]File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	var out []File
	for _, e := range entries {
		f := File{Path: filepath.Join(dir, e.Name())}
		if _, err := fmt.Sscanf(e.Name(), "journal-%03d-%016d-%016d.gz", &f.Shard, &f.First, &f.Last); err == nil &&
			e.Name() == Name(f.Shard, f.First, f.Last) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b File) int {
		return slices.Compare([]int64{int64(a.Shard), a.First}, []int64{int64(b.Shard), b.First})
	})
	return out, nil
}

// Write writes rows to a file of a folder and returns once the disk has it: whole or not at
// all. next ends with io.EOF.
func Write(dir string, shard int16, first, last int64, next func() (Row, error)) (path string, err error) {
	path = filepath.Join(dir, Name(shard, first, last))
	file, err := os.CreateTemp(dir, ".journal-*")
	if err != nil {
		return "", fmt.Errorf("write the archive: %w", err)
	}
	defer func() { _ = os.Remove(file.Name()) }() // not there any more when all went well
	if err := errors.Join(fill(file, next), file.Sync(), file.Close()); err != nil {
		return "", fmt.Errorf("write the archive: %w", err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return "", fmt.Errorf("write the archive: %w", err)
	}
	return path, syncDir(dir)
}

func fill(w io.Writer, next func() (Row, error)) error {
	buffered := bufio.NewWriterSize(w, 1<<20)
	packed := gzip.NewWriter(buffered)
	if _, err := io.WriteString(packed, magic); err != nil {
		return err
	}
	for {
		r, err := next()
		if errors.Is(err, io.EOF) {
			return errors.Join(packed.Close(), buffered.Flush())
		}
		if err == nil {
			_, err = packed.Write(r.pack())
		}
		if err != nil {
			return err
		}
	}
}

func (r *Row) pack() []byte {
	b := make([]byte, 0, 2+4*8+2*hashLen+4+len(r.Body))
	b = binary.BigEndian.AppendUint16(b, uint16(r.Shard)) //nolint:gosec // 0 to 255
	for _, v := range []int64{r.Seq, r.Epoch, r.At, r.N} {
		b = binary.BigEndian.AppendUint64(b, uint64(v)) //nolint:gosec // the same bits
	}
	b = append(append(b, r.Prev...), r.Hash...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(r.Body))) //nolint:gosec // below most
	return append(b, r.Body...)
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // named by whoever runs it
	if err != nil {
		return fmt.Errorf("write the archive: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// Reader reads a file's rows.
type Reader struct {
	file *os.File
	from *bufio.Reader
}

// Open opens a file. Errors: ErrDamaged when it is none of ours.
func Open(path string) (*Reader, error) {
	file, err := os.Open(path) //nolint:gosec // named by whoever runs it
	if err != nil {
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	packed, err := gzip.NewReader(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %s: %w", ErrDamaged, path, err), file.Close())
	}
	r := &Reader{file, bufio.NewReaderSize(packed, 1<<20)}
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(r.from, head); err != nil || string(head) != magic {
		return nil, errors.Join(fmt.Errorf("%w: %s is no stretch of a journal", ErrDamaged, path), file.Close())
	}
	return r, nil
}

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }

// Next returns the next row, io.EOF behind the last. Errors: ErrDamaged.
func (r *Reader) Next() (Row, error) {
	var row Row
	head := make([]byte, 2+4*8+2*hashLen+4)
	if _, err := io.ReadFull(r.from, head); errors.Is(err, io.EOF) {
		return row, io.EOF
	} else if err != nil {
		return row, fmt.Errorf("%w: %s: %w", ErrDamaged, r.file.Name(), err)
	}
	row.Shard = int16(binary.BigEndian.Uint16(head)) //nolint:gosec // as it was packed
	at := 2
	for _, v := range []*int64{&row.Seq, &row.Epoch, &row.At, &row.N} {
		*v = int64(binary.BigEndian.Uint64(head[at:])) //nolint:gosec // the same bits
		at += 8
	}
	row.Prev, row.Hash = head[at:at+hashLen:at+hashLen], head[at+hashLen:at+2*hashLen:at+2*hashLen]
	n := binary.BigEndian.Uint32(head[at+2*hashLen:])
	if n > most {
		return row, fmt.Errorf("%w: %s: a row of %d bytes", ErrDamaged, r.file.Name(), n)
	}
	row.Body = make([]byte, n)
	if _, err := io.ReadFull(r.from, row.Body); err != nil {
		return row, fmt.Errorf("%w: %s: %w", ErrDamaged, r.file.Name(), err)
	}
	return row, nil
}
