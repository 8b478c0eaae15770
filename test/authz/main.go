// Command authz shows that everybody can do what the rules let him do, and nothing
// else: it calls every method of three running services as each kind of caller, sends
// them tokens that are forged, stolen or out of date, and measures how soon the end of
// a session counts in other processes (AUTH-001, AUTH-002, USER-004 to USER-006, USER-009).
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "bin/marketplace", "the marketplace to try")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each way to end a session is measured")
	broken := flag.Bool("selftest", false, "try marketplaces that are broken on purpose, and see them caught")
	flag.Parse()
	ctx, release := run.Signals(context.Background())
	proof := authz
	if *broken {
		proof = selftest
	}
	ok := proof(ctx, o)
	release()
	if !ok {
		os.Exit(1)
	}
}

// authz is the proof; its last line of output says how it went.
func authz(ctx context.Context, o options) bool {
	s, err := perform(ctx, o, os.Stdout)
	complain(ctx, err)
	fmt.Println(&s)
	return s.ok()
}

// selftest tries marketplaces that the proof must find fault with.
func selftest(ctx context.Context, o options) bool {
	caught := 0
	for _, f := range faults {
		fmt.Printf("a marketplace that %s\n", f.name)
		s, err := f.proof(ctx, o, os.Stdout)
		complain(ctx, err)
		if err == nil && s.unexpected+s.tokensAccepted > 0 {
			caught++
			fmt.Println("    caught")
		}
	}
	verdict := "ok"
	if caught < len(faults) {
		verdict = "short"
	}
	fmt.Printf("authz-selftest faults=%d caught=%d verdict=%s\n", len(faults), caught, verdict)
	return caught == len(faults)
}

// complain says why a proof was not finished.
func complain(ctx context.Context, err error) {
	switch {
	case err == nil:
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "authz: interrupted")
	default:
		fmt.Fprintln(os.Stderr, "authz:", run.OneLine(err))
	}
}
