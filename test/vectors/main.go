// Command vectors plays the worked scenarios of the matching rules twice, through
// the book and through gRPC, and reports every difference (MATCH-017).
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/sneakers-marketplace/marketplace/bench/naive"
	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
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
	var overGRPC, naively int
	clk := clock.NewFake(time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)) // only the scenarios move it
	err = lab.Run(ctx, lab.Options{Clock: clk}, func(ctx context.Context, l *lab.Lab) (err error) {
		if overGRPC, err = pass(all[:live], (&exchange{l, clk}).newMarket, out); err != nil {
			return err
		}
		naively, err = passNaive(ctx, all[:live], l, clk, out)
		return err
	})
	if err != nil {
		return 0, err
	}
	_, _ = fmt.Fprintf(out, "vectors scenarios=%d steps=%d book_differences=%d grpc_scenarios=%d grpc_differences=%d naive_differences=%d\n",
		len(all), steps(all), inBook, live, overGRPC, naively)
	return inBook + overGRPC + naively, nil
}

// passNaive plays the scenarios on the exchange that benchmarks compare with.
func passNaive(ctx context.Context, all []vector, l *lab.Lab, clk *clock.Fake, out io.Writer) (int, error) {
	stop, err := naive.Serve(ctx, naiveAddr, l.DatabaseURL, l.Verifier, clk)
	if err != nil {
		return 0, err
	}
	defer stop()
	conn, err := (*rpc.Network)(nil).Dial("naive", naiveAddr)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }() // nothing is under way
	x := *l
	x.Bidding = biddingv1.NewBiddingServiceClient(conn)
	return pass(all, (&exchange{&x, clk}).newMarket, out)
}

// naiveAddr is where the naive exchange listens while it is played on.
const naiveAddr = "127.0.0.1:51155"

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
