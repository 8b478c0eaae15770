// Command chaos is the crash drill: it kills the marketplace, and PostgreSQL below
// it, at random moments while clients trade, and after every kill compares what the
// clients were told with what the tables hold (MATCH-005, MATCH-011). It shows that
// a crash of a process loses nothing, not what happens when the power fails. Or it
// takes away what the exchange stands on: connections to the database, room on its disk.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"

	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "bin/marketplace", "the marketplace to kill")
	flag.IntVar(&o.processKills, "process-kills", 5, "how often the marketplace is killed")
	flag.IntVar(&o.postgresKills, "postgres-kills", 2, "how often PostgreSQL is killed")
	flag.IntVar(&o.clients, "clients", 96, "how many trade at a time")
	flag.IntVar(&o.rate, "rate", 3000, "what they ask for a second, all together, at most")
	flag.Uint64Var(&o.seed, "seed", 0, "of the dice; 0: another one each time")
	flag.IntVar(&o.nodes.kills, "node-kills", 0, "how often one of two nodes of the exchange is killed; with it, nothing else is")
	flag.IntVar(&o.nodes.leaves, "node-leaves", 2, "how often one of them is told to stop")
	flag.IntVar(&o.nodes.sleeps, "node-sleeps", 1, "how often one of them is put to sleep")
	flag.IntVar(&o.cuts, "cuts", 0, "how often a connection to the database is cut; with it, nothing is killed and the disk fills up too")
	flag.IntVar(&o.fills, "fills", 2, "how often the database's disk fills up")
	broken := flag.Bool("selftest", false, "kill marketplaces that are broken on purpose, and see them caught")
	flag.Parse()
	if o.seed == 0 {
		o.seed = 1 + rand.Uint64N(1_000_000) //nolint:gosec // a dice, no secret
	}
	ctx, release := run.Signals(context.Background())
	drill := crash
	switch {
	case *broken && o.cuts > 0:
		drill = drillsSelftest
	case *broken:
		drill = selftest
	case o.cuts > 0:
		drill = drills
	case o.nodes.wanted():
		o.processKills, o.postgresKills, drill = 0, 0, failover
	}
	ok := drill(ctx, o)
	release()
	if !ok {
		os.Exit(1)
	}
}

// crash is the drill; its last line of output says how it went.
func crash(ctx context.Context, o options) bool {
	s, err := perform(ctx, o, os.Stdout)
	complain(ctx, err)
	fmt.Println(&s)
	return s.ok()
}

// selftest is the drill with marketplaces that it must find fault with.
func selftest(ctx context.Context, o options) bool {
	var all []trial
	for _, f := range faults {
		all = append(all, trial{f, o})
	}
	return try(ctx, "crash-selftest", all)
}

// try performs trials; the last line of output says how many were caught.
func try(ctx context.Context, name string, all []trial) bool {
	caught := 0
	for _, t := range all {
		fmt.Printf("a marketplace that %s\n", t.name)
		s, err := t.drill(ctx, t.options, os.Stdout)
		complain(ctx, err)
		fmt.Println(&s)
		if s.lost+s.phantoms > 0 {
			caught++
		}
	}
	verdict := "ok"
	if caught < len(all) {
		verdict = "short"
	}
	fmt.Printf("%s faults=%d caught=%d verdict=%s\n", name, len(all), caught, verdict)
	return caught == len(all)
}

// complain says why a drill was not finished.
func complain(ctx context.Context, err error) {
	switch {
	case err == nil:
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "crash: interrupted")
	default:
		fmt.Fprintln(os.Stderr, "crash:", run.OneLine(err))
	}
}
