package embeddedpg

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// LockedError says that another marketplace uses the state folder.
type LockedError struct {
	Dir string
	PID int // 0 when unknown
}

// Error names the folder, who uses it and what to do.
func (e *LockedError) Error() string {
	who := "another marketplace"
	if e.PID > 0 {
		who += " (process " + strconv.Itoa(e.PID) + ")"
	}
	return fmt.Sprintf("%s already uses the state folder %s: stop it first, or give this one a folder of its own with --state", who, e.Dir)
}

// Lock makes the state folder and takes it for this process; the lock ends
// with the process, however it ends. Errors: *LockedError.
func Lock(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o711); err != nil { //nolint:gosec // the server's user walks through it; what is inside is 0600 or 0700
		return nil, fmt.Errorf("state folder %s: %w", dir, err)
	}
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // a path of ours
	if err != nil {
		return nil, fmt.Errorf("state folder %s: %w", dir, err)
	}
	if err := flockPatiently(f); err != nil {
		defer func() { _ = f.Close() }()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &LockedError{Dir: dir, PID: lockHolder(path)}
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0) // only for the message above
	}
	return func() { _ = f.Close() }, nil
}

// flockPatiently gives way to a Holder call, which looks for an instant.
func flockPatiently(f *os.File) error {
	for attempt := 0; ; attempt++ {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || attempt == lockAttempts {
			return err
		}
		time.Sleep(lockPause)
	}
}

const (
	lockAttempts = 5
	lockPause    = 10 * time.Millisecond
)

// Holder returns the process that uses the state folder; false when nobody does.
func Holder(dir string) (pid int, ok bool) {
	path := filepath.Join(dir, "lock")
	f, err := os.Open(path) //nolint:gosec // a path of ours
	if err != nil {
		return 0, false
	}
	defer func() { _ = f.Close() }()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return 0, false
	}
	return lockHolder(path), true
}

func lockHolder(path string) int {
	text, err := os.ReadFile(path) //nolint:gosec // a path of ours
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:5])
}
