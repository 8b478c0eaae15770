package embeddedpg

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var stranger = identity{name: "stranger", uid: 54321, gid: 54321}

func TestClosedFolderIsNotWalkableForOthers(t *testing.T) {
	t.Parallel()
	open := stateDir(t)
	closed := filepath.Join(open, "closed")
	require.NoError(t, os.Mkdir(closed, 0o700))
	require.True(t, walkable(open, stranger))
	require.False(t, walkable(closed, stranger))
	require.False(t, walkable(filepath.Join(closed, "not", "made", "yet"), stranger))
	require.True(t, walkable(filepath.Join(open, "not", "made", "yet"), stranger))

	s := &Server{state: closed, owner: stranger}
	require.ErrorContains(t, s.checkReachable(), "--state")
	s.state = open
	require.NoError(t, s.checkReachable())
}

func TestPermissionBitsOfTheRightClassCount(t *testing.T) {
	t.Parallel()
	file := touch(t, filepath.Join(stateDir(t), "postgres"))
	owner, ok := ownerOf(file)
	require.True(t, ok)
	require.NoError(t, os.Chmod(file, 0o745)) //nolint:gosec // the bits under test
	require.True(t, allows(file, identity{uid: owner, gid: 54321}, 0o5))
	require.False(t, allows(file, identity{uid: 54321, gid: uint32(os.Getegid())}, 0o5), "the group has r only") //nolint:gosec // ids of this process
	require.True(t, allows(file, stranger, 0o5))
	require.False(t, allows(filepath.Join(file, "none"), stranger, 0o5))
	require.True(t, readable(file, identity{self: true}))
}

func TestUserIdsThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	_, err := lookup("-1")
	require.Error(t, err)
	who, err := lookup("54321")
	require.NoError(t, err)
	require.Equal(t, identity{name: "54321", uid: 54321, gid: 54321}, who)
}

func TestDataOfAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, checkDataOwner(stateDir(t), stranger), "belongs to user")
	require.NoError(t, checkDataOwner("/nowhere", stranger))
}

func TestRootRunsTheServerAsTheUserBehindSudo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root")
	}
	t.Setenv("SUDO_UID", "54321")
	who, err := chooseIdentity("/nowhere")
	require.NoError(t, err)
	require.Equal(t, uint32(54321), who.uid)

	owned := stateDir(t)
	require.NoError(t, os.Chown(owned, 54322, 54322))
	who, err = chooseIdentity(owned)
	require.NoError(t, err)
	require.Equal(t, uint32(54322), who.uid, "whoever owns the data keeps it")

	t.Setenv("SUDO_UID", "")
	who, err = chooseIdentity("/nowhere")
	require.NoError(t, err)
	require.Contains(t, []string{"postgres", "nobody"}, who.name)
}

func TestDefaultStateFolderAvoidsPlacesTheServerCannotEnter(t *testing.T) {
	open := stateDir(t)
	t.Chdir(open)
	dir, err := DefaultStateDir()
	require.NoError(t, err)
	require.Equal(t, filepath.Join(open, ".marketplace"), dir)

	if os.Geteuid() != 0 {
		return
	}
	closed := filepath.Join(open, "closed")
	require.NoError(t, os.Mkdir(closed, 0o700))
	t.Chdir(closed)
	dir, err = DefaultStateDir()
	require.NoError(t, err)
	require.Equal(t, "/var/lib/marketplace/"+shortHash(closed), dir)
}

func TestPostmasterFileIsReadWithCare(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for text, want := range map[string]postmaster{
		"":      {},
		"x\n":   {},
		"-5\n":  {},
		"123\n": {pid: 123},
		"123\n/data\n1700000000\n5432\n/sock\n\n 1 2\nready   \n": {pid: 123, socket: "/sock", status: "ready"},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "postmaster.pid"), []byte(text), 0o600))
		got, ok := readPostmaster(dir)
		require.Equal(t, want, got)
		require.Equal(t, want.pid > 0, ok)
	}
	_, ok := readPostmaster(filepath.Join(dir, "none"))
	require.False(t, ok)
	require.False(t, isPostgres(os.Getpid()))
}
