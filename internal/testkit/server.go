package testkit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/migrations"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
)

// shared is the process's PostgreSQL, started by the first test that needs it:
// the one TEST_DATABASE_URL names, or a throwaway one of our own (of the
// version in MARKETPLACE_PG_BIN, if that is set).
var shared server

type server struct {
	mu       sync.Mutex
	embedded *embeddedpg.Server // nil with TEST_DATABASE_URL
	dir      string
	address  string // superuser's URL
	ready    string // name of the migrated template
	failed   error  // a start that failed is not tried again by every test
}

const dirPrefix = "marketplace-test-"

// leftoverAge is when a folder without a living owner is nobody's.
const leftoverAge = 10 * time.Minute

func (s *server) url() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.address == "" && s.failed == nil {
		s.failed = s.start()
	}
	return s.address, s.failed
}

func (s *server) start() error {
	if outside := os.Getenv("TEST_DATABASE_URL"); outside != "" {
		s.address = outside
		return nil
	}
	removeLeftovers()
	dir, err := os.MkdirTemp("", dirPrefix)
	if err != nil {
		return err
	}
	s.dir = dir
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // root's server runs as another user, who walks through it
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s.embedded, err = embeddedpg.Start(ctx, embeddedpg.Options{
		StateDir: dir, Bin: os.Getenv("MARKETPLACE_PG_BIN"), Roots: []string{moduleRoot()},
		MaxConns: 400, Throwaway: true, Log: zerolog.Nop(),
	})
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	s.address = s.embedded.URL()
	return nil
}

// template returns the name of the migrated database, made on first use. Its
// name carries a hash of the migrations, so test processes that share an
// outside server share it too, and an edited migration makes a new one.
func (s *server) template() (string, error) {
	address, err := s.url()
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ready != "" || s.failed != nil {
		return s.ready, s.failed
	}
	name, err := templateName()
	if err != nil {
		return "", err
	}
	if err := makeTemplate(address, name); err != nil {
		s.failed = fmt.Errorf("migrate the template: %w", err)
		return "", s.failed
	}
	s.ready = name
	return name, nil
}

func templateName() (string, error) {
	hash := sha256.New()
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			return "", err
		}
		_, _ = fmt.Fprintf(hash, "%s %d\n%s", name, len(text), text) // a hash never fails
	}
	return "template_" + hex.EncodeToString(hash.Sum(nil)[:8]), nil
}

// makeTemplate migrates a database aside and renames it when it is complete;
// an advisory lock keeps other test processes out meanwhile.
func makeTemplate(address, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtext($1))", name); err != nil {
		return err
	}
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	draft := name + "_draft"
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+draft); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+draft); err != nil {
		return err
	}
	if err := migrations.Up(ctx, within(address, draft)); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+draft+" RENAME TO "+name)
	return err
}

// stop ends our own server and removes its folder.
func (s *server) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.embedded == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return errors.Join(s.embedded.Stop(ctx), os.RemoveAll(s.dir))
}

// removeLeftovers removes the folders of test processes that were killed.
func removeLeftovers() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), dirPrefix+"*")) // the pattern is well formed
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil || clock.Since(info.ModTime()) < leftoverAge {
			continue
		}
		lock, err := os.Open(filepath.Join(dir, "lock")) //nolint:gosec // a folder of ours
		if err != nil {
			continue
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(dir) // best effort
		}
		_ = lock.Close()
	}
}

// within names another database of the same server.
func within(address, database string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Path = "/" + database
	return u.String()
}

// moduleRoot is the folder of go.mod, where web/node_modules lies.
func moduleRoot() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	for at := dir; at != filepath.Dir(at); at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
	}
	return dir
}
