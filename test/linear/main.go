// Command linear proves that a market behaves as if everything happened in one order: it
// records what concurrent clients asked for and were told, with what they never heard of
// left open, and has porcupine look for an order that explains all of it (MATCH-001,
// MATCH-005).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

func main() {
	histories := flag.Int("histories", 60, "how many histories are recorded and checked")
	seed := flag.Uint64("seed", 1, "of the dice")
	flag.Parse()
	ctx, release := run.Signals(context.Background())
	s := score{wanted: *histories}
	err := lab.Run(ctx, lab.Options{}, func(ctx context.Context, l *lab.Lab) error { return s.prove(ctx, l, *seed, os.Stdout) })
	release()
	if err != nil {
		fmt.Fprintln(os.Stderr, "linear:", run.OneLine(err))
		os.Exit(1)
	}
}

// checkIn is how long an explanation is looked for.
const checkIn = 20 * time.Second

// leastOverlap is the share of the operations that must have had company.
const leastOverlap = 0.3

// score is what was seen.
type score struct {
	wanted                        int
	operations, together, unknown int
	explained, illegal, undecided int
}

var errShort = errors.New("not every history can be explained")

// prove records and checks histories, each in a market of its own.
func (s *score) prove(ctx context.Context, l *lab.Lab, seed uint64, out io.Writer) error {
	began := clock.Monotonic()
	markets, err := l.Sizes(s.wanted, 0)
	if err != nil {
		return err
	}
	for n, market := range markets {
		h, err := record(ctx, l, market, seed+uint64(n)) //nolint:gosec // a count
		if err != nil {
			return err
		}
		if s.check(h); s.explained <= n { // one is enough
			break
		}
		if (n+1)%20 == 0 {
			_, _ = fmt.Fprintf(out, "%d of %d histories, %d explained\n", n+1, s.wanted, s.explained) // progress is not what the proof is about
		}
	}
	verdict, err := "ok", error(nil)
	if !s.ok() {
		verdict, err = "short", errShort
	}
	_, _ = fmt.Fprintf(out, "linear histories=%d operations=%d clients=%d overlapping=%.2f unknown=%d linearizable=%d illegal=%d undecided=%d seconds=%d verdict=%s\n",
		s.wanted, s.operations, clients, s.overlap(), s.unknown, s.explained, s.illegal, s.undecided, int(clock.Since(began).Seconds()), verdict)
	return err
}

func (s *score) overlap() float64 { return float64(s.together) / float64(max(1, s.operations)) }

func (s *score) ok() bool {
	return s.explained == s.wanted && s.overlap() >= leastOverlap && s.operations == s.wanted*clients*each
}

// check looks for an order that explains a history.
func (s *score) check(h *history) {
	s.operations += len(h.operations)
	s.together += h.overlapping()
	s.unknown += h.unknown()
	switch porcupine.CheckOperationsTimeout(model(), h.operations, checkIn) {
	case porcupine.Ok:
		s.explained++
	case porcupine.Illegal:
		s.illegal++
	default:
		s.undecided++
	}
}
