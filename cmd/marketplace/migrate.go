package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/migrations"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

func migrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database to this program's schema, or take it back",
		Long:  "Migrate works on DATABASE_URL, else on the marketplace that runs, else on the built-in PostgreSQL, which it starts for as long as it takes.",
	}
	var yes bool
	down := step("down", "Take every migration back; all data is lost", func(cmd *cobra.Command, url string) error {
		if !yes {
			return fmt.Errorf("migrate down drops every table with its data: say --yes if that is meant")
		}
		return migrations.Down(cmd.Context(), url)
	})
	down.Flags().BoolVar(&yes, "yes", false, "all data may go")
	cmd.AddCommand(
		step("up", "Apply what is missing", func(cmd *cobra.Command, url string) error { return migrations.Up(cmd.Context(), url) }),
		down,
		step("version", "Say which version the database is at", func(*cobra.Command, string) error { return nil }),
	)
	return cmd
}

// step is one of migrate's commands; each ends by saying the version.
func step(use, short string, do func(*cobra.Command, string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return app.WithDatabase(cmd.Context(), config.Environ(), stateOf(cmd), func(url string) error {
				if err := do(cmd, url); err != nil {
					return err
				}
				return sayVersion(cmd, url)
			})
		},
	}
}

func sayVersion(cmd *cobra.Command, url string) error {
	at, dirty, err := migrations.Version(cmd.Context(), url)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "migrate version=%d latest=%d dirty=%t\n", at, migrations.Latest(), dirty)
	return err
}
