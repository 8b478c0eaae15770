// Package clock is the only place that reads the time (TIME-001). Everything
// else is handed a Clock, so a test can run sixty days in seconds.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time in UTC and waits.
type Clock interface {
	// Now returns the present instant, UTC, to the microsecond that PostgreSQL keeps.
	Now() time.Time
	// After returns a channel that receives once d has passed on this clock.
	After(d time.Duration) <-chan time.Time
}

// System is the machine's clock.
type System struct{}

// Now implements Clock.
func (System) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// After implements Clock.
func (System) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Monotonic returns a reading that only grows, for measuring how long something took.
// It is not a time of day; use Since.
func Monotonic() time.Time { return time.Now() }

// Since returns how long ago start, a Monotonic reading, was.
func Since(start time.Time) time.Duration { return time.Since(start) }

// Fake is a clock that stands still until it is moved. Safe for concurrent use.
type Fake struct {
	mu      sync.Mutex
	now     time.Time
	waiters []waiter
}

type waiter struct {
	at time.Time
	ch chan time.Time
}

// NewFake returns a clock that stands at start.
func NewFake(start time.Time) *Fake { return &Fake{now: start.UTC()} }

// Now implements Clock.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// After implements Clock; the channel receives when Advance or Set passes the moment.
func (f *Fake) After(d time.Duration) <-chan time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	ch := make(chan time.Time, 1)
	if d <= 0 {
		ch <- f.now
		return ch
	}
	f.waiters = append(f.waiters, waiter{f.now.Add(d), ch})
	return ch
}

// Advance moves the clock by d and wakes who waited for it.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.move(f.now.Add(d))
}

// Set moves the clock to t, backwards too.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.move(t.UTC())
}

func (f *Fake) move(to time.Time) {
	f.now = to
	kept := f.waiters[:0]
	for _, w := range f.waiters {
		if w.at.After(to) {
			kept = append(kept, w)
			continue
		}
		w.ch <- to
	}
	f.waiters = kept
}
