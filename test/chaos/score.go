package main

import (
	"fmt"
	"slices"
	"time"
)

// cycle is one kill and what came before and after it.
type cycle struct {
	victim       string
	acknowledged int64         // since the clients began, until the kill
	took         time.Duration // from the beginning to the kill
	unknown      int64         // answers that left the outcome open
	recovery     time.Duration // from the kill to the first acknowledgement
}

// rate is acknowledgements a second.
func (c cycle) rate() int64 {
	if c.took <= 0 {
		return 0
	}
	return c.acknowledged * int64(time.Second) / int64(c.took)
}

// counts reports whether enough went on when the kill came.
func (c cycle) counts() bool { return c.acknowledged >= leastAcks && c.rate() >= leastRate }

// line is the cycle for people.
func (c cycle) line(n, of int) string {
	verdict := ""
	if !c.counts() {
		verdict = fmt.Sprintf("; does not count: at least %d, and %d/s, are needed", leastAcks, leastRate)
	}
	return fmt.Sprintf("%3d of %d  killed %s after %d acknowledgements (%d/s); recovered in %d ms, %d outcomes unknown until then%s",
		n, of, c.victim, c.acknowledged, c.rate(), c.recovery.Milliseconds(), c.unknown, verdict)
}

// score is what a drill has shown.
type score struct {
	wanted       options
	cycles       []cycle // that count
	moves        moves
	cuts         int           // of connections to the database
	fills        int           // of its disk
	resumed      time.Duration // longest, from a cut, or from room on the disk, until every shard acknowledges
	hung         time.Duration // the same, from a commit that hangs
	repeats      int           // of what had been unknown for a while, with a comparison of the answers
	acknowledged int64
	unknown      int64
	internal     int
	lost         int
	phantoms     int
	violations   int
	complete     bool // the last check, over everything, was made, and nothing failed
	seconds      time.Duration
}

// kills counts the cycles in which PostgreSQL was killed, or the marketplace.
func (s *score) kills() (process, postgres int) {
	for _, c := range s.cycles {
		if c.victim == theMarketplace {
			process++
		} else {
			postgres++
		}
	}
	return process, postgres
}

// ok reports whether all that was wanted was shown, and nothing else.
func (s *score) ok() bool {
	process, postgres := s.kills()
	return s.complete && process >= s.wanted.processKills && postgres >= s.wanted.postgresKills &&
		s.lost+s.phantoms+s.violations == 0 && s.internal == 0
}

// String is the line that programs read.
func (s *score) String() string {
	process, postgres := s.kills()
	var rate, median, worst int64
	var took []time.Duration
	for i, c := range s.cycles {
		if took = append(took, c.recovery); i == 0 || c.rate() < rate {
			rate = c.rate()
		}
	}
	if slices.Sort(took); len(took) > 0 {
		median, worst = took[len(took)/2].Milliseconds(), took[len(took)-1].Milliseconds()
	}
	verdict := "short"
	if s.ok() {
		verdict = "ok"
	}
	return fmt.Sprintf("crash process_kills=%d postgres_kills=%d acknowledged=%d unknown=%d lost=%d phantoms=%d fsck_violations=%d "+
		"rate_min=%d recovery_ms_median=%d recovery_ms_max=%d seconds=%d verdict=%s",
		process, postgres, s.acknowledged, s.unknown, s.lost, s.phantoms, s.violations,
		rate, median, worst, int64(s.seconds.Seconds()), verdict)
}
