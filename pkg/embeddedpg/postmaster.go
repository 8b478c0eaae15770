package embeddedpg

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	maxSocketPath = 100      // bytes; sun_path holds 104 on some systems, 108 on others
	maxLogSize    = 10 << 20 // bytes kept before the log starts afresh
	logLines      = 8        // shown when a start fails
)

// postmaster is what a running server writes into postmaster.pid.
type postmaster struct {
	pid    int
	socket string // folder of its Unix socket
	status string // starting, ready, stopping, standby
}

func readPostmaster(data string) (postmaster, bool) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid")) //nolint:gosec // a path of ours
	if err != nil {
		return postmaster{}, false
	}
	lines := strings.Split(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 0 {
		return postmaster{}, false
	}
	pm := postmaster{pid: pid}
	if len(lines) > 4 {
		pm.socket = strings.TrimSpace(lines[4])
	}
	if len(lines) > 7 {
		pm.status = strings.TrimSpace(lines[7])
	}
	return pm, true
}

// isPostgres says no only when it is certain: a process id that was given to
// another program since.
func isPostgres(pid int) bool {
	comm, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "comm"))
	if err != nil {
		return true
	}
	return strings.HasPrefix(string(comm), "postgres")
}

// serverArgs are the settings the marketplace relies on. They go before
// postgresql.conf, so an older data folder follows a newer marketplace.
func (s *Server) serverArgs(socket string) []string {
	conns := s.opts.MaxConns
	if conns == 0 {
		conns = defaultMaxConns
	}
	args := []string{"-D", s.data}
	for _, setting := range []string{
		"listen_addresses=",
		"unix_socket_directories=" + socket,
		"unix_socket_permissions=0700",
		"port=" + port,
		"max_connections=" + strconv.Itoa(conns),
		"shared_buffers=" + strconv.FormatInt(s.buffers(), 10) + "MB",
		"max_wal_size=2GB",
		"timezone=UTC",
		"log_timezone=UTC",
		"logging_collector=off",
		"cluster_name=marketplace",
	} {
		args = append(args, "-c", setting)
	}
	if s.opts.Throwaway {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off", "-c", "autovacuum=off")
	}
	return args
}

// buffers is how many MB of tables the server keeps in memory: the least in tests, which
// run many servers at once.
func (s *Server) buffers() int64 {
	if s.opts.Throwaway {
		return leastBuffers
	}
	return buffers(memory())
}

// makeSocketFolder makes a 0700 folder for the socket, in the state folder or,
// where that path is too long for a socket, in /tmp.
func (s *Server) makeSocketFolder() (string, error) {
	dir := filepath.Join(s.state, socketFolder)
	if len(dir)+len("/.s.PGSQL."+port) > maxSocketPath {
		dir = "/tmp/marketplace-" + shortHash(s.state)
	}
	err := os.Mkdir(dir, 0o700)
	if err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("socket folder: %w", err)
	}
	if err := s.checkSocketFolder(dir); err != nil {
		return "", err
	}
	if err := errors.Join(os.Chmod(dir, 0o700), s.owner.own(dir)); err != nil { //nolint:gosec // a folder needs its x bit
		return "", fmt.Errorf("socket folder: %w", err)
	}
	return dir, nil
}

// checkSocketFolder refuses a link, or a folder that somebody else made for us
// to fall into.
func (s *Server) checkSocketFolder(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("socket folder: %w", err)
	}
	owner, _ := ownerOf(dir)
	ours := owner == s.owner.uid || int(owner) == os.Geteuid()
	if !info.IsDir() || !ours {
		return fmt.Errorf("socket folder %s is not a folder of user %s: remove it", dir, s.owner.name)
	}
	return nil
}

// openLog opens the server's log for appending and says where it ends now.
func (s *Server) openLog() (f *os.File, end int64, err error) {
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(s.LogPath()); err == nil && info.Size() > maxLogSize {
		flags |= os.O_TRUNC
	}
	if f, err = os.OpenFile(s.LogPath(), flags, 0o600); err != nil {
		return nil, 0, fmt.Errorf("log of postgresql: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("log of postgresql: %w", err), f.Close())
	}
	return f, info.Size(), nil
}

// logSince returns the last lines the server logged after offset from.
func (s *Server) logSince(from int64) string {
	text, err := os.ReadFile(s.LogPath())
	if err != nil || int64(len(text)) <= from {
		return "it logged nothing in " + s.LogPath()
	}
	lines := strings.Split(strings.TrimSpace(string(text[from:])), "\n")
	if len(lines) > logLines {
		lines = lines[len(lines)-logLines:]
	}
	return "its log (" + s.LogPath() + ") says\n  " + strings.Join(lines, "\n  ")
}
