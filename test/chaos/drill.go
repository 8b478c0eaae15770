package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// What is killed.
const (
	theMarketplace = "the marketplace"
	thePostmaster  = "the postmaster"    // its children find out by themselves
	allOfPostgres  = "all of PostgreSQL" // at once
)

const (
	markets     = 36
	leastAcks   = 100 // between two kills; fewer, and the kill does not count
	leastRate   = 500 // acknowledgements a second until the kill
	soonest     = time.Second
	window      = 3 * time.Second // the kill comes within it, after soonest
	mostRepeats = 5               // of kills that do not count, beside one for every two kills
)

// options say how large a drill is.
type options struct {
	binary        string
	processKills  int
	postgresKills int
	clients       int
	rate          int
	seed          uint64
	discard       bool // the folder, even when something is found
}

// check refuses a size that makes no drill.
func (o options) check() error {
	if o.clients < 1 || o.rate < 1 || o.processKills < 0 || o.postgresKills < 0 || o.processKills+o.postgresKills < 1 {
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
	if d.cluster, err = newCluster(ctx, o.binary, d.rand.IntN(ports)); err != nil {
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
	err = errors.Join(err, d.stop())
	if d.keep && !d.options.discard {
		d.say("what was found is in %s: marketplace.log, diaries, postgres", d.dir)
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
	if d.load, err = newLoad(d.diaries(), d.at.bidding, d.options, ids); err != nil {
		return err
	}
	d.ledger = newLedger(d.diaries())
	d.say("seed %d: %d clients in %d markets, %s", d.options.seed, d.options.clients, markets, d.postgres.server.Installation())
	if err := d.cycles(ctx); err != nil || d.keep {
		return err
	}
	d.say("everything once more, from the first line on")
	d.ledger = newLedger(d.diaries())
	err = d.check(ctx)
	d.score.complete = err == nil
	return err
}

// total is the score of a drill that ended with err.
func (d *drill) total(took time.Duration, err error) score {
	s := d.score
	s.seconds = took
	s.complete = s.complete && err == nil
	if d.load != nil {
		s.acknowledged, s.unknown, s.internal = d.load.acknowledged.Load(), d.load.unknown.Load(), d.load.internal.Load()
	}
	return s
}

// victims are the kills to come, in the order of the dice.
func (d *drill) victims() []string {
	var out []string
	for range d.options.processKills {
		out = append(out, theMarketplace)
	}
	for i := range d.options.postgresKills {
		out = append(out, []string{allOfPostgres, thePostmaster}[i%2])
	}
	d.rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// cycles kills and checks until every kill has counted, something was found, or too
// many kills did not count.
func (d *drill) cycles(ctx context.Context) error {
	victims := d.victims()
	repeats := mostRepeats + len(victims)/2
	for i := 0; i < len(victims); {
		c, err := d.cycle(ctx, victims[i])
		if err != nil {
			return err
		}
		d.say("%s", c.line(i+1, len(victims)))
		if c.counts() {
			d.score.cycles = append(d.score.cycles, c)
			i++
		}
		if err := d.check(ctx); err != nil || d.keep {
			return err
		}
		if c.counts() {
			continue
		}
		if repeats--; repeats < 0 {
			d.say("too many kills did not count: this machine is too slow or too busy")
			return nil
		}
	}
	return nil
}

// cycle lets the clients trade, kills something at a random moment and returns when
// the clients trade again and know what became of everything they had asked for.
func (d *drill) cycle(ctx context.Context, victim string) (cycle, error) {
	c := cycle{victim: victim}
	before := d.load.unknown.Load()
	s, err := d.load.begin(ctx, d.issuer)
	if err != nil {
		return c, err
	}
	defer s.cut()
	wait := soonest + time.Duration(d.rand.Int64N(int64(window)))
	select {
	case <-ctx.Done():
		return c, errors.Join(ctx.Err(), s.end())
	case <-d.marketplace.gone:
		return c, d.died(s)
	case <-clock.System{}.After(wait):
	}
	c.acknowledged, c.took = d.load.acknowledged.Load()-s.before, clock.Since(s.began)
	killed := clock.Monotonic()
	if err := d.kill(ctx, victim); err != nil {
		return c, errors.Join(err, s.end())
	}
	if c.recovery, err = d.recovery(ctx, killed); err != nil {
		d.keep = true
		s.cut()
		return c, errors.Join(err, ignoreCancel(s.end()))
	}
	err = s.end()
	c.unknown = d.load.unknown.Load() - before
	if errors.Is(err, errHangs) {
		d.keep = true
	}
	return c, err
}

// died is for a marketplace that ended although nobody killed it.
func (d *drill) died(s *shift) error {
	d.keep = true
	s.cut()
	return errors.Join(errors.New("the marketplace ended by itself; its log says why"), ignoreCancel(s.end()))
}

// ignoreCancel leaves out the error of clients that were sent away.
func ignoreCancel(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// kill kills and, where nobody else does, starts again.
func (d *drill) kill(ctx context.Context, victim string) error {
	if victim != theMarketplace {
		return d.postgres.kill(ctx, victim == allOfPostgres)
	}
	if err := d.marketplace.kill(); err != nil {
		return err
	}
	return d.marketplace.start(ctx)
}

// recovery waits for the first acknowledgement of something that was asked for when
// what was killed was gone, and returns how long after the kill it came.
func (d *drill) recovery(ctx context.Context, killed time.Time) (time.Duration, error) {
	select {
	case first := <-d.load.firstAfter(clock.Monotonic()):
		return first.Sub(killed), nil
	case <-d.marketplace.gone:
		return 0, errors.New("the marketplace ended by itself; its log says why")
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-clock.System{}.After(patience):
		return 0, fmt.Errorf("nothing was acknowledged for %s after the kill", patience)
	}
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
	d.say("          %d orders, %d matches: lost %d, phantoms %d, fsck violations %d (%s)",
		len(d.ledger.orders), len(d.ledger.matches), found.losses, found.phantoms, violations, clock.Since(began).Round(time.Millisecond))
	if found.clean() && violations == 0 {
		return nil
	}
	d.keep = true
	for _, f := range found.first {
		d.say("          %s", f)
	}
	if violations > 0 {
		d.say("%s", report)
		return os.WriteFile(filepath.Join(d.dir, "fsck.txt"), []byte(report), 0o600)
	}
	return nil
}
