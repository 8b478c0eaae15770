package fsck

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/segment"
)

// check is one thing that always holds. A query returns the rows that break it and
// may use @now and the outboxes; a check without one is found out by reading the
// books or the journal from end to end.
type check struct {
	id    string
	says  string
	query string
}

// catalogue is every check, in the order of the report.
var catalogue = slices.Concat(userChecks, stockChecks, activityChecks, exchangeChecks, outboxChecks, effectChecks, bookChecks, journalChecks)

// inspection is one run.
type inspection struct {
	tx      pgx.Tx
	now     time.Time
	checks  []check
	args    pgx.NamedArgs  // of the queries
	archive []segment.File // with rows of the journal
	results map[string]*Result
}

func newInspection(tx pgx.Tx, now time.Time) *inspection { return inspectionOf(tx, now, catalogue) }

// inspectionOf is a run of some checks.
func inspectionOf(tx pgx.Tx, now time.Time, checks []check) *inspection {
	i := &inspection{tx: tx, now: now, checks: checks, args: pgx.NamedArgs{"now": now}, results: make(map[string]*Result, len(checks))}
	for _, c := range checks {
		i.results[c.id] = &Result{ID: c.id, Says: c.says, Rows: []string{}}
	}
	return i
}

// found notes an offending row.
func (i *inspection) found(id, format string, args ...any) {
	r := i.results[id]
	r.Violations++
	if len(r.Rows) < shownRows {
		r.Rows = append(r.Rows, fmt.Sprintf(format, args...))
	}
}

// ask runs a check's query. Values are taken as the server writes them, so no
// content of a broken row can stop the run.
func (i *inspection) ask(ctx context.Context, c check) error {
	rows, err := i.tx.Query(ctx, c.query, pgx.QueryExecModeSimpleProtocol, i.args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		i.found(c.id, "%s", rowText(rows))
	}
	return rows.Err()
}

// rowText is a row as "column=value ...".
func rowText(rows pgx.Rows) string {
	var b strings.Builder
	values := rows.RawValues()
	for n, field := range rows.FieldDescriptions() {
		if n > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(field.Name + "=")
		if values[n] == nil {
			b.WriteString("null")
		} else {
			b.Write(values[n])
		}
	}
	return b.String()
}

func (i *inspection) report() Report {
	r := Report{Now: i.now.UTC()}
	for _, c := range i.checks {
		r.Checks = append(r.Checks, *i.results[c.id])
		r.Violations += i.results[c.id].Violations
	}
	return r
}
