package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/seed"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

func seedCommand() *cobra.Command {
	var demo bool
	var logPath string
	scale := seed.Full
	cmd := &cobra.Command{
		Use:   "seed --demo",
		Short: "Fill a new marketplace with a demo: products, people and months of bids, asks and sales",
		Long: `Seed works on DATABASE_URL, else on the built-in PostgreSQL, which it starts for as long as it takes.
Every bid, ask and sale goes through the exchange, the oldest first, on a clock that begins in the
past; so no marketplace may be running there, and the exchange must not have traded.
It may be cut off and run again: it then finishes what was begun, at the scale it was begun with.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if !demo {
				return errors.New("say what to seed: --demo")
			}
			if err := scale.Validate(); err != nil {
				return fmt.Errorf("--%w", err)
			}
			log, err := app.OpenLog(logPath)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, log.Close()) }()
			report, err := app.Seed(cmd.Context(), app.SeedOptions{
				Options: app.Options{Source: config.Environ(), State: stateOf(cmd), Log: log, Notice: cmd.ErrOrStderr()},
				Scale:   scale, Progress: cmd.ErrOrStderr(),
			})
			if errors.Is(err, context.Canceled) {
				_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "stopped: the same command again goes on")
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), report)
			return err
		},
	}
	cmd.Flags().BoolVar(&demo, "demo", false, "make the demo")
	cmd.Flags().IntVar(&scale.Products, "products", scale.Products, "how many products, each with 6 to 12 sizes")
	cmd.Flags().IntVar(&scale.Days, "days", scale.Days, "how many days of trade before now")
	cmd.Flags().IntVar(&scale.Sales, "sales", scale.Sales, "how many sales")
	cmd.Flags().StringVar(&logPath, "log", filepath.Join("logs", "marketplace.log"), "`file` the log goes to; errors are shown here as well")
	return cmd
}
