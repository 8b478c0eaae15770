package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// atOnce is how many rows are tried at a time.
const atOnce = 6

// answerIn is how long a cell may take, with what has to be made for it.
const answerIn = 30 * time.Second

// matrix is the result of trying every cell.
type matrix struct {
	methods  int // served, counted once for each server
	cells    int
	found    []finding // cells that were answered otherwise
	unlisted []finding
}

// try compares the table with what is served, and then has every caller call every method.
func (w *world) try(ctx context.Context, rows []row) (matrix, error) {
	var m matrix
	served := map[string][]string{}
	for _, name := range servers {
		methods, err := w.served(ctx, name)
		if err != nil {
			return m, err
		}
		served[name] = methods
		m.methods += len(methods)
	}
	all := calls()
	m.unlisted = unlisted(rows, served, all)
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, r := range rows {
		call := all[r.call()]
		if call == nil {
			continue // it is in unlisted
		}
		g.Go(func() error {
			got := w.row(ctx, r, call)
			mu.Lock()
			defer mu.Unlock()
			m.cells += len(got)
			m.found = append(m.found, judge(r, got)...)
			return ctx.Err()
		})
	}
	return m, g.Wait()
}

func (w *world) served(ctx context.Context, server string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	methods, err := served(ctx, w.conns[server])
	if err != nil {
		return nil, fmt.Errorf("server %s: %w", server, err)
	}
	return methods, nil
}

// row has every caller call a method.
func (w *world) row(ctx context.Context, r row, call ask) map[string]error {
	got := map[string]error{}
	for _, column := range columns {
		a := &asking{w, w.people[column], w.people[column], w.conns[r.server]}
		if r.whose != "" {
			a.owner = w.people[r.whose]
		}
		got[column] = w.cell(ctx, a, call)
	}
	return got
}

func (w *world) cell(ctx context.Context, a *asking, call ask) error {
	if a.owner == nil {
		return errUnprepared{fmt.Errorf("there is no such owner")}
	}
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	return call(ctx, a)
}
