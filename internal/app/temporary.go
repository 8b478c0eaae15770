package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sneakers-marketplace/marketplace/internal/user"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

// temporaryOwner is the owner of a temporary marketplace.
const temporaryOwner = "owner@temporary.example"

// Guest is what a caller of Temporary gets to work with.
type Guest struct {
	*Marketplace
	Owner Credentials
	Log   string // file
}

// Temporary runs a marketplace of its own, with its own PostgreSQL and an owner,
// and calls inside once it serves. It is removed when inside returns nil;
// otherwise it stays, so that the next call under the same name goes on with it.
// Its folder is below o.State; of o.Source only the choice of the PostgreSQL to
// run counts, and o.Log is not used. Errors: inside's, context.Canceled when ctx
// ended first, or why it could not start or be removed.
func Temporary(ctx context.Context, o Options, name string, inside func(context.Context, Guest) error) error {
	own, err := settings(o.Source, o.State)
	if err != nil {
		return err
	}
	state := filepath.Join(own.State, "temporary-"+name)
	if err := os.MkdirAll(state, 0o711); err != nil { //nolint:gosec // the server's user walks through it; what is inside is 0600 or 0700
		return fmt.Errorf("temporary marketplace: %w", err)
	}
	g := Guest{Log: filepath.Join(state, "marketplace.log")}
	log, err := OpenLog(g.Log)
	if err != nil {
		return err
	}
	done := false
	err = Run(ctx, Options{Source: temporarySource(own), State: state, Log: log, Notice: o.Notice}, func(ctx context.Context, m *Marketplace) error {
		g.Marketplace = m
		if err := g.open(ctx); err != nil {
			return err
		}
		err := inside(ctx, g)
		done = err == nil
		return err
	})
	err = errors.Join(err, log.Close())
	switch {
	case done:
		return errors.Join(err, removeTemporary(own.State, state))
	case err == nil: // told to stop
		return context.Canceled
	}
	return err
}

// temporarySource is what a temporary marketplace is set to: the defaults, on
// whatever ports are free, so it gets into nobody's way.
func temporarySource(own Settings) config.Source {
	src := config.Source{"MARKETPLACE_PG_BIN": own.PGBin}
	for _, t := range Targets() {
		src[t.ListenVariable()] = "127.0.0.1:0"
	}
	return src
}

// open waits until the services serve and makes the owner.
func (g *Guest) open(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := g.Ready(wait); err != nil {
		return err
	}
	password, _, err := demoPassword(g.State)
	if err != nil {
		return err
	}
	g.Owner = Credentials{temporaryOwner, password}
	if err := user.CreateOwner(ctx, g.Env, g.Owner.Email, g.Owner.Password); err != nil && !ownerExists(err) {
		return fmt.Errorf("temporary marketplace: %w", err)
	}
	return nil
}

// removeTemporary removes the folder, and the one above it if it was made for it only.
func removeTemporary(above, state string) error {
	if err := os.RemoveAll(state); err != nil {
		return fmt.Errorf("remove the temporary marketplace: %w", err)
	}
	_ = os.Remove(above) // refused unless it is empty
	return nil
}

// StateFolder is the state folder in use: state when it is not blank, else the
// one the variables name, else the default one.
func StateFolder(src config.Source, state string) (string, error) {
	own, err := settings(src, state)
	return own.State, err
}
