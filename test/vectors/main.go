// Command vectors plays the worked scenarios of the matching rules twice, through
// the book and through gRPC, and reports every difference (MATCH-017).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

func main() {
	file := flag.String("file", "test/vectors/testdata/matching-vectors.jsonl", "scenarios, one JSON object a line; .gz too")
	flag.Parse()
	ctx, release := run.Signals(context.Background())
	n, err := check(ctx, *file, math.MaxInt, os.Stdout)
	release()
	if err != nil {
		fmt.Fprintln(os.Stderr, "vectors:", run.OneLine(err))
		os.Exit(1)
	}
	if n > 0 {
		os.Exit(1)
	}
}

// check plays every scenario of a file through the book, the first live of them
// over gRPC too, and returns how many differences there were.
func check(ctx context.Context, file string, live int, out io.Writer) (int, error) {
	all, err := read(file)
	if err != nil {
		return 0, err
	}
	live = min(live, len(all))
	inBook, err := pass(all, newBookMarket, out)
	if err != nil {
		return 0, err
	}
	overGRPC, played := 0, false
	err = withExchange(ctx, func(x *exchange) (err error) {
		overGRPC, err = pass(all[:live], x.newMarket, out)
		played = err == nil
		return err
	})
	if err != nil {
		return 0, err
	}
	if !played { // a marketplace that is told to stop stops without an error
		return 0, errors.New("interrupted before every scenario was played over gRPC")
	}
	_, _ = fmt.Fprintf(out, "vectors scenarios=%d steps=%d book_differences=%d grpc_scenarios=%d grpc_differences=%d\n",
		len(all), steps(all), inBook, live, overGRPC)
	return inBook + overGRPC, nil
}

func steps(all []vector) (n int) {
	for _, v := range all {
		n += len(v.Steps)
	}
	return n
}

// pass plays every scenario in a market of its own and prints the differences.
func pass(all []vector, open func(vector) (market, error), out io.Writer) (n int, err error) {
	for _, v := range all {
		m, err := open(v)
		if err != nil {
			return n, fmt.Errorf("%s: %w", v.Name, err)
		}
		differences, err := play(v, m)
		if err != nil {
			return n, err
		}
		for _, d := range differences {
			_, _ = fmt.Fprintln(out, d)
		}
		n += len(differences)
	}
	return n, nil
}

// withExchange starts a marketplace of its own whose clock only the scenarios move.
func withExchange(ctx context.Context, f func(*exchange) error) error {
	state, err := os.MkdirTemp("", "marketplace-vectors-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(state) }()
	if err := os.Chmod(state, 0o711); err != nil { //nolint:gosec // the database's user walks through
		return err
	}
	clk := clock.NewFake(time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC))
	src := config.Environ().With(config.Source{
		"USER_LISTEN": "127.0.0.1:0", "PRODUCT_LISTEN": "127.0.0.1:0", "BIDDING_LISTEN": "127.0.0.1:0", "LOG_LEVEL": "warn",
	})
	o := app.Options{Source: src, State: state, Log: io.Discard, Notice: os.Stderr, Clock: clk}
	return app.Run(ctx, o, func(ctx context.Context, m *app.Marketplace) error {
		if err := m.Ready(ctx); err != nil {
			return err
		}
		x, err := dial(m, clk)
		if err != nil {
			return err
		}
		defer x.close()
		return f(x)
	})
}
