package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/repository"
	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
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

// build starts the exchange on a database that has nothing but a journal, as it would
// start after a crash that took every table, and writes what its books then are.
func build(ctx context.Context, address string, w io.Writer) error {
	pool, err := pgxpool.New(ctx, address)
	if err != nil {
		return err
	}
	defer pool.Close()
	e, stop, err := lab.Engine(ctx, engine.Options{
		Store: repository.New(pool, pool), Clock: &stopped{}, Log: zerolog.Nop(), Node: engine.Node{Name: "builder", Addr: "nowhere"},
	})
	if err != nil {
		return err
	}
	defer stop()
	rows, err := pool.Query(ctx, `SELECT id FROM bidding_markets`)
	if err != nil {
		return err
	}
	markets, err := pgx.CollectRows(rows, pgx.RowTo[[16]byte])
	if err != nil {
		return err
	}
	books := make(map[string]string, len(markets))
	for _, m := range markets {
		v, err := e.View(model.MarketID(m))
		if err != nil {
			return err
		}
		books[v.Market.ID.String()] = picture(v.Market.FeedSeq, model.Checksum(v.Asks, v.Bids), len(v.Bids), len(v.Asks))
	}
	return json.NewEncoder(w).Encode(books)
}

// picture is what is compared of a book: the checksum clients check theirs with.
func picture(seq int64, checksum uint32, bids, asks int) string {
	return fmt.Sprintf("seq=%d checksum=%d levels=%d/%d", seq, checksum, bids, asks)
}

// stopped is a clock whose alarms never ring, so that nothing expires while it is compared.
type stopped struct{ clock.System }

func (*stopped) After(time.Duration) <-chan time.Time { return nil }
