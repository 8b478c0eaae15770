package dropcopy

import (
	"context"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
)

const heartbeat = 5 * time.Second

// Step is what somebody who watches his own orders is told at once: everything that is
// open at first, unless he goes on from where he was, then what changed. One without
// changes says that nothing did.
type Step struct {
	Snapshot bool
	Open     []model.LimitOrder // of a snapshot
	Updates  []Update           // those of one market in their order
	At       Position           // where to go on from
}

// Exchange says when the tables show what was committed.
type Exchange interface {
	Settled(ctx context.Context) error
}

// Watch tells an account what becomes of its orders until send fails or ctx ends. With a
// position it goes on from there; without one, or when that is too far back, it begins
// with a snapshot. Errors: ErrTooSlow; model.ErrUnavailable; of send; ctx's own.
func (f *Feed) Watch(ctx context.Context, x Exchange, account model.AccountID, from Position, send func(*Step) error) error {
	l, heads, err := f.listen(ctx, account)
	if err != nil {
		return err
	}
	defer f.leave(account, l)
	first := f.missed(ctx, account, from, l.from, heads)
	if first == nil {
		if first, err = f.snapshot(ctx, x, account); err != nil {
			return err
		}
	}
	f.knows(l, first.At)
	if err := send(first); err != nil {
		return err
	}
	return f.follow(ctx, l, send)
}

// missed is what happened between a position and another, nil when that cannot be told:
// it is too much, is not in the journals any more, or never happened.
func (f *Feed) missed(ctx context.Context, account model.AccountID, from, to, heads Position) *Step {
	step := &Step{At: make(Position, len(heads))}
	for shard, head := range heads {
		seq, known := from[shard]
		if !known || seq > head || seq < 0 || to[shard]-seq > mostMissed {
			return nil
		}
		step.At[shard] = max(seq, to[shard])
		err := f.read(ctx, shard, seq, to[shard], func(_ uint8, seq int64, told map[model.AccountID][]Update) {
			if seq <= to[shard] {
				step.Updates = append(step.Updates, told[account]...)
			}
		})
		if err != nil || len(step.Updates) > mostWaiting {
			return nil
		}
	}
	return step
}

func (f *Feed) snapshot(ctx context.Context, x Exchange, account model.AccountID) (*Step, error) {
	if err := x.Settled(ctx); err != nil {
		return nil, err
	}
	open, at, err := f.store.OpenOrders(ctx, account)
	return &Step{Snapshot: true, Open: open, At: at}, err
}

// follow tells what happens.
func (f *Feed) follow(ctx context.Context, l *listener, send func(*Step) error) error {
	for {
		silence := time.NewTimer(heartbeat)
		select {
		case <-l.told:
		case <-silence.C:
		case <-ctx.Done():
			silence.Stop()
			return ctx.Err()
		}
		silence.Stop()
		updates, at, err := f.next(l)
		if err != nil {
			return err
		}
		if err := send(&Step{Updates: updates, At: at}); err != nil {
			return err
		}
	}
}
