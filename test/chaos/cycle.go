package main

import (
	"context"
	"errors"
	"fmt"
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
	leastAcks   = 100 // between two kills; fewer, and the kill does not count
	leastRate   = 500 // acknowledgements a second until the kill
	soonest     = time.Second
	window      = 3 * time.Second // the kill comes within it, after soonest
	mostRepeats = 5               // of kills that do not count, beside one for every two kills
)

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
		d.keep = ctx.Err() == nil
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

var errEnded = errors.New("the marketplace ended by itself; its log says why")

// died is for a marketplace that ended although nobody killed it.
func (d *drill) died(s *shift) error {
	d.keep = true
	s.cut()
	return errors.Join(errEnded, ignoreCancel(s.end()))
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
		return 0, errEnded
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-clock.System{}.After(patience):
		return 0, fmt.Errorf("nothing was acknowledged for %s after the kill", patience)
	}
}
