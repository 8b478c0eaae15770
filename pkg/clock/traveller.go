package clock

import (
	"sync"
	"time"
)

// Traveller is a clock that begins in the past, is led towards the present by
// its owner, and once it has arrived runs with the machine's. It never runs
// backwards. A marketplace that is handed one lives through months in seconds,
// by its own rules and in order. Safe for concurrent use.
type Traveller struct {
	mu      sync.Mutex
	now     time.Time // while it travels; afterwards the earliest it may say
	arrived bool
	waiters []waiter
}

// NewTraveller returns a clock that stands at start until it is moved.
func NewTraveller(start time.Time) *Traveller {
	return &Traveller{now: start.UTC().Truncate(time.Microsecond)}
}

// Now implements Clock.
func (t *Traveller) Now() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.read()
}

func (t *Traveller) read() time.Time {
	if t.arrived {
		t.now = latest(t.now, System{}.Now()) // also should the machine's be set back
	}
	return t.now
}

// After implements Clock; the channel receives when the clock is moved past the
// moment, or comes to it by itself after Arrive.
func (t *Traveller) After(d time.Duration) <-chan time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := waiter{t.read().Add(d), make(chan time.Time, 1)}
	t.wait(w)
	return w.ch
}

// wait wakes w when its time comes.
func (t *Traveller) wait(w waiter) {
	switch now := t.read(); {
	case !w.at.After(now):
		w.ch <- now
	case t.arrived:
		time.AfterFunc(w.at.Sub(now), func() { w.ch <- t.Now() })
	default:
		t.waiters = append(t.waiters, w)
	}
}

// To moves the clock to an instant and wakes who waited for it. A clock that is
// past it already, or has arrived, stays as it is.
func (t *Traveller) To(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.to(at)
}

// Advance moves the clock by d and wakes who waited for it; it has no effect
// once the clock has arrived.
func (t *Traveller) Advance(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.to(t.now.Add(d))
}

func (t *Traveller) to(at time.Time) {
	if at = at.UTC().Truncate(time.Microsecond); t.arrived || !at.After(t.now) {
		return
	}
	t.now = at
	t.wake()
}

// Arrive lets the clock run with the machine's from now on, or stand until the
// machine's has caught up when it was moved beyond it.
func (t *Traveller) Arrive() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.arrived = true
	t.wake()
}

// wake asks everybody who waits whether his time has come.
func (t *Traveller) wake() {
	waiting := t.waiters
	t.waiters = nil
	for _, w := range waiting {
		t.wait(w)
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
