// Command soak proves that the exchange does not tire: on tables that have millions of rows
// already it takes orders for minutes, as fast at the end as at the start, in memory that
// does not grow. It says what an order takes on the disk.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// options are what the flags say.
type options struct {
	rows    int
	markets int
	last    time.Duration
}

func main() {
	var o options
	flag.IntVar(&o.rows, "rows", 1_000_000, "rows of bids, asks and matches that are there before")
	flag.IntVar(&o.markets, "markets", 200, "markets that are traded in")
	flag.DurationVar(&o.last, "last", 60*time.Second, "how long orders are taken in")
	flag.Parse()
	ctx, release := run.Signals(context.Background())
	err := lab.Run(ctx, lab.Options{}, func(ctx context.Context, l *lab.Lab) error { return prove(ctx, l, o) })
	release()
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", run.OneLine(err))
		os.Exit(1)
	}
}

// What is to be reached: the rate at the end over that at the start (E8_b), and the memory
// in use at the end over that after a quarter of the time.
const (
	leastRate  = 0.85
	mostMemory = 1.2
)

func prove(ctx context.Context, l *lab.Lab, o options) error {
	markets, err := l.Sizes(o.markets, 0)
	if err != nil {
		return err
	}
	fmt.Printf("writing %d rows of the past\n", o.rows)
	if err := history(ctx, l, markets, o.rows); err != nil {
		return err
	}
	before, err := sizes(ctx, l.DatabaseURL)
	if err != nil {
		return err
	}
	w, err := work(ctx, l, markets, o.last)
	if err != nil {
		return err
	}
	after, err := sizes(ctx, l.DatabaseURL)
	if err != nil {
		return err
	}
	s := w.score()
	fmt.Printf("soak rows=%d seconds=%.0f orders=%d rate_start=%.0f rate_end=%.0f raw=%.2f E8_b=%.2f memory_quarter_mb=%.0f memory_end_mb=%.0f memory=%.2f"+
		" table_bytes_per_order=%.0f journal_bytes_per_order=%.0f open=%d\n",
		o.rows, w.took.Seconds(), w.orders, s.start, s.end, s.end/s.start, s.ratio, s.quarter, s.last, s.last/s.quarter,
		float64(after.tables-before.tables)/float64(w.orders), float64(after.journal-before.journal)/float64(w.orders), after.open)
	return errors.Join(
		short(s.ratio < leastRate, "the rate fell to %.2f of the start, at least %.2f is wanted", s.ratio, leastRate),
		short(s.last > mostMemory*s.quarter, "memory grew to %.2f of a quarter's, at most %.2f is wanted", s.last/s.quarter, mostMemory),
	)
}

func short(yes bool, format string, args ...any) error {
	if !yes {
		return nil
	}
	return fmt.Errorf(format, args...)
}
