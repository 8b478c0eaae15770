package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/fsck"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

func journalCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "journal", Short: "Look after the exchange's journal"}
	cmd.AddCommand(journalVerifyCommand(), journalArchiveCommand(), journalRestoreCommand())
	return cmd
}

// leastKept is what an exchange that starts still reads of its past: three days.
const leastKept = 72 * time.Hour

func journalArchiveCommand() *cobra.Command {
	var dir string
	var keep time.Duration
	cmd := &cobra.Command{
		Use:   "archive",
		Short: "Move old rows of the journal to files, without losing that they can be verified",
		Long: `Archive moves rows that are older than --keep from DATABASE_URL, else the marketplace that runs, else the built-in
PostgreSQL, to files of --dir. A row leaves the database once its file is on the disk and was read back. The
chain of the rows that stay begins at the last that was moved; verify and fsck read the files too with --archive.
A marketplace may trade meanwhile.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if keep < leastKept {
				return fmt.Errorf("--keep %s: must be at least %s", keep, leastKept)
			}
			return withExchange(cmd, func(url string) error {
				return app.ArchiveJournal(cmd.Context(), url, dir, clock.System{}.Now().Add(-keep), func(a app.Archived) {
					_, _ = fmt.Fprintf(cmd.OutOrStdout(), "shard %d: %d rows moved, up to %d; %d stay\n", a.Shard, a.Rows, a.Last, a.Left)
				})
			})
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "the `folder` of the archive; it is made when it is not there")
	cmd.Flags().DurationVar(&keep, "keep", 30*24*time.Hour, "how old a row is at least that is moved")
	_ = cmd.MarkFlagRequired("dir") // it is a flag of this command
	return cmd
}

func journalRestoreCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "restore",
		Short: "Put the rows of an archive back into the journal",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withExchange(cmd, func(url string) error {
				n, err := app.RestoreJournal(cmd.Context(), url, dir)
				if err == nil {
					_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d rows are back\n", n)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "the `folder` of the archive")
	_ = cmd.MarkFlagRequired("dir") // it is a flag of this command
	return cmd
}

// withExchange finds the database and checks that it is of this version.
func withExchange(cmd *cobra.Command, work func(url string) error) error {
	return app.WithDatabase(cmd.Context(), config.Environ(), stateOf(cmd), func(url string) error {
		if err := app.CheckSchema(cmd.Context(), url); err != nil {
			return err
		}
		return work(url)
	})
}

func journalVerifyCommand() *cobra.Command {
	var noted []string
	var archive string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that nobody has changed the journal: every row, and that the rows are one chain",
		Long: `Verify reads DATABASE_URL, else the marketplace that runs, else the built-in PostgreSQL, and finds a row
that was edited, exchanged, added or taken away. It changes nothing, and a marketplace may trade meanwhile.
It ends with each shard's last row as an anchor. Keep that elsewhere: given back with --anchor, it also
finds a history that somebody has sealed anew from the first row to the last.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return verifyJournal(cmd, noted, archive) },
	}
	cmd.Flags().StringArrayVar(&noted, "anchor", nil, "a row that was noted down earlier, as `shard:seq:hash`; may be given again")
	cmd.Flags().StringVar(&archive, "archive", "", "`folder` with the rows that were archived; without it they are left out")
	return cmd
}

func verifyJournal(cmd *cobra.Command, noted []string, archive string) error {
	anchors := make([]fsck.Anchor, len(noted))
	for i, text := range noted {
		var err error
		if anchors[i], err = fsck.ParseAnchor(text); err != nil {
			return fmt.Errorf("--%w", err)
		}
	}
	return withExchange(cmd, func(url string) error {
		chain, err := fsck.VerifyJournal(cmd.Context(), url, fsck.Verification{Anchors: anchors, Archive: archive, Told: func(rows int64) {
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%d rows read\n", rows)
		}})
		if err != nil {
			return err
		}
		if err := chain.Print(cmd.OutOrStdout()); err != nil {
			return err
		}
		if !chain.Clean() {
			return fmt.Errorf("the journal was changed: %d violations", chain.Report.Violations)
		}
		return nil
	})
}
