package replay

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

const (
	barWidth  = 30
	barEvery  = 200 * time.Millisecond
	lineEvery = 5 * time.Second
)

// say prints a line for people.
func (r *replay) say(format string, args ...any) {
	if r.Terminal { // over the bar
		format = "\r\x1b[K" + format
	}
	_, _ = fmt.Fprintf(r.Progress, format+"\n", args...) // a screen that is gone is no reason to stop
}

// watch shows how far the rows are until ctx ends.
func (r *replay) watch(ctx context.Context) {
	every, show := lineEvery, r.line
	if r.Terminal {
		every, show = barEvery, r.bar
	}
	begin := clock.Monotonic()
	for {
		select {
		case <-ctx.Done():
			if r.Terminal {
				_, _ = fmt.Fprint(r.Progress, "\r\x1b[K")
			}
			return
		case <-r.Clock.After(every):
			show(clock.Since(begin))
		}
	}
}

func (r *replay) line(took time.Duration) {
	at, all, rate := r.position(took)
	r.say("%d of %d rows, %d a second, %d sellers and %d buyers", at, all, rate, r.pool.sellers.count(), r.pool.buyers.count())
}

func (r *replay) bar(took time.Duration) {
	at, all, rate := r.position(took)
	full := int(at * barWidth / max(all, 1))
	_, _ = fmt.Fprintf(r.Progress, "\r\x1b[K[%s%s] %d of %d rows  %d/s  %d sellers, %d buyers", strings.Repeat("#", full),
		strings.Repeat(".", barWidth-full), at, all, rate, r.pool.sellers.count(), r.pool.buyers.count())
}

// position is how many rows are done, of how many, and how many a second.
func (r *replay) position(took time.Duration) (at, all, rate int64) {
	traded := r.traded.Load()
	return traded + r.recalled.Load(), int64(len(r.file.rows)), traded * 1000 / max(took.Milliseconds(), 1)
}
