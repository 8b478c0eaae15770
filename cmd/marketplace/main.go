// Command marketplace is the whole sneakers marketplace in one program: it
// starts everything, or some services, and looks after what they need.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// version is set when a release is built.
var version = "dev"

func main() {
	ctx, release := run.Signals(context.Background())
	code := execute(ctx, os.Args[1:])
	release()
	os.Exit(code)
}

func execute(ctx context.Context, args []string) int {
	root := command()
	root.SetArgs(doubleDashes(args))
	if err := root.ExecuteContext(ctx); err != nil {
		if ctx.Err() == nil || !errors.Is(err, context.Canceled) {
			_, _ = fmt.Fprintln(root.ErrOrStderr(), "marketplace: "+err.Error())
		}
		return 1
	}
	return 0
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "marketplace",
		Short:         "A marketplace for sneakers: bids and asks that match",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().String("state", "", "state `folder` of the built-in PostgreSQL (default .marketplace, or MARKETPLACE_STATE)")
	root.AddCommand(upCommand(), serveCommand(), migrateCommand(), adminCommand(), doctorCommand(), exportCommand(), fsckCommand(), importCommand(), journalCommand(), replayCommand(), seedCommand(), sqlCommand(), versionCommand())
	return root
}

func stateOf(cmd *cobra.Command) string {
	state, err := cmd.Flags().GetString("state")
	if err != nil {
		panic(err) // the flag is the root's
	}
	return state
}

// doubleDashes lets long flags be written with one dash, as Go programs do.
func doubleDashes(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if len(a) > 2 && a[0] == '-' && a[1] != '-' && strings.HasPrefix(a, "-target") {
			a = "-" + a
		}
		out[i] = a
	}
	return out
}
