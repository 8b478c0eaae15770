package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

const (
	diskSize = 384 << 20 // an empty cluster takes 60 MB of it
	spare    = 4 << 20   // left to the load when the rest is filled
)

// errNoDisk says that this system does not let the drill have a disk of its own.
var errNoDisk = errors.New("no small disk can be mounted")

// disk is a small one that is filled on purpose.
type disk struct {
	dir  string
	keep bool // what is on it, beyond the drill
}

// mountDisk makes a folder a disk of its own.
// Errors: errNoDisk with what the system says; of the folder.
func mountDisk(ctx context.Context, dir string) (*disk, error) {
	if err := os.Mkdir(dir, 0o711); err != nil { //nolint:gosec // the database's user walks through
		return nil, fmt.Errorf("small disk: %w", err)
	}
	options := fmt.Sprintf("size=%d,mode=0711", diskSize)
	cmd := exec.CommandContext(ctx, "mount", "-t", "tmpfs", "-o", options, "tmpfs", dir) //nolint:gosec // a folder of ours
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %w: %s", errNoDisk, err, bytes.TrimSpace(text))
	}
	return &disk{dir: dir}, nil
}

// unmount gives the disk back, with all that is on it, unless that is to be kept.
func (d *disk) unmount() error {
	if d.keep {
		return nil
	}
	if text, err := exec.CommandContext(context.Background(), "umount", d.dir).CombinedOutput(); err != nil { //nolint:gosec // a folder of ours
		return fmt.Errorf("unmount %s: %w: %s", d.dir, err, bytes.TrimSpace(text))
	}
	return nil
}

func (d *disk) ballast() string { return filepath.Join(d.dir, "ballast") }

// fill takes all there is, but for what is spared.
func (d *disk) fill() (err error) {
	f, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("fill the disk: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	chunk, written := make([]byte, 1<<20), int64(0)
	for {
		n, err := f.Write(chunk)
		written += int64(n)
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		if err != nil {
			return fmt.Errorf("fill the disk: %w", err)
		}
	}
	if err := f.Truncate(max(0, written-spare)); err != nil {
		return fmt.Errorf("fill the disk: %w", err)
	}
	return nil
}

// free gives back what fill took.
func (d *disk) free() error { return os.Remove(d.ballast()) }
