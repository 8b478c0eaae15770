package seed

import (
	"fmt"
	"time"
)

// Scale says how much of a demo is made.
type Scale struct {
	Products int // each with 6 to 12 sizes
	Days     int // of trading before the present
	Sales    int // takes of a resting bid or ask; some fill in several matches
	Sellers  int // the known one included
	Buyers   int // the two known ones included
}

// The two scales of a demo.
var (
	// Full is what `marketplace seed --demo` makes.
	Full = Scale{Products: 230, Days: 120, Sales: 4000, Sellers: 8, Buyers: 8}
	// Quick is the same for somebody who waits for the first `marketplace up`.
	Quick = Scale{Products: 230, Days: 21, Sales: 900, Sellers: 2, Buyers: 3}
)

// The bounds of a scale.
const (
	maxProducts = 1000
	maxDays     = 365
	maxSales    = 100_000
	day         = 24 * time.Hour
)

// Validate refuses a scale that no demo can have; the error names the flag.
func (s Scale) Validate() error {
	for _, bound := range []struct {
		name            string
		value, min, max int
	}{
		{"products", s.Products, 1, maxProducts},
		{"days", s.Days, 1, maxDays},
		{"sales", s.Sales, 1, maxSales},
		{"sellers", s.Sellers, 1, 1 + len(sellerNames)},
		{"buyers", s.Buyers, 2, 2 + len(buyerNames)},
	} {
		if bound.value < bound.min || bound.value > bound.max {
			return fmt.Errorf("%s: %d must be %d to %d", bound.name, bound.value, bound.min, bound.max)
		}
	}
	return nil
}

// span is how long before the present the demo begins.
func (s Scale) span() time.Duration { return time.Duration(s.Days) * day }
