package embeddedpg

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// moduleRoot is where web/node_modules lies, seen from this folder.
const moduleRoot = "../.."

// stateDir is a short, walkable folder that root's PostgreSQL can enter.
func stateDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "epg-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func options(dir string) Options {
	return Options{StateDir: dir, Bin: os.Getenv("MARKETPLACE_PG_BIN"), Roots: []string{moduleRoot}, Throwaway: true, Log: zerolog.Nop()}
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	return s
}

func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	var out string
	require.NoError(t, conn.QueryRow(context.Background(), sql).Scan(&out))
	return out
}

func run(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(context.Background(), sql)
	require.NoError(t, err)
}

func TestDataOutlivesARestartOnEveryInstallation(t *testing.T) {
	t.Parallel()
	found, err := Find("", moduleRoot)
	require.NoError(t, err)
	for _, inst := range found {
		t.Run(inst.Version, func(t *testing.T) {
			t.Parallel()
			o := options(stateDir(t))
			o.Bin, o.Throwaway = inst.Bin, false
			s := start(t, o)
			require.Equal(t, inst.Major, s.Installation().Major)
			require.Equal(t, o.StateDir, s.StateDir())
			run(t, s.URL(), "CREATE TABLE kept AS SELECT 'shoe'::text AS what")
			require.NoError(t, s.Stop(context.Background()))
			require.NoError(t, s.Close(context.Background()), "stopping twice is harmless")

			again := start(t, o)
			require.Equal(t, "shoe", query(t, again.URL(), "SELECT what FROM kept"))
			require.Equal(t, "UTF8", query(t, again.URL(), "SHOW server_encoding"))
			require.Equal(t, "on", query(t, again.URL(), "SHOW data_checksums"))
			require.Empty(t, query(t, again.URL(), "SHOW listen_addresses"), "never on TCP")
			require.Equal(t, "on", query(t, again.URL(), "SHOW fsync"))
		})
	}
}

func TestServerRunsInItsOwnProcessGroupBehindAPrivateSocket(t *testing.T) {
	t.Parallel()
	s := start(t, options(stateDir(t)))
	group, err := syscall.Getpgid(s.PID())
	require.NoError(t, err)
	require.NotEqual(t, syscall.Getpgrp(), group, "a terminal's Ctrl-C must not reach it")
	info, err := os.Stat(filepath.Join(s.StateDir(), socketFolder))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

func TestLongStateFolderStillGetsASocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(stateDir(t), strings.Repeat("long", 25))
	s := start(t, options(dir))
	require.Equal(t, "1", query(t, s.URL(), "SELECT '1'"))
	require.NoDirExists(t, filepath.Join(dir, socketFolder))
	t.Cleanup(func() { _ = os.RemoveAll("/tmp/marketplace-" + shortHash(dir)) })
}

func TestSocketFolderThatIsALinkIsRefused(t *testing.T) {
	t.Parallel()
	s := &Server{state: stateDir(t), owner: identity{self: true, uid: uint32(os.Geteuid())}} //nolint:gosec // ids of this process
	require.NoError(t, os.Symlink("/tmp", filepath.Join(s.state, socketFolder)))
	_, err := s.makeSocketFolder()
	require.ErrorContains(t, err, "remove it")
}

func TestSecondMarketplaceOnTheSameFolderIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, options(stateDir(t)))
	_, err := Start(context.Background(), options(s.StateDir()))
	var locked *LockedError
	require.ErrorAs(t, err, &locked)
	require.Equal(t, os.Getpid(), locked.PID)
	require.ErrorContains(t, err, s.StateDir())
	require.ErrorContains(t, err, "--state")

	pid, held := Holder(s.StateDir())
	require.True(t, held)
	require.Equal(t, os.Getpid(), pid)
	require.NoError(t, s.Stop(context.Background()))
	_, held = Holder(s.StateDir())
	require.False(t, held)
	_, held = Holder("/nowhere")
	require.False(t, held)
}

func TestServerThatOutlivedItsMarketplaceIsTakenOver(t *testing.T) {
	t.Parallel()
	o := options(stateDir(t))
	killed, err := Start(context.Background(), o)
	require.NoError(t, err)
	killed.unlock() // what the kernel does for a process that was killed

	s := start(t, o)
	require.Equal(t, killed.PID(), s.PID())
	require.Equal(t, killed.URL(), s.URL())
	require.Equal(t, "1", query(t, s.URL(), "SELECT '1'"))
	require.NoError(t, s.Stop(context.Background()))
	<-killed.process().done
}

func TestServerThatIsStoppingIsWaitedForAndStartedAgain(t *testing.T) {
	t.Parallel()
	o := options(stateDir(t))
	killed, err := Start(context.Background(), o)
	require.NoError(t, err)
	killed.unlock()
	require.NoError(t, syscall.Kill(killed.PID(), syscall.SIGINT))

	s := start(t, o)
	require.Equal(t, "1", query(t, s.URL(), "SELECT '1'"))
	<-killed.process().done
}

