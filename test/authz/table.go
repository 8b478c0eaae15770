package main

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
)

//go:embed testdata/access.md
var accessTable string

// What a caller is to be answered.
const (
	allow           = "allow"
	unauthenticated = "unauthenticated"
	denied          = "denied"
	notfound        = "notfound"
)

// kinds are the callers, in the order of the table's columns. A service calls
// as each of those that rules name, and as one that none does.
var kinds = []string{"anonymous", "user", "other", "seller", "catalog", "admin", "owner", "service"}

// columns are the table's callers: kinds, with all services.
var columns = []string{"anonymous", "user", "other", "seller", "catalog", "admin", "owner", "bidding", "order", "courier"}

// row is what the table says of one way to call one method.
type row struct {
	server  string
	method  string // "user.v1.UserService/Login"
	variant string // which object or value it is asked for, when that matters
	whose   string // the object's owner; blank: the caller, or nobody
	verdict map[string]string
	why     string
}

// name says which row it is.
func (r row) name() string {
	name := r.server + " " + r.method
	if r.variant != "" {
		name += " (" + r.variant + ")"
	}
	return name
}

// call names the request that the row is about; several servers may serve it.
func (r row) call() string {
	if r.variant == "" {
		return r.method
	}
	return r.method + " (" + r.variant + ")"
}

// parseTable reads the one table of a Markdown text.
// Errors: columns or verdicts that are none, and a row that is there twice.
func parseTable(text string) ([]row, error) {
	var rows []row
	var problems []error
	head := append([]string{"server", "method", "case", "whose"}, append(slices.Clone(columns), "why")...)
	seen := map[string]bool{}
	for n, line := range strings.Split(text, "\n") {
		cells, ok := cellsOf(line)
		switch {
		case !ok:
			continue
		case cells[0] == "server":
			if !slices.Equal(cells, head) {
				return nil, fmt.Errorf("line %d: the columns must be %s", n+1, strings.Join(head, ", "))
			}
			continue
		case len(cells) != len(head):
			problems = append(problems, fmt.Errorf("line %d: %d cells instead of %d", n+1, len(cells), len(head)))
			continue
		}
		r, err := rowOf(cells)
		if err == nil && seen[r.name()] {
			err = errors.New("the row is there twice")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("line %d: %w", n+1, err))
			continue
		}
		seen[r.name()] = true
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		problems = append(problems, errors.New("there is no table"))
	}
	return rows, errors.Join(problems...)
}

// cellsOf splits a line of a table; other lines, and the one under the head, are none.
func cellsOf(line string) ([]string, bool) {
	if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|-") {
		return nil, false
	}
	cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells, true
}

func rowOf(cells []string) (row, error) {
	r := row{server: cells[0], method: cells[1], variant: cells[2], whose: cells[3], verdict: map[string]string{}, why: cells[len(cells)-1]}
	for i, column := range columns {
		v := cells[4+i]
		if !slices.Contains([]string{allow, unauthenticated, denied, notfound}, v) {
			return r, fmt.Errorf("%s: %q is no verdict", column, v)
		}
		r.verdict[column] = v
	}
	if r.why == "" {
		return r, errors.New("it does not say why")
	}
	return r, nil
}
