package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// What a client may ask for.
const (
	place   = "place"
	replace = "replace"
	cancel  = "cancel"
)

// The sides, as the tables call them.
const (
	bid = "bid"
	ask = "ask"
)

// What a client may be told. An unknown outcome is asked for again until it is one
// of the others.
const (
	acknowledged = "acknowledged"
	refused      = "refused"
	unknown      = "unknown"
)

// attempt is what a client is about to ask for.
type attempt struct {
	ID        string `json:"id"` // client_order_id; of a cancel, a number of the client's own
	Op        string `json:"op"`
	Side      string `json:"side"`
	Market    string `json:"market"`
	Price     int64  `json:"price,omitempty"`
	Quantity  int32  `json:"quantity,omitempty"`
	Type      string `json:"type,omitempty"`
	SelfTrade string `json:"self_trade,omitempty"`
	Order     int64  `json:"order,omitempty"` // that is to be replaced or cancelled
}

// answer is what it was told.
type answer struct {
	ID       string  `json:"id"` // of the attempt
	Outcome  string  `json:"outcome"`
	Reason   string  `json:"reason,omitempty"` // of a refusal, or of not knowing
	Order    int64   `json:"order,omitempty"`
	Market   string  `json:"market,omitempty"`
	Price    int64   `json:"price,omitempty"`
	Quantity int32   `json:"quantity,omitempty"`
	Open     int32   `json:"open,omitempty"`
	Status   string  `json:"status,omitempty"`
	Why      string  `json:"why,omitempty"`  // the order is closed
	Kept     bool    `json:"kept,omitempty"` // the order was made smaller in its place
	Matches  []match `json:"matches,omitempty"`
}

// match is an execution, as an answer tells it and as the tables have it.
type match struct {
	ID       int64  `json:"id"`
	Market   string `json:"market"`
	Bid      int64  `json:"bid"`
	Ask      int64  `json:"ask"`
	Price    int64  `json:"price"`
	BidPrice int64  `json:"bid_price"`
	Quantity int32  `json:"quantity"`
}

// record is a line of a diary: one of the two.
type record struct {
	Attempt *attempt `json:"attempt,omitempty"`
	Answer  *answer  `json:"answer,omitempty"`
}

// diary is a client's file: what it asks for, before it does, and what it was told.
// The file's name is the client's account.
type diary struct{ file *os.File }

const diarySuffix = ".jsonl"

func openDiary(dir string, account id.UUID) (*diary, error) {
	path := filepath.Join(dir, account.String()+diarySuffix)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600) //nolint:gosec // a folder of ours
	if err != nil {
		return nil, fmt.Errorf("open a client's diary: %w", err)
	}
	return &diary{f}, nil
}

// write hands a line to the operating system before the client goes on.
func (d *diary) write(r record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write a client's diary: %w", err)
	}
	if _, err := d.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write a client's diary: %w", err)
	}
	return nil
}

func (d *diary) close() error { return d.file.Close() }

// diaries lists the files of a folder by account.
func diaries(dir string) (map[string]id.UUID, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+diarySuffix))
	if err != nil {
		return nil, err
	}
	out := make(map[string]id.UUID, len(paths))
	for _, path := range paths {
		account, err := id.Parse("account", strings.TrimSuffix(filepath.Base(path), diarySuffix))
		if err != nil {
			return nil, fmt.Errorf("%s is nobody's diary: %w", path, err)
		}
		out[path] = account
	}
	return out, nil
}

// readDiary calls f with each record after an offset and returns where it stopped.
// Errors: of the file; a line that is no record.
func readDiary(path string, from int64, f func(record)) (int64, error) {
	file, err := os.Open(path) //nolint:gosec // a folder of ours
	if err != nil {
		return from, err
	}
	defer func() { _ = file.Close() }() // it was only read
	if _, err := file.Seek(from, io.SeekStart); err != nil {
		return from, err
	}
	for lines := bufio.NewReaderSize(file, 1<<20); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return from, nil
		}
		if err != nil {
			return from, fmt.Errorf("%s: byte %d: the last line has no end: %w", path, from, err)
		}
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			return from, fmt.Errorf("%s: byte %d: %w", path, from, err)
		}
		f(r)
		from += int64(len(line))
	}
}
