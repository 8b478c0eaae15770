package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// vector is one worked scenario of the matching rules: what is asked, what must
// be answered, and the book and every order at the end.
type vector struct {
	Name   string
	Market struct {
		Tick      int64
		PriceRule string `json:"price_rule"`
	}
	Steps []step
	Final final
}

// step is one command and its answer. At is logical time in seconds; absent means unchanged.
type step struct {
	Op, Ref, Side, User, Type, STP, New string
	Price                               int64
	Qty                                 int32
	TTL, At                             *int64
	Expect                              answer
}

// answer is what a caller hears. A refusal has Error, with Status "rejected" where a row is kept.
type answer struct {
	Error, Status, Reason string
	Open                  int32
	Kept                  *bool
	Matches               []fill
	Cancelled             []string // who else was closed on the way, by ref
}

type fill struct {
	With     string
	Price    int64
	Quantity int32
}

// final is the state of the market after the last step.
type final struct {
	Bids, Asks [][2]int64
	LastSale   *int64 `json:"last_sale"`
	Orders     map[string]state
}

type state struct {
	Status string
	Open   int32
}

// read reads scenarios, one JSON object a line, packed or not.
func read(path string) ([]vector, error) {
	f, err := os.Open(path) //nolint:gosec // named by whoever runs it
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	var all []vector
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			return nil, fmt.Errorf("%s line %d: %w", path, len(all)+1, err)
		}
		all = append(all, v)
	}
	return all, lines.Err()
}
