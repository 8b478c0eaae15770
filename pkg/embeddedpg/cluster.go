package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// VersionError says that the data folder needs another PostgreSQL.
type VersionError struct {
	Data  string // the data folder
	Major int    // which major version made it
	Found []Installation
}

// Error names both versions, the folder and the ways out.
func (e *VersionError) Error() string {
	found := make([]string, 0, len(e.Found))
	for _, i := range e.Found {
		found = append(found, fmt.Sprintf("%d (%s)", i.Major, i.Bin))
	}
	return fmt.Sprintf("data folder %s was made by PostgreSQL %d, but the one found here is %s.\n"+
		"Install PostgreSQL %d (or name its folder in MARKETPLACE_PG_BIN), or move the folder away to begin with empty data, or choose another with --state.",
		e.Data, e.Major, strings.Join(found, ", "), e.Major)
}

// Choose returns the installation that Start would run: the first that Find
// lists whose major version made the data folder, or the first of all while
// there is none. Errors: *NotInstalledError, *VersionError, or a data folder
// that is none.
func Choose(opts Options) (Installation, error) {
	data := filepath.Join(opts.StateDir, dataFolder)
	found, err := Find(opts.Bin, opts.Roots...)
	if err != nil {
		return Installation{}, err
	}
	major, err := clusterMajor(data)
	if err != nil || major == 0 {
		return found[0], err
	}
	for _, inst := range found {
		if inst.Major == major {
			return inst, nil
		}
	}
	return Installation{}, &VersionError{Data: data, Major: major, Found: found}
}

// clusterMajor reads which major version made the folder; 0 when there is none.
// A folder that holds anything else is refused, never initialised over.
func clusterMajor(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION")) //nolint:gosec // a path of ours
	if err == nil {
		major, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return 0, fmt.Errorf("data folder %s: PG_VERSION says %q", data, text)
		}
		return major, nil
	}
	entries, readErr := os.ReadDir(data)
	switch {
	case errors.Is(readErr, os.ErrNotExist):
		return 0, nil
	case readErr != nil:
		return 0, fmt.Errorf("data folder: %w", readErr)
	case len(entries) > 0:
		return 0, fmt.Errorf("%s is not a PostgreSQL data folder (no PG_VERSION) and is not empty: move it away, or choose another place with --state", data)
	}
	return 0, nil
}

// ensureCluster makes the data folder unless it is there. It is made aside and
// renamed when complete, so a start that was cut off leaves nothing half-made.
func (s *Server) ensureCluster(ctx context.Context) error {
	leftovers, _ := filepath.Glob(s.data + ".new-*") // the pattern is well formed
	for _, dir := range leftovers {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove a data folder that was never finished: %w", err)
		}
	}
	if major, err := clusterMajor(s.data); err != nil || major != 0 {
		return err
	}
	fresh, err := os.MkdirTemp(s.state, dataFolder+".new-")
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := s.owner.own(fresh); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := s.initdb(ctx, fresh); err != nil {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	_ = os.Remove(s.data) // at most an empty folder
	if err := os.Rename(fresh, s.data); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return syncFolder(s.state)
}

// initdb makes a cluster in dir, in UTF-8 with the C.UTF-8 locale where the
// system has it, so that sorting is the same on every machine.
func (s *Server) initdb(ctx context.Context, dir string) error {
	s.opts.Log.Info().Str("postgresql", s.inst.String()).Str("folder", s.data).Msg("making the data folder")
	var err error
	for _, locale := range []string{"C.UTF-8", "C"} {
		if err = s.runInitdb(ctx, dir, locale); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (s *Server) runInitdb(ctx context.Context, dir, locale string) error {
	args := []string{"-D", dir, "-U", user, "-A", "trust", "-E", "UTF8", "--locale=" + locale, "--data-checksums", "--no-instructions"}
	if s.opts.Throwaway {
		args = append(args, "--no-sync")
	}
	cmd := s.command("initdb", args...)
	dieWithParent(cmd)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	p, err := spawn(cmd)
	if err != nil {
		return fmt.Errorf("start %s as user %s: %w", filepath.Join(s.bin, "initdb"), s.owner.name, err)
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		_ = cmd.Process.Kill() // gone already, or about to be
		<-p.done
		return ctx.Err()
	}
	if !cmd.ProcessState.Success() {
		return fmt.Errorf("initdb: %s\n%s", cmd.ProcessState, strings.TrimSpace(out.String()))
	}
	return nil
}

// syncFolder makes a rename inside dir durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir) //nolint:gosec // a path of ours
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}

// prepare makes the marketplace's database and checks that the server is as
// durable as the engine relies on.
func (s *Server) prepare(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return fmt.Errorf("postgresql started but does not answer: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&there); err != nil {
		return fmt.Errorf("look for database %s: %w", database, err)
	}
	if !there {
		if _, err := conn.Exec(ctx, "CREATE DATABASE "+database); err != nil {
			return fmt.Errorf("create database %s: %w", database, err)
		}
	}
	if s.opts.Throwaway {
		return nil
	}
	return checkDurability(ctx, conn)
}

// checkDurability refuses a server whose commits may be lost with the machine.
func checkDurability(ctx context.Context, conn *pgx.Conn) error {
	for _, name := range []string{"fsync", "full_page_writes", "synchronous_commit"} {
		var value string
		if err := conn.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			return fmt.Errorf("read setting %s: %w", name, err)
		}
		if value != "on" {
			return fmt.Errorf("postgresql runs with %s=%s: a commit could be lost; take that setting out of postgresql.conf and postgresql.auto.conf", name, value)
		}
	}
	return nil
}
