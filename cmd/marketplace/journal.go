package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/fsck"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

func journalCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "journal", Short: "Look after the exchange's journal"}
	cmd.AddCommand(journalVerifyCommand())
	return cmd
}

func journalVerifyCommand() *cobra.Command {
	var noted []string
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check that nobody has changed the journal: every row, and that the rows are one chain",
		Long: `Verify reads DATABASE_URL, else the marketplace that runs, else the built-in PostgreSQL, and finds a row
that was edited, exchanged, added or taken away. It changes nothing, and a marketplace may trade meanwhile.
It ends with each shard's last row as an anchor. Keep that elsewhere: given back with --anchor, it also
finds a history that somebody has sealed anew from the first row to the last.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return verifyJournal(cmd, noted) },
	}
	cmd.Flags().StringArrayVar(&noted, "anchor", nil, "a row that was noted down earlier, as `shard:seq:hash`; may be given again")
	return cmd
}

func verifyJournal(cmd *cobra.Command, noted []string) error {
	anchors := make([]fsck.Anchor, len(noted))
	for i, text := range noted {
		var err error
		if anchors[i], err = fsck.ParseAnchor(text); err != nil {
			return fmt.Errorf("--%w", err)
		}
	}
	return app.WithDatabase(cmd.Context(), config.Environ(), stateOf(cmd), func(url string) error {
		if err := app.CheckSchema(cmd.Context(), url); err != nil {
			return err
		}
		chain, err := fsck.VerifyJournal(cmd.Context(), url, anchors, func(rows int64) {
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "%d rows read\n", rows)
		})
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
