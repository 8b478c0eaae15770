package engine

import (
	"sync"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

const (
	minute = model.Instant(time.Minute / time.Microsecond)
	day    = 24 * 60 * minute
)

// volumes counts a market's sales by the minute for the last 72 hours.
type volumes struct {
	mu      sync.Mutex
	minutes []soldMinute // oldest first
}

type soldMinute struct {
	start model.Instant
	sold  model.Volume
}

// add counts sales made at an instant.
func (v *volumes) add(at model.Instant, sold model.Volume) {
	v.mu.Lock()
	defer v.mu.Unlock()
	start := at - at%minute
	if n := len(v.minutes); n > 0 && v.minutes[n-1].start >= start {
		v.minutes[n-1].sold.Value += sold.Value
		v.minutes[n-1].sold.Sales += sold.Sales
		return
	}
	v.minutes = append(v.minutes, soldMinute{start, sold})
	old := 0
	for v.minutes[old].start <= start-model.Instant(longestWindow/time.Microsecond) {
		old++
	}
	if old > 0 {
		v.minutes = append(v.minutes[:0], v.minutes[old:]...)
	}
}

// take undoes add.
func (v *volumes) take(at model.Instant, sold model.Volume) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := len(v.minutes) - 1; i >= 0 && v.minutes[i].start >= at-at%minute; i-- {
		if v.minutes[i].start == at-at%minute {
			v.minutes[i].sold.Value -= sold.Value
			v.minutes[i].sold.Sales -= sold.Sales
		}
	}
}

// last returns what was sold in the day and the three days before now.
func (v *volumes) last(now model.Instant) (oneDay, threeDays model.Volume) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := len(v.minutes) - 1; i >= 0 && v.minutes[i].start > now-3*day; i-- {
		m := v.minutes[i]
		threeDays.Value += m.sold.Value
		threeDays.Sales += m.sold.Sales
		if m.start > now-day {
			oneDay.Value += m.sold.Value
			oneDay.Sales += m.sold.Sales
		}
	}
	return oneDay, threeDays
}

// saleValue is price x quantity; both are bounded, so it cannot overflow (MKT-001).
func saleValue(price money.Minor, qty model.Qty) money.Minor { return price * money.Minor(qty) }
