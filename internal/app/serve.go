package app

import (
	"context"
	"fmt"
	"io"

	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// Serve serves the targets until ctx ends, on databases that are there: it
// neither starts nor migrates one. Errors: a target without a database, and a
// schema older than this binary needs.
func Serve(ctx context.Context, src config.Source, targets []Target, log io.Writer) error {
	env, common, err := run.NewEnv("marketplace", src, log)
	if err != nil {
		return err
	}
	builds := []run.Build{run.Admin}
	for _, t := range targets {
		if t.DatabaseURL(src) == "" {
			return fmt.Errorf("the %s service has no database: set DATABASE_URL, such as postgres://user:password@host:5432/database", t.Name)
		}
		env.Network.Expect(t.Name)
		builds = append(builds, t.Build)
	}
	for _, url := range databases(src, targets) {
		if err := CheckSchema(ctx, url); err != nil {
			return err
		}
	}
	return run.Run(ctx, common.ShutdownGrace, env, builds...)
}
