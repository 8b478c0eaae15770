package main

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/seed"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

func upCommand() *cobra.Command {
	var noDemo bool
	var logPath string
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start everything in one process, with a PostgreSQL of its own unless DATABASE_URL is set",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			log, err := app.OpenLog(logPath)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, log.Close()) }()
			return app.Up(cmd.Context(), app.UpOptions{
				Options: app.Options{Source: config.Environ(), State: stateOf(cmd), Log: log, Notice: cmd.ErrOrStderr()},
				Demo:    !noDemo, Scale: seed.Quick, LogPath: logPath, Out: cmd.OutOrStdout(), Version: version,
			})
		},
	}
	cmd.Flags().BoolVar(&noDemo, "no-demo", false, "start empty, without demo accounts, products and bids")
	cmd.Flags().StringVar(&logPath, "log", filepath.Join("logs", "marketplace.log"), "`file` the log goes to; errors are shown here as well")
	return cmd
}
