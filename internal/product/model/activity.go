package model

import (
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// ActivityDays is how many UTC days count as a product's activity, today included (PROD-004).
const ActivityDays = 30

// Sale is items of one size that changed hands on the exchange.
type Sale struct {
	Size  id.UUID
	Items int32 // less than 0: of a sale that was reversed
	At    time.Time
	Seq   int64 // position of the batch of events that told it
}

// Day is the UTC day of an instant, at its beginning.
func Day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// FirstActivityDay is the oldest day whose sales count at now.
func FirstActivityDay(now time.Time) time.Time { return Day(now).AddDate(0, 0, 1-ActivityDays) }
