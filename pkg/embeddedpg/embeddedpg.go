// Package embeddedpg runs a real PostgreSQL as a child process, so that one
// command is enough to start the marketplace.
//
// It finds an installed PostgreSQL, makes a data folder once, listens on a Unix
// socket in a private directory and never on TCP, keeps fsync on, restarts the
// server when it dies and stops it when asked. A server that outlived a killed
// marketplace is taken over, not started twice.
package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

const (
	// user and database are what URL names; the socket's directory is what guards them.
	user     = "marketplace"
	database = "marketplace"

	dataFolder   = "pgdata"
	socketFolder = "pgsocket"
	logFile      = "postgres.log"
	port         = "5432" // only part of the socket's name

	defaultMaxConns = 100
	readyTimeout    = 2 * time.Minute  // crash recovery may have to replay a lot
	haltGrace       = 10 * time.Second // a start that failed stops what it started
	quitGrace       = 3 * time.Second  // after an immediate shutdown was asked for
)

// Options say where the server lives. The zero value of every field but
// StateDir is usable.
type Options struct {
	// StateDir holds data, socket and log; made when absent.
	StateDir string
	// Bin is a folder with postgres and initdb that goes before every other (MARKETPLACE_PG_BIN).
	Bin string
	// Roots are further folders to look for web/node_modules in.
	Roots []string
	// MaxConns is PostgreSQL's max_connections; 0 means 100.
	MaxConns int
	// Throwaway is for tests: no fsync, and the server dies with this process.
	Throwaway bool
	// Log is told about starts, takeovers, crashes and stops.
	Log zerolog.Logger
}

// Server is a running PostgreSQL that this process looks after.
type Server struct {
	opts   Options
	state  string // absolute
	data   string // the cluster's folder
	bin    string // folder of the programs
	inst   Installation
	owner  identity // whom the child runs as
	unlock func()

	mu       sync.Mutex
	proc     process
	socket   string // folder of the Unix socket
	stopping bool
}

// Start returns once the server answers. It makes the data folder on first
// use, takes over a server that is already running there, and refuses a folder
// of another major version, or one that another marketplace uses.
// Errors: *NotInstalledError, *VersionError, *LockedError, or what went wrong
// with the last lines of the server's log.
func Start(ctx context.Context, opts Options) (*Server, error) {
	state, err := filepath.Abs(opts.StateDir)
	if err != nil {
		return nil, fmt.Errorf("state folder %q: %w", opts.StateDir, err)
	}
	opts.StateDir = state
	s := &Server{opts: opts, state: state, data: filepath.Join(state, dataFolder)}
	if s.unlock, err = Lock(state); err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		s.unlock()
		return nil, err
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	var err error
	if s.owner, err = chooseIdentity(s.data); err != nil {
		return err
	}
	if err := s.checkReachable(); err != nil {
		return err
	}
	if s.inst, err = Choose(s.opts); err != nil {
		return err
	}
	if s.bin, err = s.runnable(s.inst); err != nil {
		return err
	}
	if err := s.ensureCluster(ctx); err != nil {
		return err
	}
	if err = s.launchOrAdopt(ctx); err == nil {
		err = s.prepare(ctx)
	}
	if err != nil {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), haltGrace)
		defer cancel()
		return errors.Join(err, s.halt(stop))
	}
	return nil
}

// URL names the marketplace's database, superuser included; it works with pgx,
// golang-migrate and psql.
func (s *Server) URL() string { return s.url(database) }

func (s *Server) url(db string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(user),
		Path:     "/" + db,
		RawQuery: url.Values{"host": {s.socket}, "port": {port}}.Encode(),
	}
	return u.String()
}

// Installation says which PostgreSQL runs.
func (s *Server) Installation() Installation { return s.inst }

// StateDir is the absolute folder that holds data, socket and log.
func (s *Server) StateDir() string { return s.state }

// LogPath is the file the server logs to.
func (s *Server) LogPath() string { return filepath.Join(s.state, logFile) }

// PID is the postmaster's process id.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc.pid()
}

// Stop asks for a fast shutdown and waits; when ctx ends first it asks for an
// immediate one, which loses nothing but makes the next start replay the log.
// Stopping twice is harmless.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	if s.stopping {
		s.mu.Unlock()
		return nil
	}
	s.stopping = true
	s.mu.Unlock()
	defer s.unlock()
	if err := s.halt(ctx); err != nil {
		return err
	}
	s.opts.Log.Debug().Msg("postgresql stopped")
	return nil
}

// Close is Stop.
func (s *Server) Close(ctx context.Context) error { return s.Stop(ctx) }

// DefaultStateDir returns the folder to use when nobody named one:
// .marketplace in the working directory, or, for root in a place that the
// server's user cannot enter, a folder of its own under /var/lib/marketplace.
func DefaultStateDir() (string, error) {
	wd, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("working directory: %w", err)
	}
	dir := filepath.Join(wd, ".marketplace")
	who, err := chooseIdentity(filepath.Join(dir, dataFolder))
	if err != nil {
		return "", err
	}
	if who.self || walkable(wd, who) {
		return dir, nil
	}
	return filepath.Join("/var/lib/marketplace", shortHash(wd)), nil
}
