package replay

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// assignments remember which accounts each row of a file was given. They are
// written before the row's orders are placed. So a row that was being placed
// when a replay was killed is repeated by the same accounts, under the same
// client_order_id, and happens once (MATCH-011).
type assignments struct {
	f   *os.File
	was []byte // two bytes a row, as an earlier run left them
}

// assignment is a seller and a buyer by their place in the pool, from 1; 0 = none yet.
type assignment struct{ seller, buyer uint8 }

// or fills what is missing from another.
func (a assignment) or(b assignment) assignment {
	if a.seller == 0 {
		a.seller = b.seller
	}
	if a.buyer == 0 {
		a.buyer = b.buyer
	}
	return a
}

// assignments opens those of a file with so many rows.
func (k *keep) assignments(hash string, rows int) (*assignments, error) {
	f, err := os.OpenFile(k.path(hash+".rows"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	a := &assignments{f: f, was: make([]byte, 2*rows)}
	if _, err := f.ReadAt(a.was, 0); err != nil && !errors.Is(err, io.EOF) {
		_ = f.Close() // only read
		return nil, fmt.Errorf("replay: %w", err)
	}
	return a, nil
}

// of returns what an earlier run gave a row.
func (a *assignments) of(row int32) assignment {
	return assignment{a.was[2*row], a.was[2*row+1]}
}

// give writes down what this run gives a row.
func (a *assignments) give(row int32, to assignment) error {
	if _, err := a.f.WriteAt([]byte{to.seller, to.buyer}, 2*int64(row)); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	return nil
}

func (a *assignments) close() { _ = a.f.Close() } // every write has been checked

// finish drops the assignments of a file that is replayed to the end.
func (a *assignments) finish() error {
	a.close()
	return os.Remove(a.f.Name())
}
