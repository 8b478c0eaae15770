package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/sneakers-marketplace/marketplace/migrations"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which version this is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "marketplace version=%s go=%s schema=%d\n", version, runtime.Version(), migrations.Latest())
			return err
		},
	}
}
