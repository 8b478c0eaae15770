package main

import (
	"github.com/spf13/cobra"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

func doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look for what the marketplace needs on this machine, and say how to get what is missing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.Doctor(cmd.Context(), config.Environ(), stateOf(cmd), cmd.OutOrStdout())
		},
	}
}
