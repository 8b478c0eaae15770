package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// markets is how many the clients trade in.
const markets = 36

// options say how large a drill is.
type options struct {
	binary        string
	processKills  int
	postgresKills int
	clients       int
	rate          int
	seed          uint64
	discard       bool // the folder, even when something is found
	nodes         nodeOptions
	cuts          int // of connections to the database
	fills         int // of the database's disk
	layout        layout
	course        course // what happens; nil: the kills
}

// course is what happens in a drill beside the trading.
type course func(*drill, context.Context) error

// check refuses a size that makes no drill.
func (o options) check() error {
	kills := o.processKills + o.postgresKills + o.nodes.kills
	if o.clients < 1 || o.rate < 1 || o.processKills < 0 || o.postgresKills < 0 || (kills < 1 && o.course == nil) {
		return errors.New("a drill needs clients, a rate and something to kill: each 1 or more")
	}
	return nil
}

// drill is a drill in progress.
type drill struct {
	*cluster
	options options
	load    *load
	score   score
	out     io.Writer
	rand    *rand.Rand
	ledger  *ledger // read on from check to check
	keep    bool    // the folder, because something was found in it
}

// perform does the whole drill and returns its score, which may be short.
// Errors: the drill could not be finished.
func perform(ctx context.Context, o options, out io.Writer) (s score, err error) {
	began := clock.Monotonic()
	d := &drill{options: o, out: out, rand: rand.New(rand.NewPCG(o.seed, 0))} //nolint:gosec // a dice, no secret
	d.score.wanted = o
	defer func() { s = d.total(clock.Since(began), err) }()
	if err := o.check(); err != nil {
		return s, err
	}
	if d.cluster, err = newCluster(ctx, o.binary, d.rand.IntN(ports), o.layout); err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, d.leave()) }()
	return s, d.work(ctx)
}

// leave ends what runs, and removes the folder unless it holds what was found.
func (d *drill) leave() error {
	var err error
	if d.load != nil {
		err = d.load.close()
	}
	keep := d.keep && !d.options.discard
	if d.disk != nil {
		d.disk.keep = keep
	}
	if err = errors.Join(err, d.stop()); keep {
		d.say("what was found is in %s: the logs, diaries, postgres", d.dir)
		return err
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}

func (d *drill) say(format string, args ...any) {
	_, _ = fmt.Fprintf(d.out, format+"\n", args...) // progress is not what the drill is about
}

func (d *drill) work(ctx context.Context) error {
	if err := d.ready(ctx); err != nil {
		return err
	}
	ids, err := d.markets(ctx, markets)
	if err != nil {
		return err
	}
	if d.load, err = newLoad(d.diaries(), d.exchange(), d.options, ids); err != nil {
		return err
	}
	d.ledger = newLedger(d.diaries())
	d.say("seed %d: %d clients in %d markets, %s", d.options.seed, d.options.clients, markets, d.postgres.server.Installation())
	course := d.options.course
	if course == nil {
		course = (*drill).cycles
	}
	if err := course(d, ctx); err != nil || d.keep {
		return err
	}
	d.say("everything once more, from the first line on")
	d.ledger = newLedger(d.diaries())
	err = d.check(ctx)
	d.score.complete = err == nil
	for _, reason := range slices.Sorted(maps.Keys(d.ledger.unsure)) {
		d.say("          the outcome was unknown %d times: %s", d.ledger.unsure[reason], reason)
	}
	return err
}

// total is the score of a drill that ended with err.
func (d *drill) total(took time.Duration, err error) score {
	s := d.score
	s.seconds = took
	s.complete = s.complete && err == nil
	if d.load != nil {
		s.acknowledged, s.unknown = d.load.acknowledged.Load(), d.load.unknown.Load()
	}
	return s
}

// check compares all diaries with the database and has fsck look at it.
func (d *drill) check(ctx context.Context) error {
	began := clock.Monotonic()
	if err := d.postgres.durable(ctx); err != nil {
		return err
	}
	if err := d.ledger.update(); err != nil {
		return err
	}
	found, err := compare(ctx, d.postgres.server.URL(), d.ledger)
	if err != nil {
		return err
	}
	violations, report, err := d.marketplace.fsck(ctx)
	if err != nil {
		return err
	}
	d.score.lost, d.score.phantoms, d.score.violations = found.losses, found.phantoms, violations // of all there is
	d.score.internal = d.ledger.unsure[internalError]
	d.say("          %d orders, %d matches: lost %d, phantoms %d, fsck violations %d (%s)",
		len(d.ledger.orders), len(d.ledger.matches), found.losses, found.phantoms, violations, clock.Since(began).Round(time.Millisecond))
	d.keep = !found.clean() || violations+d.score.internal > 0
	for _, f := range found.first {
		d.say("          %s", f)
	}
	if d.score.internal > 0 {
		d.say("          %d calls were answered with an internal error, which no crash excuses", d.score.internal)
	}
	if violations > 0 {
		d.say("%s", report)
	}
	return nil
}
