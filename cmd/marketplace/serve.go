package main

import (
	"github.com/spf13/cobra"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

func serveCommand() *cobra.Command {
	var targets string
	cmd := &cobra.Command{
		Use:   "serve --target user,product,bidding",
		Short: "Serve some or all services on a database that is there and migrated",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			chosen, err := app.Select(targets)
			if err != nil {
				return err
			}
			return app.Serve(cmd.Context(), config.Environ(), chosen, cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&targets, "target", "all", "comma-separated `services`: user, product, bidding or all")
	return cmd
}
