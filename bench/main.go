// Command bench measures the exchange beside what bounds it, interleaved in one
// run: an echo with the same interceptors and single-row inserts on the same server.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/bench/naive"
	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

const (
	biddingAddr = "127.0.0.1:51153"
	echoAddr    = "127.0.0.1:51154"
	naiveAddr   = "127.0.0.1:51155"
)

func main() {
	rounds := flag.Int("rounds", 3, "how often each figure is measured")
	each := flag.Duration("each", 4*time.Second, "how long one measurement takes")
	out := flag.String("out", "bench/out/latest.json", "where the figures go")
	only := flag.String("only", "", "measure this one thing alone, and write no figures")
	profile := flag.String("cpuprofile", "", "write a CPU profile of the exchange's rounds")
	flag.Parse()
	ctx, release := run.Signals(context.Background())
	err := measure(ctx, options{*rounds, *each, *out, *only, *profile})
	release()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", run.OneLine(err))
		os.Exit(1)
	}
}

// figures are the measurements by name, in calls or rows a second.
type figures map[string][]float64

func (f figures) median(name string) float64 {
	v := slices.Sorted(slices.Values(f[name]))
	return v[len(v)/2]
}

// options are what the flags say.
type options struct {
	rounds  int
	each    time.Duration
	out     string
	only    string
	profile string
}

func measure(ctx context.Context, o options) error {
	f := figures{}
	if o.only == "" || o.only == "book" { // before anything else runs in this process
		alone, err := books(bookRounds*o.rounds, os.Stdout)
		if err != nil || o.only != "" {
			return err
		}
		f = alone
	}
	return lab.Run(ctx, lab.Options{Source: config.Source{"BIDDING_LISTEN": biddingAddr}}, func(ctx context.Context, l *lab.Lab) error {
		return served(ctx, l, o, f)
	})
}

// served adds what is measured on a marketplace to the figures, and reports them all.
func served(ctx context.Context, l *lab.Lab, o options, f figures) error {
	if o.only == "" || o.only == "reload" {
		back, err := reload(ctx, l.DatabaseURL, o.rounds, os.Stdout)
		if err != nil || o.only != "" {
			return err
		}
		maps.Copy(f, back)
	}
	side, err := compare(ctx, l, o)
	if err != nil || o.only != "" {
		return err
	}
	maps.Copy(f, side)
	return report(os.Stdout, f, facts(ctx, l.DatabaseURL), o.out)
}

// contest is one of the things that are measured side by side.
type contest struct {
	name string
	run  func(context.Context, time.Duration) (float64, error)
}

// compare runs the contests in turn, so that a slow moment of the machine hits all of them.
func compare(ctx context.Context, l *lab.Lab, o options) (figures, error) {
	contests, hot, stop, err := contestants(ctx, l)
	if err != nil {
		return nil, err
	}
	defer stop()
	if o.profile != "" {
		end, err := profileTo(o.profile)
		if err != nil {
			return nil, err
		}
		defer end()
	}
	f := figures{}
	for round := range o.rounds {
		for _, c := range contests {
			if o.only != "" && o.only != c.name {
				continue
			}
			v, err := c.run(ctx, o.each)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			f[c.name] = append(f[c.name], v)
			fmt.Printf("round %d  %-18s %10.0f /s\n", round+1, c.name, v)
		}
	}
	if o.only == "latency" {
		return f, alone(ctx, hot, l.DatabaseURL, o)
	}
	if o.only != "" {
		return f, nil
	}
	late, err := latencies(ctx, hot, l.DatabaseURL, f.median("one_market"), o, os.Stdout)
	if err != nil {
		return nil, err
	}
	maps.Copy(f, late)
	return f, profiles(ctx, contests, o)
}

// alone measures latencies after a while of the rate they are a third of.
func alone(ctx context.Context, hot *load, database string, o options) error {
	rate, err := hot.run(ctx, o.each)
	if err != nil {
		return err
	}
	fmt.Printf("%-18s %10.0f /s\n", "one_market", rate)
	_, err = latencies(ctx, hot, database, rate, o, os.Stdout)
	return err
}

// contestants prepares what is measured, and the load on one market; stop takes it down again.
func contestants(ctx context.Context, l *lab.Lab) (list []contest, hot *load, stop func(), err error) {
	if err := execute(ctx, l.DatabaseURL, `CREATE TABLE bench_insert (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, price bigint, created_at timestamptz)`); err != nil {
		return nil, nil, nil, err
	}
	markets, err := l.Sizes(1000, 0)
	if err != nil {
		return nil, nil, nil, err
	}
	exchange, err := dialAll(biddingAddr)
	if err != nil {
		return nil, nil, nil, err
	}
	mirror, err := dialAll(echoAddr)
	if err != nil {
		return nil, nil, nil, err
	}
	hot, err = newLoad(l, exchange, markets[:1])
	if err != nil {
		return nil, nil, nil, err
	}
	bare, err := newLoad(l, mirror, markets[:1])
	if err != nil {
		return nil, nil, nil, err
	}
	inner, closeInner, err := newInProcess(ctx, l.DatabaseURL)
	if err != nil {
		return nil, nil, nil, err
	}
	stopEcho, err := serveEcho(echoAddr, l.Verifier)
	if err != nil {
		closeInner()
		return nil, nil, nil, err
	}
	stopNaive, err := naive.Serve(ctx, naiveAddr, l.DatabaseURL, l.Verifier, clock.System{})
	if err != nil {
		stopEcho()
		closeInner()
		return nil, nil, nil, err
	}
	plain := &load{traders: hot.traders, markets: hot.markets}
	rowLocks, err := dialAll(naiveAddr)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, c := range rowLocks {
		plain.clients = append(plain.clients, biddingv1.NewBiddingServiceClient(c))
	}
	wide := &load{clients: hot.clients, traders: hot.traders, markets: markets}
	return []contest{
		{"echo", bare.run},
		{"one_market", hot.run},
		{"naive", plain.run},
		{"pgbench", func(ctx context.Context, d time.Duration) (float64, error) { return pgbench(ctx, l.DatabaseURL, d) }},
		{"batches", hot.batches},
		{"thousand_markets", wide.run},
		{"in_process", inner.run},
	}, hot, func() { stopNaive(); stopEcho(); closeInner() }, nil
}

// profiles runs the exchange once more, one order and then a batch a call, and writes where
// its time went and what it allocated, beside the figures.
func profiles(ctx context.Context, contests []contest, o options) error {
	dir := filepath.Dir(o.out)
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // profiles are no secret
		return err
	}
	for _, c := range contests {
		if c.name != "one_market" && c.name != "batches" {
			continue
		}
		end, err := profileTo(filepath.Join(dir, c.name+".cpu.pprof"))
		if err != nil {
			return err
		}
		_, err = c.run(ctx, o.each)
		end()
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	file, err := os.Create(filepath.Join(dir, "allocs.pprof")) //nolint:gosec // named by whoever runs it
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(file, 0), file.Close())
}

func profileTo(path string) (end func(), err error) {
	file, err := os.Create(path) //nolint:gosec // named by whoever runs it
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, err
	}
	return pprof.StopCPUProfile, nil
}

func execute(ctx context.Context, url, sql string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}
