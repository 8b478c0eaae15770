package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// options say what is tried, and how often.
type options struct {
	binary string
	rounds int
	only   string // the one part; blank: all
}

// proof is one in progress.
type proof struct {
	*world
	shop    *shop
	options options
	score   score
	out     io.Writer
}

// perform does the proof and returns its score, which may be short.
// Errors: the proof could not be finished.
func perform(ctx context.Context, o options, out io.Writer) (s score, err error) {
	began := clock.Monotonic()
	p := &proof{options: o, out: out}
	defer func() {
		s = p.score
		s.complete, s.seconds = err == nil, clock.Since(began)
	}()
	rows, err := parseTable(accessTable)
	if err != nil {
		return s, fmt.Errorf("testdata/access.md: %w", err)
	}
	if p.shop, err = open(ctx, o.binary); err != nil {
		return s, err
	}
	defer func() {
		if err != nil && ctx.Err() == nil {
			p.say("%s", p.shop.logs())
		}
		err = errors.Join(err, p.shop.close())
	}()
	if p.world, err = enter(ctx, p.shop.conns(), p.shop.keys); err != nil {
		return s, err
	}
	p.say("three services run, each a process of its own (%s)", clock.Since(began).Round(time.Millisecond))
	return s, p.work(ctx, rows)
}

func (p *proof) work(ctx context.Context, rows []row) error {
	for _, part := range p.parts(rows) {
		if p.options.only != "" && p.options.only != part.name {
			continue
		}
		p.say("%s", part.name)
		began := clock.Monotonic()
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		p.say("    %s", clock.Since(began).Round(time.Millisecond))
	}
	return nil
}

// part is one that can be done alone.
type part struct {
	name string
	run  func(context.Context) error
}

// The names of the parts.
const (
	theMatrix  = "every method, as every caller"
	theTokens  = "tokens that must not count"
	theEndings = "sessions that end, roles taken and given"
	theStreams = "streams whose caller may no longer call"
	theBans    = "bans"
	theOutages = "the user service asleep, then killed"
)

// parts of the proof; what stops the user service comes last.
func (p *proof) parts(rows []row) []part {
	return []part{
		{theMatrix, func(ctx context.Context) error { return p.matrix(ctx, rows) }},
		{theTokens, p.tokens},
		{theEndings, p.measuring(p.endings)},
		{theStreams, p.measuring(p.streams)},
		{theBans, p.measuring(p.bans)},
		{theOutages, p.measuring(p.outages)},
	}
}

func (p *proof) say(format string, args ...any) {
	_, _ = fmt.Fprintf(p.out, format+"\n", args...) // progress is not what the proof is about
}

// report prints findings and returns how many there are.
func (p *proof) report(found []finding) int {
	for _, f := range found {
		p.say("    %s", f)
	}
	return len(found)
}

func (p *proof) matrix(ctx context.Context, rows []row) error {
	m, err := p.try(ctx, rows)
	p.score.methods, p.score.cells = m.methods, m.cells
	p.score.unlisted += p.report(m.unlisted)
	p.score.unexpected += p.report(m.found)
	p.say("    %d methods served, %d rows, %d cells: %d unexpected, %d unlisted", m.methods, len(rows), m.cells, len(m.found), len(m.unlisted))
	return err
}
