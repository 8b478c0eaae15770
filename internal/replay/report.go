package replay

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Report is what came of a replay. Amounts are minor units.
type Report struct {
	File            string      `json:"file"` // first digits of its SHA-256
	Rows            int         `json:"rows"` // damaged ones included
	Damaged         int         `json:"damaged"`
	Matches         int64       `json:"matches"`     // read back from the sales tapes
	Volume          int64       `json:"volume"`      // sum of their price x quantity
	FileVolume      int64       `json:"file_volume"` // sum of the sound rows' prices
	PriceMismatches int         `json:"price_mismatches"`
	Markets         int         `json:"markets"`
	FileMarkets     int         `json:"file_markets"`
	Batches         int64       `json:"batches"`  // calls that placed orders
	Recalled        int64       `json:"recalled"` // matches an earlier run had made
	Sellers         int         `json:"sellers"`  // accounts of the pool that were ready
	Buyers          int         `json:"buyers"`
	Seconds         json.Number `json:"seconds"`
	RSSBytes        int64       `json:"rss_bytes"`                  // most memory this process ever had resident
	RSSNowBytes     int64       `json:"rss_now_bytes"`              // at the end
	ServerRSSBytes  int64       `json:"server_rss_bytes,omitempty"` // the most of the marketplace's process, when it is another
	Trouble         []string    `json:"trouble,omitempty"`          // markets that were left
	Ok              bool        `json:"ok"`
}

// String is the report on one line that a program can read.
func (r Report) String() string {
	return fmt.Sprintf("replay rows=%d matches=%d volume=%d price_mismatches=%d markets=%d seconds=%s rss_bytes=%d damaged=%d batches=%d",
		r.Rows, r.Matches, r.Volume, r.PriceMismatches, r.Markets, r.Seconds, r.RSSBytes, r.Damaged, r.Batches)
}

// Verdict is nil when every sound row is a match at its price, else what falls short.
func (r Report) Verdict() error {
	var short []error
	if want := int64(r.Rows - r.Damaged); r.Matches != want {
		short = append(short, fmt.Errorf("%d matches, not %d", r.Matches, want))
	}
	if r.PriceMismatches > 0 {
		short = append(short, fmt.Errorf("%d sales differ from their rows", r.PriceMismatches))
	}
	if r.Volume != r.FileVolume {
		short = append(short, fmt.Errorf("the prices add up to %d, not %d", r.Volume, r.FileVolume))
	}
	return errors.Join(short...)
}

// seconds writes a duration with two decimals.
func seconds(d time.Duration) json.Number {
	hundredths := d.Round(10*time.Millisecond).Milliseconds() / 10
	return json.Number(fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100))
}
