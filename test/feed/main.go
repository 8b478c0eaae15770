// Command feed proves that a market's feed can be trusted: a client that loses its
// connection again and again ends with the exchange's own book and the database's, and a
// crowd is told of each change soon after its commit (DATA-003).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// options are what the flags say.
type options struct {
	steps    int64
	cuts     int64
	batch    int
	watchers int
	rate     int
	last     time.Duration
}

func main() {
	var o options
	flag.Int64Var(&o.steps, "steps", 100_000, "steps of the feed's sequence that one client follows")
	flag.Int64Var(&o.cuts, "cuts", 20, "how often it loses its connection")
	flag.IntVar(&o.batch, "batch", 50, "orders of a call; what is committed at once is told as one update")
	flag.IntVar(&o.watchers, "watchers", 1000, "how many watch a market at a time")
	flag.IntVar(&o.rate, "rate", 20, "changes of that market a second")
	flag.DurationVar(&o.last, "for", 20*time.Second, "how long they watch")
	flag.Parse()
	ctx, release := run.Signals(context.Background())
	err := lab.Run(ctx, lab.Options{}, func(ctx context.Context, l *lab.Lab) error { return prove(ctx, l, o) })
	release()
	if err != nil {
		fmt.Fprintln(os.Stderr, "feed:", run.OneLine(err))
		os.Exit(1)
	}
}

// score is what was seen.
type score struct {
	out io.Writer

	steps, deltas, cuts     int64
	trades, doubled, missed int64
	gaps, wrong             int64 // steps that do not follow, or after which the checksum differs
	books                   int   // that differ at the end
	told                    int64
	p50, p99, worst         time.Duration
}

const goal = 100 * time.Millisecond

var errShort = errors.New("the feed is not what it promises")

// say shows people how it goes.
func (s *score) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.out, format+"\n", args...) // progress is not what the proof is about
}

func prove(ctx context.Context, l *lab.Lab, o options) error {
	began := clock.Monotonic()
	markets, err := l.Sizes(2, 0)
	if err != nil {
		return err
	}
	s := score{out: os.Stdout}
	if err := s.follow(ctx, l, markets[0], o); err != nil {
		return err
	}
	s.say("one client followed %d steps in %d updates through %d lost connections; %d trades told", s.steps, s.deltas, s.cuts, s.trades)
	if err := s.crowd(ctx, l, markets[1], o); err != nil {
		return err
	}
	verdict, err := "ok", error(nil)
	if s.gaps+s.wrong+s.doubled > 0 || s.books > 0 || s.steps < o.steps || s.cuts < o.cuts || s.p99 > goal {
		verdict, err = "short", errShort
	}
	fmt.Printf("feed steps=%d updates=%d cuts=%d trades=%d trades_doubled=%d trades_missed=%d gaps=%d checksums_wrong=%d books_different=%d "+
		"watchers=%d rate=%d told=%d p50_ms=%.1f p99_ms=%.1f max_ms=%.1f seconds=%d verdict=%s\n",
		s.steps, s.deltas, s.cuts, s.trades, s.doubled, s.missed, s.gaps, s.wrong, s.books,
		o.watchers, o.rate, s.told, millis(s.p50), millis(s.p99), millis(s.worst), int(clock.Since(began).Seconds()), verdict)
	return err
}
