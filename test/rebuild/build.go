package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

// buildElsewhere lets a new process build everything and returns the books it then shows.
func buildElsewhere(ctx context.Context, address string) (map[string]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-build", address) //nolint:gosec // this program
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("the process that builds: %w", err)
	}
	var books map[string]string
	return books, json.Unmarshal(out, &books)
}

// build starts a marketplace on a database that has nothing but a journal, as it would
// start after a crash that took every table, and writes what its books then are.
func build(ctx context.Context, address string, w io.Writer) error {
	return lab.Run(ctx, lab.Options{Source: config.Source{"DATABASE_URL": address}}, func(ctx context.Context, l *lab.Lab) error {
		books, err := booksOf(ctx, l)
		if err != nil {
			return err
		}
		return json.NewEncoder(w).Encode(books)
	})
}

// picture is what is compared of a book: the checksum clients check theirs with.
func picture(seq int64, checksum uint32, bids, asks int) string {
	return fmt.Sprintf("seq=%d checksum=%d levels=%d/%d", seq, checksum, bids, asks)
}
