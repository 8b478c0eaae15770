package app

import (
	"fmt"
	"path/filepath"

	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
)

// Settings are the variables of the one-command marketplace itself.
type Settings struct {
	State string `env:"MARKETPLACE_STATE" doc:"folder for data, socket and log of the built-in PostgreSQL; blank: .marketplace in the working directory"`
	PGBin string `env:"MARKETPLACE_PG_BIN" doc:"folder with the postgres and initdb to use; blank: the one from npm, else the system's newest"`

	// OwnerPassword is read by the commands that sign in as the owner.
	OwnerPassword string `env:"MARKETPLACE_OWNER_PASSWORD" secret:"true" doc:"password of the owner, for commands that sign in as him: replay, import, export"`
}

// settings reads Settings; a state given on the command line goes first, and
// the result is absolute.
func settings(src config.Source, state string) (Settings, error) {
	s, err := config.Load[Settings](src, "MARKETPLACE_")
	if err != nil {
		return s, err
	}
	if state != "" {
		s.State = state
	}
	if s.State == "" {
		if s.State, err = embeddedpg.DefaultStateDir(); err != nil {
			return s, err
		}
	}
	if s.State, err = filepath.Abs(s.State); err != nil {
		return s, fmt.Errorf("state folder: %w", err)
	}
	return s, nil
}
