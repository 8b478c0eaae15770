package seed

import (
	"fmt"
	"time"
)

// Report is what a demo has become.
type Report struct {
	Mark
	Made                bool // by this run; false: it was complete already
	Sizes, Accounts     int
	Bids, Asks, Matches int
	Markets             int64
	OpenBids, OpenAsks  int64
	Took                time.Duration
	CutOff              bool // an earlier run had begun it
}

// String is the report on one line that a program can read.
func (r Report) String() string {
	if !r.Made {
		return fmt.Sprintf("the demo is there already, of %d products and %d days until %s: nothing was changed",
			r.Scale.Products, r.Scale.Days, r.Until.Format(time.DateTime))
	}
	hundredths := r.Took.Round(10*time.Millisecond).Milliseconds() / 10
	return fmt.Sprintf("seed products=%d sizes=%d accounts=%d bids=%d asks=%d matches=%d open_bids=%d open_asks=%d days=%d seconds=%d.%02d",
		r.Scale.Products, r.Sizes, r.Accounts, r.Bids, r.Asks, r.Matches, r.OpenBids, r.OpenAsks, r.Scale.Days, hundredths/100, hundredths%100)
}

// report counts. What the plan says was done is what the exchange answered, order
// for order; what is open it is asked for.
func (s *seeding) report(seen survey) Report {
	bids, asks := s.plan.entered()
	return Report{
		Mark: s.mark, Made: true, Sizes: s.plan.sizes(), Accounts: len(s.people) + 1,
		Bids: bids, Asks: asks, Matches: s.plan.matches,
		Markets: seen.markets, OpenBids: seen.openBids, OpenAsks: seen.openAsks,
	}
}
