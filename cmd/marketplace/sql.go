package main

import (
	"github.com/spf13/cobra"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

func sqlCommand() *cobra.Command {
	var header bool
	cmd := &cobra.Command{
		Use:   "sql STATEMENT",
		Short: "Run one read-only statement and print its rows, columns separated by tabs",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.WithDatabase(cmd.Context(), config.Environ(), stateOf(cmd), func(url string) error {
				return app.Query(cmd.Context(), url, args[0], header, cmd.OutOrStdout())
			})
		},
	}
	cmd.Flags().BoolVar(&header, "header", false, "name the columns on the first line")
	return cmd
}
