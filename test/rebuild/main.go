// Command rebuild proves that the journal is all there is to keep: from its rows alone
// a process that has seen nothing else makes the same tables and the same books as the
// marketplace that traded, and its commands, carried out again one by one, do what it says.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// options are what the flags say.
type options struct {
	commands int
	sales    string // a file of sales to trade besides; blank: none
	spoil    bool
}

func main() {
	var o options
	flag.IntVar(&o.commands, "commands", 30_000, "commands of the random run")
	flag.StringVar(&o.sales, "sales", "", "`file` of sales that are traded too, as marketplace replay reads them")
	flag.BoolVar(&o.spoil, "spoil", false, "change the journal on the way, and see it found")
	from := flag.String("build", "", "be the process that builds: `address` of a database with nothing but a journal")
	flag.Parse()
	ctx, release := run.Signals(context.Background())
	err := begin(ctx, *from, o)
	release()
	if err != nil {
		fmt.Fprintln(os.Stderr, "rebuild:", run.OneLine(err))
		os.Exit(1)
	}
}

func begin(ctx context.Context, from string, o options) error {
	if from != "" {
		return build(ctx, from, os.Stdout)
	}
	return lab.Run(ctx, lab.Options{}, func(ctx context.Context, l *lab.Lab) error { return prove(ctx, l, o) })
}

// score is what the comparison found.
type score struct {
	markets                     int
	batches, commands, events   int64
	tables, tablesDiffer        int
	booksDiffer, commandsDiffer int
}

var (
	errDiffers = errors.New("what was built from the journal is not what traded")
	errMissed  = errors.New("the journal was changed on the way, and nobody noticed")
)

// prove trades, lets another process build everything anew, and compares.
func prove(ctx context.Context, l *lab.Lab, o options) error {
	start := clock.Monotonic()
	if err := trade(ctx, l, o); err != nil {
		return err
	}
	if err := still(ctx, l.DatabaseURL); err != nil {
		return err
	}
	live, err := tablesOf(ctx, l.DatabaseURL)
	if err != nil {
		return err
	}
	books, err := booksOf(ctx, l)
	if err != nil {
		return err
	}
	fmt.Printf("traded: %d markets; building from the journal in a process of its own\n", len(books))
	address, err := copyJournal(ctx, l.DatabaseURL, o.spoil)
	if err != nil {
		return err
	}
	built, err := buildElsewhere(ctx, address)
	if err != nil {
		return err
	}
	anew, err := tablesOf(ctx, address)
	if err != nil {
		return err
	}
	s := score{markets: len(books), tables: len(live)}
	s.tablesDiffer = differences("table", live, anew)
	s.booksDiffer = differences("book of market", books, built)
	if err := s.again(ctx, address); err != nil {
		return err
	}
	return s.report(clock.Since(start), o.spoil)
}

func (s *score) report(took time.Duration, spoilt bool) error {
	fmt.Printf("rebuild markets=%d batches=%d commands=%d events=%d tables=%d tables_different=%d books_different=%d commands_different=%d seconds=%.0f\n",
		s.markets, s.batches, s.commands, s.events, s.tables, s.tablesDiffer, s.booksDiffer, s.commandsDiffer, took.Seconds())
	switch same := s.tablesDiffer+s.booksDiffer+s.commandsDiffer == 0; {
	case spoilt && (s.tablesDiffer == 0 || s.commandsDiffer == 0):
		return errMissed
	case !spoilt && !same:
		return errDiffers
	}
	return nil
}

// differs notes a command that did something else than the journal says.
func (s *score) differs(what string) {
	if s.commandsDiffer++; s.commandsDiffer <= shownDifferences {
		fmt.Println(what)
	}
}

// shownDifferences is how many are printed of a kind.
const shownDifferences = 5

// differences counts the keys under which two pictures are not the same.
func differences(kind string, was, is map[string]string) int {
	n := 0
	tell := func(key, what string) {
		if n++; n <= shownDifferences {
			fmt.Printf("%s %s: %s\n", kind, key, what)
		}
	}
	for key, want := range was {
		switch got, ok := is[key]; {
		case !ok:
			tell(key, "was not built")
		case got != want:
			tell(key, "was "+want+", built "+got)
		}
	}
	for key := range is {
		if _, ok := was[key]; !ok {
			tell(key, "was never there")
		}
	}
	return n
}
