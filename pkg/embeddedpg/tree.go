package embeddedpg

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// linkLibraries makes the symbolic links that npm packages cannot carry, as
// native/pg-symlinks.json lists them. pkg is the package's folder.
func linkLibraries(pkg string) {
	text, err := os.ReadFile(filepath.Join(pkg, "native", "pg-symlinks.json")) //nolint:gosec // inside the package
	if err != nil {
		return // older packages need none
	}
	var links []struct{ Source, Target string }
	if json.Unmarshal(text, &links) != nil {
		return
	}
	for _, l := range links {
		if !filepath.IsLocal(l.Source) || !filepath.IsLocal(l.Target) {
			continue
		}
		source, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			continue
		}
		_ = os.Symlink(source, filepath.Join(pkg, l.Target)) // present already, or a tree that is copied later
	}
}

// runnable returns the folder of inst's programs, or of a copy in the state
// folder when the child's user cannot reach or read the original, or when its
// libraries lack links that cannot be made in place.
func (s *Server) runnable(inst Installation) (string, error) {
	prefix := filepath.Dir(inst.Bin)
	if readable(filepath.Join(inst.Bin, "postgres"), s.owner) && readable(filepath.Join(prefix, "lib"), s.owner) {
		return inst.Bin, nil
	}
	if inst.Source == "system" {
		return "", fmt.Errorf("%s: user %s cannot run it", inst, s.owner.name)
	}
	return copyInstallation(inst, filepath.Join(s.state, "pgbin", inst.Version))
}

// copyInstallation copies programs, libraries and share of inst to dir, once.
func copyInstallation(inst Installation, dir string) (string, error) {
	bin := filepath.Join(dir, "bin")
	if _, err := os.Stat(filepath.Join(bin, "postgres")); err == nil {
		return bin, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o711); err != nil { //nolint:gosec // walked through by the server's user
		return "", fmt.Errorf("copy %s: %w", inst, err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "new-")
	if err != nil {
		return "", fmt.Errorf("copy %s: %w", inst, err)
	}
	err = copyTree(inst.Bin, filepath.Join(fresh, "bin"))
	for _, part := range []string{"lib", "lib64", "share"} {
		partErr := copyTree(filepath.Join(filepath.Dir(inst.Bin), part), filepath.Join(fresh, part))
		if !errors.Is(partErr, fs.ErrNotExist) {
			err = errors.Join(err, partErr)
		}
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("copy %s: %w", inst, err), os.RemoveAll(fresh))
	}
	if err := errors.Join(os.Chmod(fresh, 0o755), os.RemoveAll(dir), os.Rename(fresh, dir)); err != nil { //nolint:gosec // programs, not secrets
		return "", fmt.Errorf("copy %s: %w", inst, err)
	}
	return bin, nil
}

// copyTree copies folders, files and links, and opens them for reading by all.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o755) //nolint:gosec // programs, not secrets, in a folder of ours
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target) //nolint:gosec // an installation of ours, not somebody's upload
		default:
			return copyFile(path, target)
		}
	})
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(from) //nolint:gosec // part of the installation
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, info.Mode().Perm()|0o444|(info.Mode().Perm()&0o100)/0o100*0o111) //nolint:gosec // paths of our own walk
}
