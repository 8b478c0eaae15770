// Package fsck reads a marketplace's database as a stranger would and reports
// whatever cannot be: books that cross, quantities that do not add up, stock
// without a trail, a journal that was changed or that tells another story than
// the tables, changes that nobody was told of or that had no effect. It shares no code with the services that write, so that a mistake
// of theirs is not repeated here.
package fsck

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// Options of a run.
type Options struct {
	Now     time.Time // what counts as the present; zero: the clock's
	Archive string    // folder with the rows of the journal that are not in the database any more; blank: none
}

// Report is what a run found.
type Report struct {
	Now        time.Time   `json:"now"`
	Checks     []Result    `json:"checks"`
	Violations int64       `json:"violations"` // offending rows, over all checks
	Seconds    json.Number `json:"seconds"`
}

// Result is what one check found.
type Result struct {
	ID         string   `json:"id"`
	Says       string   `json:"says"`       // what always holds
	Violations int64    `json:"violations"` // offending rows
	Rows       []string `json:"rows"`       // the first of them
}

// shownRows is how many offending rows of a check are kept.
const shownRows = 5

// Run carries every check out on the database at url, in one read-only snapshot,
// so that a marketplace may go on trading meanwhile.
// Errors: a check that cannot be carried out; what the checks find is no error.
func Run(ctx context.Context, url string, o Options) (Report, error) {
	start := clock.Monotonic()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return Report{}, fmt.Errorf("fsck: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	tx, err := snapshot(ctx, conn)
	if err != nil {
		return Report{}, fmt.Errorf("fsck: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it only read
	report, err := inspect(ctx, tx, o)
	report.Seconds = seconds(clock.Since(start))
	return report, err
}

// The tables follow the journal. A snapshot in which they show all of it is looked for
// a little while; in any other, what compares them with what comes after is left out.
const (
	snapshotTries = 100
	snapshotEvery = 50 * time.Millisecond
)

// lagging are the shards whose tables do not show all of their journal.
const lagging = `(SELECT s.shard FROM bidding_shards s JOIN bidding_projection p USING (shard) WHERE p.seq < s.seq)`

// snapshot begins a transaction that sees one moment.
func snapshot(ctx context.Context, conn *pgx.Conn) (pgx.Tx, error) {
	for try := 1; ; try++ {
		tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return nil, err
		}
		var wait bool // an owner is at it
		err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM bidding_shards WHERE shard IN `+lagging+` AND expires_at > clock_timestamp())`).Scan(&wait)
		if err == nil && (!wait || try == snapshotTries) {
			return tx, nil
		}
		_ = tx.Rollback(context.WithoutCancel(ctx)) // it only read
		if err != nil {
			return nil, err
		}
		select {
		case <-time.After(snapshotEvery):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// inspect carries every check out inside a transaction.
func inspect(ctx context.Context, tx pgx.Tx, o Options) (Report, error) {
	if o.Now.IsZero() {
		o.Now = clock.System{}.Now()
	}
	// Large sorts stay in memory; compiling queries that run once does not pay.
	if _, err := tx.Exec(ctx, `SET LOCAL work_mem = '64MB'; SET LOCAL jit = off; SET LOCAL timezone = 'UTC'`); err != nil {
		return Report{}, fmt.Errorf("fsck: %w", err)
	}
	i := newInspection(tx, o.Now)
	if err := i.openArchive(o.Archive); err != nil {
		return Report{}, fmt.Errorf("fsck: %w", err)
	}
	if err := i.outboxes(ctx); err != nil {
		return Report{}, fmt.Errorf("fsck: read the outboxes: %w", err)
	}
	for _, c := range catalogue {
		if c.query == "" {
			continue
		}
		if err := i.ask(ctx, c); err != nil {
			return Report{}, fmt.Errorf("fsck: %s: %w", c.id, err)
		}
	}
	if err := i.books(ctx); err != nil {
		return Report{}, fmt.Errorf("fsck: replay the books: %w", err)
	}
	if err := i.journal(ctx); err != nil {
		return Report{}, fmt.Errorf("fsck: read the journal: %w", err)
	}
	return i.report(), nil
}

// Clean reports whether nothing was found.
func (r Report) Clean() bool { return r.Violations == 0 }

// String is the line that programs read.
func (r Report) String() string {
	return fmt.Sprintf("fsck checks=%d violations=%d seconds=%s", len(r.Checks), r.Violations, r.Seconds)
}

// Print writes a line for each check, the first offending rows below it, and String last.
func (r Report) Print(w io.Writer) error {
	if err := r.printChecks(w); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, r)
	return err
}

func (r Report) printChecks(w io.Writer) error {
	for _, c := range r.Checks {
		verdict := "ok  "
		if c.Violations > 0 {
			verdict = "FAIL"
		}
		if _, err := fmt.Fprintf(w, "%s %s %s\n", verdict, c.ID, c.Says); err != nil {
			return err
		}
		if err := c.printRows(w); err != nil {
			return err
		}
	}
	return nil
}

func (r Result) printRows(w io.Writer) error {
	for _, row := range r.Rows {
		if _, err := fmt.Fprintf(w, "         %s\n", row); err != nil {
			return err
		}
	}
	if more := r.Violations - int64(len(r.Rows)); more > 0 {
		if _, err := fmt.Fprintf(w, "         and %d more\n", more); err != nil {
			return err
		}
	}
	return nil
}

// PrintJSON writes the report as one JSON document.
func (r Report) PrintJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// seconds is a duration with two decimals.
func seconds(d time.Duration) json.Number {
	hundredths := d.Round(10*time.Millisecond).Milliseconds() / 10
	return json.Number(fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100))
}
