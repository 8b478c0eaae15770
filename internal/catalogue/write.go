package catalogue

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
)

// Writer writes a file that appears whole when it is closed, or not at all. It is one goroutine's.
type Writer struct {
	path   string // blank: not of a file
	file   *os.File
	zip    *gzip.Writer // nil: not compressed
	buffer *bufio.Writer
	csv    *csv.Writer // nil: JSON Lines
}

// Create begins a file of a format that its name tells. Close or Abort ends it.
func Create(path string) (*Writer, error) {
	f, err := formatOf(path)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644) //nolint:gosec // a catalogue is no secret
	if err != nil {
		return nil, err
	}
	w, err := write(file, f)
	w.path, w.file = path, file
	if err != nil {
		return nil, errors.Join(err, w.Abort())
	}
	return w, nil
}

func write(out io.Writer, f format) (*Writer, error) {
	w := &Writer{}
	if f.compressed {
		w.zip = gzip.NewWriter(out)
		out = w.zip
	}
	w.buffer = bufio.NewWriter(out)
	if f.lines {
		return w, nil
	}
	w.csv = csv.NewWriter(w.buffer)
	return w, w.csv.Write(written)
}

// put writes a line.
func (w *Writer) put(r record) error {
	if w.csv == nil {
		return w.object(r)
	}
	cells := make([]string, len(written))
	for i, field := range written {
		cells[i] = quote(r[field])
	}
	return w.csv.Write(cells)
}

// object writes the fields in the order of an export; the price is a number.
func (w *Writer) object(r record) error {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	for i, field := range written {
		line.WriteString(map[bool]string{true: "{", false: ","}[i == 0] + strconv.Quote(field) + ":")
		if field == fieldPrice {
			line.WriteString(r[field])
			continue
		}
		if err := enc.Encode(r[field]); err != nil {
			return err
		}
		line.Truncate(line.Len() - 1) // Encode ends with a line break
	}
	line.WriteString("}\n")
	_, err := w.buffer.Write(line.Bytes())
	return err
}

// finish writes what is held back.
func (w *Writer) finish() error {
	var problems []error
	if w.csv != nil {
		w.csv.Flush()
		problems = append(problems, w.csv.Error())
	}
	problems = append(problems, w.buffer.Flush())
	if w.zip != nil {
		problems = append(problems, w.zip.Close())
	}
	return errors.Join(problems...)
}

// Close puts the file in its place.
func (w *Writer) Close() error {
	if err := errors.Join(w.finish(), w.file.Sync()); err != nil {
		return errors.Join(err, w.Abort())
	}
	if err := w.file.Close(); err != nil {
		return err
	}
	return os.Rename(w.path+".new", w.path)
}

// Abort leaves no file, and one that was there as it was.
func (w *Writer) Abort() error {
	return errors.Join(w.file.Close(), os.Remove(w.path+".new"))
}
