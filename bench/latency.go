package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// samples are how long single things took.
type samples []time.Duration

// at returns the value that a share of the samples does not exceed.
func (s samples) at(share float64) float64 {
	if len(s) == 0 {
		return 0
	}
	slices.Sort(s)
	return s[min(len(s)-1, int(share*float64(len(s))))].Seconds()
}

// latencies measures how long an order takes at a third of the rate that was reached
// without a pause, beside a transaction of one row: each round a while of one, then of
// the other. An order's time begins when it is due, so one that has to wait for others
// does not go unnoticed.
func latencies(ctx context.Context, l *load, database string, rate float64, o options, out io.Writer) (figures, error) {
	var orders, commits samples
	for range o.rounds {
		bare, err := bareCommits(ctx, database, o.each)
		if err != nil {
			return nil, err
		}
		paced, err := l.paced(ctx, rate/3, o.each)
		if err != nil {
			return nil, err
		}
		commits, orders = append(commits, bare...), append(orders, paced...)
	}
	for _, x := range []struct {
		name string
		samples
	}{{"bare commit", commits}, {"order", orders}} {
		_, _ = fmt.Fprintf(out, "%-18s %10d samples, median %.2f ms, 99 %% within %.2f ms\n", x.name, len(x.samples), 1000*x.at(.5), 1000*x.at(.99))
	}
	return figures{"E5_a": {orders.at(.5) / commits.at(.5)}, "E5_b": {orders.at(.99) / commits.at(.99)}}, nil
}

// bareCommits inserts one row after the other over one connection.
func bareCommits(ctx context.Context, database string, d time.Duration) (samples, error) {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // each row is committed
	var out samples
	for begin := clock.Monotonic(); clock.Since(begin) < d; {
		start := clock.Monotonic()
		if _, err := conn.Exec(ctx, `INSERT INTO bench_insert (price, created_at) VALUES ($1, now())`, middle); err != nil {
			return nil, err
		}
		out = append(out, clock.Since(start))
	}
	return out, nil
}

// paced places orders at a steady rate, whether earlier ones were answered or not.
func (l *load) paced(ctx context.Context, rate float64, d time.Duration) (samples, error) {
	every := time.Duration(float64(time.Second) / rate)
	n := int(d / every)
	out, errs := make(samples, n), make([]error, n)
	begin := clock.Monotonic()
	var under sync.WaitGroup
	for i := range n {
		due := begin.Add(time.Duration(i) * every)
		if wait := -clock.Since(due); wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		under.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 2)) //nolint:gosec // a load, no secret
			errs[i] = l.place(l.traders[i%callers], l.clients[i%len(l.clients)], r)
			out[i] = clock.Since(due)
		})
	}
	under.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
