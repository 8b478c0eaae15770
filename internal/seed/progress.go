package seed

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

const (
	barWidth  = 24
	barEvery  = 200 * time.Millisecond
	lineEvery = 2 * time.Second
)

// progress is how far a demo is, for people who wait for it.
type progress struct {
	plan                     *plan
	products, moments, sales atomic.Int64
	begin                    time.Time // a monotonic reading
	skipped                  int64     // sales of an earlier run
}

// watch shows how far it is until stop is called, as a bar on a terminal, else in lines.
func (p *progress) watch(ctx context.Context, w io.Writer, terminal bool) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	every, format, end := lineEvery, "%s\n", ""
	if terminal {
		every, format, end = barEvery, "\r\x1b[K%s", "\r\x1b[K"
	}
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-ctx.Done():
				_, _ = fmt.Fprint(w, end) // a screen that is gone is no reason to stop
				return
			case <-clock.System{}.After(every):
				_, _ = fmt.Fprintf(w, format, p.line(terminal))
			}
		}
	})
	return func() {
		cancel()
		watching.Wait()
	}
}

func (p *progress) line(bar bool) string {
	at, all := int(p.moments.Load()), len(p.plan.moments)
	perDay := shiftsADay * momentsOfShift
	took := max(clock.Since(p.begin).Milliseconds(), 1)
	text := fmt.Sprintf("%d of %d products, day %d of %d, %d of %d sales, %d a second", p.products.Load(), len(p.plan.shoes),
		at/perDay, all/perDay, p.sales.Load(), p.plan.sales, (p.sales.Load()-p.skipped)*1000/took)
	if !bar {
		return text
	}
	full := at * barWidth / all
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + "] " + text
}

// skip counts moments that an earlier run carried out.
func (p *progress) skip(moments int) {
	for i := range p.plan.moments[:moments] {
		p.skipped += int64(p.plan.moments[i].sales)
	}
	p.moments.Store(int64(moments))
	p.sales.Store(p.skipped)
}
