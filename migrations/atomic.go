package migrations

import (
	"context"
	"database/sql"
	"fmt"
	"io"

	"github.com/golang-migrate/migrate/v4/database"
)

// atomic makes each migration and the version it leads to one transaction.
// golang-migrate writes "version, dirty", runs the file and writes "version,
// clean"; a process killed in between needs a person. Here the first write is
// only remembered, and the file commits together with the last.
type atomic struct {
	database.Driver // advisory lock, version table
	db              *sql.DB
	ctx             context.Context //nolint:containedctx // the driver's interface has none, and it lives for one call
	pending         *int            // the version the next Run leads to
}

// SetVersion implements database.Driver.
func (a *atomic) SetVersion(version int, dirty bool) error {
	if dirty {
		a.pending = &version
		return nil
	}
	if a.pending == nil && version >= 0 { // Run wrote it
		return nil
	}
	a.pending = nil
	return a.Driver.SetVersion(version, false)
}

// Run implements database.Driver.
func (a *atomic) Run(migration io.Reader) error {
	text, err := io.ReadAll(migration)
	if err != nil {
		return err
	}
	version := *a.pending
	tx, err := a.db.BeginTx(a.ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	if _, err := tx.ExecContext(a.ctx, string(text)); err != nil {
		return fmt.Errorf("to version %d: %w", version, where(string(text), err))
	}
	if _, err := tx.ExecContext(a.ctx, "TRUNCATE schema_migrations"); err != nil {
		return err
	}
	if version >= 0 {
		if _, err := tx.ExecContext(a.ctx, "INSERT INTO schema_migrations (version, dirty) VALUES ($1, false)", version); err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	a.pending = nil
	return nil
}
