package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// goal is a figure with what it is to reach.
type goal struct {
	key     string
	figure  float64
	goal    float64
	atLeast bool // else at most
	says    string
}

func (g goal) reached() bool { return g.atLeast == (g.figure >= g.goal) || g.figure == g.goal }

// goals are the figures in the order in which they are printed.
func goals(f figures) []goal {
	ratio := func(a, b string) float64 { return f.median(a) / f.median(b) }
	return []goal{
		{"E1", ratio("one_market", "echo"), 0.5, true, "orders in one market / echoes"},
		{"E2", ratio("batches", "pgbench"), 3.5, true, "orders in batches / single-row inserts"},
		{"E3", ratio("in_process", "pgbench"), 3, true, "orders in process / single-row inserts"},
		{"E4", ratio("one_market", "thousand_markets"), 0.8, true, "orders in one market / in 1,000"},
		{"E5_a", f.median("E5_a"), 15, false, "median of an order at a third of the rate / of a bare commit"},
		{"E5_b", f.median("E5_b"), 40, false, "the same of the 99th percentile"},
		{"E6", ratio("one_market", "naive"), 25, true, "orders in one market / with row locks, a transaction each"},
		{"E7_add", f.median("E7_add"), 180, false, "ns a command of the book: orders"},
		{"E7_busy", f.median("E7_busy"), 140, false, "with 30 % cancels"},
		{"E7_deep", f.median("E7_deep"), 160, false, "400 levels, 80,000 open orders"},
		{"E8_a", f.median("E8_a"), 300_000, true, "open orders a second taken into memory again"},
	}
}

// elsewhere is what is shown under faults or for a long time, by commands of its own.
const elsewhere = "E8_b     make soak: orders a second at the end / at the start, on tables of millions of rows\n" +
	"E9       make crash, make failover, make drills, make linear: acknowledged but lost, doubled, crossed, out of turn, stale: none"

// report prints the figures beside their goals and writes them, with where they were
// taken, for programs: to out, and to a file beside it that has the time in its name.
// Errors: figures that fall short of their goal, after everything was written.
func report(w io.Writer, f figures, facts map[string]any, out string) error {
	latest := maps.Clone(facts)
	line, short := "bench", 0
	for _, g := range goals(f) {
		verdict := "reached"
		if !g.reached() {
			verdict = "short"
			short++
		}
		bound := "at most"
		if g.atLeast {
			bound = "at least"
		}
		_, _ = fmt.Fprintf(w, "%-8s %10.2f  %-8s %9.6g  %-8s %s\n", g.key, g.figure, bound, g.goal, verdict, g.says)
		line += fmt.Sprintf(" %s=%.2f", g.key, g.figure)
		latest[g.key] = g.figure
	}
	_, _ = fmt.Fprintln(w, elsewhere)
	for key, name := range map[string]string{
		"orders_per_second_one_market": "one_market", "orders_per_second_thousand_markets": "thousand_markets", "echo_per_second": "echo",
		"orders_per_second_batches": "batches", "orders_per_second_in_process": "in_process", "pgbench_tps": "pgbench", "orders_per_second_naive": "naive",
	} {
		latest[key] = f.median(name)
	}
	latest["orders_per_pgbench_insert"] = f.median("one_market") / f.median("pgbench")
	_, _ = fmt.Fprintf(w, "%s orders=%.0f echo=%.0f pgbench=%.0f batches=%.0f in_process=%.0f naive=%.0f\n", line,
		f.median("one_market"), f.median("echo"), f.median("pgbench"), f.median("batches"), f.median("in_process"), f.median("naive"))
	if err := save(latest, out); err != nil {
		return err
	}
	if short > 0 {
		return fmt.Errorf("%d figures fall short of their goal", short)
	}
	return nil
}

func save(latest map[string]any, out string) error {
	now := clock.System{}.Now().UTC()
	latest["taken_at"] = now.Format(time.RFC3339)
	text, err := json.MarshalIndent(latest, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil { //nolint:gosec // figures are no secret
		return err
	}
	for _, path := range []string{out, filepath.Join(filepath.Dir(out), now.Format("20060102T150405Z")+".json")} {
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil { //nolint:gosec // figures are no secret
			return err
		}
	}
	return nil
}
