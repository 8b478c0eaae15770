package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sneakers-marketplace/marketplace/internal/seed"
	"github.com/sneakers-marketplace/marketplace/internal/user"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

// demo makes the demo unless it is there, before the services start. Its accounts
// share one password, made once per state folder, so no installation has one that
// others know.
func (u *up) demo(ctx context.Context, m *Marketplace) error {
	env := m.Env
	if env.Source["ENVIRONMENT"] == string(config.Production) || exposed(env.Source, m.targets) {
		u.notes = append(u.notes, "No demo: this marketplace is in production or listens beyond this machine.")
		return nil
	}
	password, fresh, err := demoPassword(m.State)
	if err != nil {
		return err
	}
	mark, err := m.lookForDemo(ctx)
	if errors.Is(err, seed.ErrForeign) {
		return u.noDemo(err)
	}
	if err != nil {
		return err
	}
	if mark.State == seed.Complete && fresh {
		u.notes = append(u.notes, "The demo is there, but its password is in the state folder it was made with.")
		return nil
	}
	if mark.State != seed.Complete {
		_, _ = fmt.Fprintln(u.Out, "making the demo: people, products and weeks of bids, asks and sales ...")
		_, err := m.makeDemo(ctx, mark.Or(u.Scale), password, u.Out)
		if err != nil {
			return u.noDemo(err)
		}
	}
	for _, email := range []string{seed.Owner, seed.Seller, seed.Buyer1, seed.Buyer2} {
		u.accounts = append(u.accounts, Credentials{email, password})
	}
	return nil
}

// noDemo goes on without when the marketplace is somebody's own.
func (u *up) noDemo(err error) error {
	if errors.Is(err, seed.ErrSignIn) || errors.Is(err, seed.ErrTraded) || errors.Is(err, seed.ErrForeign) {
		u.notes = append(u.notes, "No demo: "+err.Error()+".")
		return nil
	}
	return fmt.Errorf("make the demo: %w", err)
}

func ownerExists(err error) bool {
	return errs.ReasonOf(err) == "OWNER_EXISTS" || errs.ReasonOf(err) == "EMAIL_TAKEN"
}

// demoPassword returns the password in the state folder, made on first use.
func demoPassword(state string) (password string, fresh bool, err error) {
	path := filepath.Join(state, "demo-password")
	text, err := os.ReadFile(path) //nolint:gosec // a path of ours
	if err == nil && len(strings.TrimSpace(string(text))) >= auth.MinPasswordBytes {
		return strings.TrimSpace(string(text)), false, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", false, fmt.Errorf("password of the demo: %w", err)
	}
	password = "demo-" + strings.ToLower(rand.Text()[:12])
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		return "", false, fmt.Errorf("password of the demo: %w", err)
	}
	return password, true, nil
}

// CreateOwner makes the first owner of the marketplace in the database at url.
// Errors: the rules of an account; refused once there is an owner (USER-009).
func CreateOwner(ctx context.Context, src config.Source, url, email, password string) error {
	if err := bringUp(ctx, url); err != nil {
		return err
	}
	env, _, err := run.NewEnv("marketplace", src.With(config.Source{"DATABASE_URL": url}), io.Discard)
	if err != nil {
		return err
	}
	return user.CreateOwner(ctx, env, email, password)
}
