package main

import (
	"sync"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// pulse notes when each shard of the exchange acknowledged something.
type pulse struct {
	began time.Time

	mu     sync.Mutex
	shards map[int64]*beat
	late   int           // answers to calls that were on their way for longer than patience
	after  time.Duration // what is late; 0: nothing
}

// beat is what is known of one shard.
type beat struct {
	first time.Time // acknowledgement of something that was asked for after the beginning
	last  time.Time
	gap   time.Duration // the longest without an acknowledgement
}

// shardOf is the shard that numbered an order.
func shardOf(order int64) int64 { return order % 256 }

// feel begins to take the pulse anew; calls that are on their way for longer than late are counted.
func (l *load) feel(late time.Duration) *pulse {
	p := &pulse{began: clock.Monotonic(), shards: make(map[int64]*beat), after: late}
	l.pulse.Store(p)
	return p
}

// answered notes an answer to what was asked at sent.
func (p *pulse) answered(t *answer, sent time.Time) {
	now := clock.Monotonic()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.after > 0 && now.Sub(sent) > p.after && t.Reason != "DeadlineExceeded" {
		p.late++
	}
	if t.Outcome != acknowledged {
		return
	}
	b := p.shards[shardOf(t.Order)]
	if b == nil {
		b = &beat{last: p.began}
		p.shards[shardOf(t.Order)] = b
	}
	if b.first.IsZero() && sent.After(p.began) {
		b.first = now
	}
	b.gap, b.last = max(b.gap, now.Sub(b.last)), now
}

// all returns how long it took until every shard had acknowledged something that was asked
// for after the beginning; false while they have not.
func (p *pulse) all() (took time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	heard := 0
	for _, b := range p.shards {
		if !b.first.IsZero() {
			heard++
			took = max(took, b.first.Sub(p.began))
		}
	}
	return took, heard >= shards
}

// longest is the longest time that any shard acknowledged nothing.
func (p *pulse) longest() (gap time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.shards {
		gap = max(gap, b.gap)
	}
	return gap
}

// overslept counts the late answers.
func (p *pulse) overslept() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.late
}
