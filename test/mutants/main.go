// Command mutants proves that the tests would notice: it plants one mistake after
// the other into the code, each breaking a rule, and wants the tests to fail.
//
// A mistake is planted with go test -overlay, so the tree is never changed. The
// tests run without the race detector, for speed; make test has it on.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

func main() {
	only := flag.String("only", "", "plant the mutant of this name alone")
	list := flag.Bool("list", false, "list the mutants and plant none")
	share := flag.Int("share", 1, "plant every so many of them")
	turn := flag.Int("turn", 0, "which of the shares; each is one of -share turns, then they begin again")
	limit := flag.Duration("limit", 150*time.Second, "how long the tests of one package may take")
	flag.Parse()
	if err := prove(selection{*only, *share, *turn}, *list, *limit); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", run.OneLine(err))
		os.Exit(1)
	}
}

func prove(which selection, list bool, limit time.Duration) error {
	chosen, err := which.of(all())
	if err != nil {
		return err
	}
	if list {
		for _, m := range chosen {
			fmt.Printf("%-6s %-40s %-9s %s\n", m.area, m.name, m.rule, m.file)
		}
		return nil
	}
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	ctx, release := run.Signals(context.Background())
	defer release()
	r := runner{root: root, limit: limit, atOnce: 2, say: func(line string) { fmt.Println(line) }}
	t, err := r.run(ctx, chosen)
	if err != nil {
		return err
	}
	fmt.Println(t)
	if !t.ok() {
		return fmt.Errorf("%d survived, %d could not be judged", t.survived, t.errors)
	}
	return nil
}