func TestServerThatDiesIsStartedAgain(t *testing.T) {
	t.Parallel()
	s := start(t, options(stateDir(t)))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	first := s.PID()
	run(t, s.URL(), "CREATE TABLE kept AS SELECT 'shoe'::text AS what")
	require.NoError(t, syscall.Kill(first, syscall.SIGKILL))
	require.Eventually(t, func() bool {
		conn, err := pgx.Connect(ctx, s.URL())
		if err != nil {
			return false
		}
		return conn.Close(ctx) == nil && s.PID() != first
	}, time.Minute, 20*time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
	require.True(t, alive(s.PID()), "ending Run leaves the server to Stop")
}

func TestRunGivesUpWhileTheServerCannotStart(t *testing.T) {
	t.Parallel()
	s := start(t, options(stateDir(t)))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	good := s.bin
	s.bin = filepath.Join(s.StateDir(), "nowhere")
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	p := s.process()
	require.NoError(t, syscall.Kill(p.id, syscall.SIGKILL))
	<-p.done
	time.AfterFunc(300*time.Millisecond, cancel)
	require.NoError(t, <-ended)
	s.bin = good
}

func TestImmediateStopWhenThereIsNoTime(t *testing.T) {
	t.Parallel()
	s := start(t, options(stateDir(t)))
	conn, err := pgx.Connect(context.Background(), s.URL())
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, s.Stop(ctx))
	require.True(t, s.process().gone())
}

func TestThrowawayDataFolderOfAnInterruptedStartIsRemoved(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	half := filepath.Join(dir, dataFolder+".new-123")
	require.NoError(t, os.MkdirAll(filepath.Join(half, "base"), 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(dir, dataFolder), 0o700), "an empty data folder is as good as none")
	s := start(t, options(dir))
	require.NoDirExists(t, half)
	require.Equal(t, "1", query(t, s.URL(), "SELECT '1'"))
}

func TestCancelledFirstStartLeavesNoDataFolder(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Start(ctx, options(dir))
	require.ErrorIs(t, err, context.Canceled)
	require.NoDirExists(t, filepath.Join(dir, dataFolder))
	unlock, err := Lock(dir)
	require.NoError(t, err, "a failed start gives the folder back")
	unlock()
}

func TestDataFolderOfAnotherMajorIsRefused(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	require.NoError(t, os.Mkdir(filepath.Join(dir, dataFolder), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, dataFolder, "PG_VERSION"), []byte("14\n"), 0o600))
	_, err := Start(context.Background(), options(dir))
	var version *VersionError
	require.ErrorAs(t, err, &version)
	require.Equal(t, 14, version.Major)
	for _, part := range []string{dir, "PostgreSQL 14", strconv.Itoa(version.Found[0].Major), "MARKETPLACE_PG_BIN", "--state"} {
		require.ErrorContains(t, err, part)
	}
}

func TestFolderThatIsNoDataFolderIsNeverInitialised(t *testing.T) {
	t.Parallel()
	dir := stateDir(t)
	mine := filepath.Join(dir, dataFolder, "thesis.txt")
	require.NoError(t, os.Mkdir(filepath.Dir(mine), 0o700))
	require.NoError(t, os.WriteFile(mine, []byte("years of work"), 0o600))
	_, err := Start(context.Background(), options(dir))
	require.ErrorContains(t, err, "not a PostgreSQL data folder")
	require.FileExists(t, mine)

	require.NoError(t, os.WriteFile(filepath.Join(dir, dataFolder, "PG_VERSION"), []byte("new"), 0o600))
	_, err = Start(context.Background(), options(dir))
	require.ErrorContains(t, err, `PG_VERSION says "new"`)
}

func TestServerWithoutFsyncIsRefused(t *testing.T) {
	t.Parallel()
	o := options(stateDir(t))
	first := start(t, o)
	require.NoError(t, first.Stop(context.Background()))
	conf := filepath.Join(first.data, "postgresql.auto.conf")
	text, err := os.ReadFile(conf) //nolint:gosec // a path of this test
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(conf, append(text, "\nfsync = off\n"...), 0o600))
	o.Throwaway = false
	_, err = Start(context.Background(), o)
	require.ErrorContains(t, err, "fsync=off")
	pm, ok := readPostmaster(first.data)
	require.False(t, ok && alive(pm.pid), "a refused server is not left running")
}

func TestStartThatFailsShowsTheServersLog(t *testing.T) {
	t.Parallel()
	o := options(stateDir(t))
	first := start(t, o)
	require.NoError(t, first.Stop(context.Background()))
	conf := filepath.Join(first.data, "postgresql.conf")
	require.NoError(t, os.WriteFile(conf, []byte("shared_bufers = 1\n"), 0o600))
	_, err := Start(context.Background(), o)
	require.ErrorContains(t, err, "shared_bufers")
	require.ErrorContains(t, err, first.LogPath())
}

func TestStateFolderThatCannotBeMadeIsAnError(t *testing.T) {
	t.Parallel()
	file := filepath.Join(stateDir(t), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := Start(context.Background(), options(filepath.Join(file, "state")))
	require.ErrorContains(t, err, "state folder")
}

func TestLogStartsAfreshWhenItIsLarge(t *testing.T) {
	t.Parallel()
	s := &Server{state: stateDir(t)}
	require.NoError(t, os.Truncate(touch(t, s.LogPath()), maxLogSize+1))
	f, end, err := s.openLog()
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.Zero(t, end)
	require.Contains(t, s.logSince(0), "logged nothing")
	require.NoError(t, os.WriteFile(s.LogPath(), []byte(strings.Repeat("a\n", 20)+"the end\n"), 0o600))
	require.Contains(t, s.logSince(0), "the end")
	require.Equal(t, logLines, strings.Count(s.logSince(0), "\n"))
}

func touch(t *testing.T, path string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	return path
}
