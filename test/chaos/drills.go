package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// outages are the drills in which nothing is killed, but what the exchange stands on fails it.
type outages struct {
	wire, disk score
	noDisk     bool // there cannot be a disk that can be filled
}

// drills performs them; the last line of output says how they went.
func drills(ctx context.Context, o options) bool {
	all := outages{}
	err := all.perform(ctx, o, os.Stdout)
	complain(ctx, err)
	_, _ = fmt.Fprintln(os.Stdout, &all) // nobody to tell when it fails
	return all.ok()
}

// drillsSelftest performs them with marketplaces that they must find fault with.
func drillsSelftest(ctx context.Context, o options) bool {
	all := []trial{{gullible, o.cutDrill()}}
	for _, f := range faults {
		all = append(all, trial{f, o.cutDrill()})
	}
	if err := canMount(ctx); err != nil {
		_, _ = fmt.Fprintf(os.Stdout, "the full disk is left out: %s\n", run.OneLine(err))
	} else {
		all = append(all, trial{faults[0], o.fullDrill()})
	}
	return try(ctx, "drills-selftest", all)
}

// cutDrill is o with connections that are cut.
func (o options) cutDrill() options {
	o.processKills, o.postgresKills, o.course = 0, 0, (*drill).cutOff
	o.layout.wire, o.fills = true, 0
	return o
}

// fullDrill is o with a disk that fills up.
func (o options) fullDrill() options {
	o.processKills, o.postgresKills, o.course = 0, 0, (*drill).fills
	o.layout.smallDisk, o.cuts = true, 0
	return o
}

func (a *outages) perform(ctx context.Context, o options, out io.Writer) (err error) {
	_, _ = fmt.Fprintln(out, "connections to the database are cut") // progress is not what the drill is about
	if a.wire, err = perform(ctx, o.cutDrill(), out); err != nil {
		return err
	}
	if err := canMount(ctx); errors.Is(err, errNoDisk) {
		a.noDisk = true
		_, _ = fmt.Fprintf(out, "the full disk is left out: %s\n", run.OneLine(err))
		return nil
	} else if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, "the database's disk fills up")
	a.disk, err = perform(ctx, o.fullDrill(), out)
	return err
}

// held reports whether a drill showed all that was wanted of it, and nothing else.
func (s *score) held() bool {
	return s.ok() && s.cuts >= s.wanted.cuts && s.fills >= s.wanted.fills && (s.wanted.cuts == 0 || s.repeats > 0)
}

func (a *outages) ok() bool { return a.wire.held() && (a.noDisk || a.disk.held()) }

// String is the line that programs read.
func (a *outages) String() string {
	word := func(ok bool) string { return map[bool]string{true: "ok", false: "short"}[ok] }
	full := word(a.disk.held())
	if a.noDisk {
		full = "skipped"
	}
	w, d := &a.wire, &a.disk
	return fmt.Sprintf("drills cuts=%d repeats=%d cut_recovery_ms_max=%d hang_recovery_ms=%d full_disk=%s fills=%d full_recovery_ms_max=%d "+
		"acknowledged=%d unknown=%d lost=%d phantoms=%d fsck_violations=%d internal=%d seconds=%d verdict=%s",
		w.cuts, w.repeats, w.resumed.Milliseconds(), w.hung.Milliseconds(), full, d.fills, d.resumed.Milliseconds(),
		w.acknowledged+d.acknowledged, w.unknown+d.unknown, w.lost+d.lost, w.phantoms+d.phantoms, w.violations+d.violations,
		w.internal+d.internal, (w.seconds+d.seconds)/time.Second, word(a.ok()))
}
