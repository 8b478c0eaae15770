package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

const calm = 400 * time.Millisecond // at most, between two cuts

// cutOff is the course in which the exchange loses its connections to the database, most of
// them in the middle of a commit, while everybody trades on.
func (d *drill) cutOff(ctx context.Context) error {
	s, err := d.load.begin(ctx, d.issuer)
	if err != nil {
		return err
	}
	defer s.cut()
	err = pause(ctx, steady)
	for n := 0; n < d.options.cuts && err == nil; n++ {
		err = d.cutOnce(ctx, n)
	}
	if err != nil {
		d.keep = ctx.Err() == nil
		s.cut()
		return errors.Join(err, ignoreCancel(s.end()))
	}
	if err := s.end(); err != nil {
		d.keep = errors.Is(err, errHangs)
		return err
	}
	if err := d.check(ctx); err != nil || d.keep {
		return err
	}
	return d.askAgain(ctx)
}

// cutOnce cuts in one of the ways, each in its turn and in the end the one nobody hears of,
// and waits until every shard acknowledges what was asked for afterwards.
func (d *drill) cutOnce(ctx context.Context, n int) error {
	if err := pause(ctx, time.Duration(d.rand.Int64N(int64(calm)))); err != nil {
		return err
	}
	how, unsure := cuts[n%len(cuts)], d.load.unknown.Load()
	if n == d.options.cuts-1 {
		how = stuck
	}
	if err := d.wire.cut(ctx, how); err != nil {
		return err
	}
	took, err := d.recovered(ctx, d.load.feel(0))
	if err != nil {
		return err
	}
	if d.score.cuts++; how == stuck {
		d.score.hung = took
	} else {
		d.score.resumed = max(d.score.resumed, took)
	}
	d.say("%3d of %d  cut %s; recovered in %d ms, %d outcomes unknown until then",
		n+1, d.options.cuts, how, took.Milliseconds(), d.load.unknown.Load()-unsure)
	return nil
}

// askAgain repeats everything whose outcome was unknown for a while, under the same
// client_order_id, and compares what is said now with what was said then (MATCH-011).
func (d *drill) askAgain(ctx context.Context) error {
	for _, c := range d.load.clients {
		for _, e := range d.ledger.doubted(c.account) {
			t := d.load.send(ctx, c, e.attempt)
			if d.score.repeats++; !same(&t, e.told) {
				d.score.lost++
				d.keep = true
				d.say("          lost: %s was told %+v and, when it asked again, %+v", e, *e.told, t)
			}
		}
	}
	d.say("          %d orders whose outcome had been unknown were asked for again", d.score.repeats)
	return ctx.Err()
}

// same reports whether two answers are about the same order and tell the same of it.
func same(a, b *answer) bool {
	return a.Outcome == b.Outcome && a.Reason == b.Reason && a.Order == b.Order && a.Market == b.Market && a.Price == b.Price &&
		a.Kept == b.Kept && slices.Equal(a.Matches, b.Matches)
}

// doubted lists what an account has entered and was not told of at once; cancellations have
// no client_order_id.
func (l *ledger) doubted(account id.UUID) []*entry {
	var out []*entry
	for k, e := range l.entries {
		if k.account == account && e.doubts > 0 && e.told != nil && e.Op == place {
			out = append(out, e)
		}
	}
	return out
}
