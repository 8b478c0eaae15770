// Command bench measures the exchange beside what bounds it, interleaved in one
// run: an echo with the same interceptors and single-row inserts on the same server.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

const (
	biddingAddr = "127.0.0.1:51153"
	echoAddr    = "127.0.0.1:51154"
)

func main() {
	rounds := flag.Int("rounds", 3, "how often each figure is measured")
	each := flag.Duration("each", 4*time.Second, "how long one measurement takes")
	out := flag.String("out", "bench/out/latest.json", "where the figures go")
	profile := flag.String("cpuprofile", "", "write a CPU profile of the exchange's rounds")
	flag.Parse()
	ctx, release := run.Signals(context.Background())
	err := measure(ctx, *rounds, *each, *out, *profile)
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

func measure(ctx context.Context, rounds int, each time.Duration, out, profile string) error {
	return lab.Run(ctx, lab.Options{Source: config.Source{"BIDDING_LISTEN": biddingAddr}}, func(ctx context.Context, l *lab.Lab) error {
		f, err := compare(ctx, l, rounds, each, profile)
		if err != nil {
			return err
		}
		return report(f, out)
	})
}

// compare runs the figures in turn, so that a slow moment of the machine hits all of them.
func compare(ctx context.Context, l *lab.Lab, rounds int, each time.Duration, profile string) (figures, error) {
	url := l.DatabaseURL
	if err := execute(ctx, url, `CREATE TABLE bench_insert (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, price bigint, created_at timestamptz)`); err != nil {
		return nil, err
	}
	markets, err := l.Sizes(1000, 0)
	if err != nil {
		return nil, err
	}
	stop, err := serveEcho(echoAddr, l.Verifier)
	if err != nil {
		return nil, err
	}
	defer stop()
	exchange, err := dialAll(biddingAddr)
	if err != nil {
		return nil, err
	}
	mirror, err := dialAll(echoAddr)
	if err != nil {
		return nil, err
	}
	hot, err := newLoad(l, exchange, markets[:1])
	if err != nil {
		return nil, err
	}
	wide := &load{clients: hot.clients, traders: hot.traders, markets: markets}
	bare, err := newLoad(l, mirror, markets[:1])
	if err != nil {
		return nil, err
	}
	if profile != "" {
		file, err := os.Create(profile) //nolint:gosec // named by whoever runs it
		if err != nil {
			return nil, err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return nil, err
		}
		defer pprof.StopCPUProfile()
	}
	f := figures{}
	for round := range rounds {
		for _, step := range []struct {
			name string
			run  func() (float64, error)
		}{
			{"echo", func() (float64, error) { return bare.run(ctx, each) }},
			{"one_market", func() (float64, error) { return hot.run(ctx, each) }},
			{"pgbench", func() (float64, error) { return pgbench(ctx, url, each) }},
			{"thousand_markets", func() (float64, error) { return wide.run(ctx, each) }},
		} {
			v, err := step.run()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", step.name, err)
			}
			f[step.name] = append(f[step.name], v)
			fmt.Printf("round %d  %-18s %10.0f /s\n", round+1, step.name, v)
		}
	}
	return f, nil
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

// report prints the ratios and writes them for programs.
func report(f figures, out string) error {
	latest := map[string]float64{
		"E1": f.median("one_market") / f.median("echo"),
		"E4": f.median("one_market") / f.median("thousand_markets"),

		"orders_per_second_one_market":       f.median("one_market"),
		"orders_per_second_thousand_markets": f.median("thousand_markets"),
		"echo_per_second":                    f.median("echo"),
		"pgbench_tps":                        f.median("pgbench"),
		"orders_per_pgbench_insert":          f.median("one_market") / f.median("pgbench"),
	}
	text, err := json.MarshalIndent(latest, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil { //nolint:gosec // figures are no secret
		return err
	}
	if err := os.WriteFile(out, append(text, '\n'), 0o644); err != nil { //nolint:gosec // figures are no secret
		return err
	}
	fmt.Printf("bench E1=%.2f E4=%.2f orders=%.0f echo=%.0f pgbench=%.0f orders_per_insert=%.2f\n",
		latest["E1"], latest["E4"], latest["orders_per_second_one_market"], latest["echo_per_second"], latest["pgbench_tps"],
		latest["orders_per_pgbench_insert"])
	return nil
}
