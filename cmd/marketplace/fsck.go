package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/fsck"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

// fsckFlags are the command's own flags.
type fsckFlags struct {
	now, archive   string
	selftest, json bool
}

func fsckCommand() *cobra.Command {
	var f fsckFlags
	cmd := &cobra.Command{
		Use:   "fsck",
		Short: "Check everything that must hold in the database: accounts, stock, books, matches, the journal, events",
		Long: `Fsck reads DATABASE_URL, else the marketplace that runs, else the built-in PostgreSQL, in one
read-only snapshot, and lists what cannot be. It changes nothing, and a marketplace may trade meanwhile.
With --selftest it trades on a marketplace of its own, plants every fault there is and sees it found.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	cmd.Flags().StringVar(&f.now, "now", "", "the `time` that counts as the present, such as 2026-01-31T12:00:00Z")
	cmd.Flags().StringVar(&f.archive, "archive", "", "`folder` with the rows of the journal that were archived")
	cmd.Flags().BoolVar(&f.selftest, "selftest", false, "see whether every check finds its fault")
	cmd.Flags().BoolVar(&f.json, "json", false, "write the report as JSON")
	return cmd
}

func (f fsckFlags) run(cmd *cobra.Command) error {
	if f.selftest {
		return app.SelftestFsck(cmd.Context(), config.Environ(), cmd.OutOrStdout())
	}
	o := fsck.Options{Archive: f.archive}
	if f.now != "" {
		now, err := time.Parse(time.RFC3339, f.now)
		if err != nil {
			return fmt.Errorf("--now %q: must be such as 2026-01-31T12:00:00Z", f.now)
		}
		o.Now = now
	}
	return withExchange(cmd, func(url string) error {
		report, err := fsck.Run(cmd.Context(), url, o)
		if err != nil {
			return err
		}
		write := report.Print
		if f.json {
			write = report.PrintJSON
		}
		if err := write(cmd.OutOrStdout()); err != nil {
			return err
		}
		if !report.Clean() {
			return fmt.Errorf("fsck found %d violations", report.Violations)
		}
		return nil
	})
}
