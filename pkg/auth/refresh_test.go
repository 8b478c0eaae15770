package auth

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

const (
	waitFor = 5 * time.Second
	tick    = time.Millisecond
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func refresher(t *testing.T, keys string) *Refresher {
	t.Helper()
	r, err := NewRefresher(Config{Keys: keys})
	require.NoError(t, err)
	return r
}

func TestUSER_005_RootsAreRandomAndOpaque(t *testing.T) {
	t.Parallel()
	r := refresher(t, "a:"+secretA)
	seen := map[string]bool{}
	for range 1000 {
		root := r.Root()
		require.Len(t, root, 43)
		require.False(t, seen[root])
		seen[root] = true
	}
}

func TestUSER_005_TheSameParentGivesTheSameChild(t *testing.T) {
	t.Parallel()
	r := refresher(t, "a:"+secretA)
	root := r.Root()
	child := r.Children(root)[0]
	require.Equal(t, child, refresher(t, "a:"+secretA).Children(root)[0])
	require.NotEqual(t, root, child)
	require.NotEqual(t, child, r.Children(child)[0])
	require.NotEqual(t, child, refresher(t, "a:"+secretB).Children(root)[0], "without the key no child can be guessed")
}

func TestUSER_005_AnOldKeysChildIsStillKnownWhileTheKeyLives(t *testing.T) {
	t.Parallel()
	old, both := refresher(t, "a:"+secretA), refresher(t, "b:"+secretB+",a:"+secretA)
	root := old.Root()
	require.Contains(t, both.Children(root), old.Children(root)[0])
	require.Equal(t, refresher(t, "b:"+secretB).Children(root)[0], both.Children(root)[0])
}

func TestUSER_005_OnlyTheSHA256IsStored(t *testing.T) {
	t.Parallel()
	want := sha256.Sum256([]byte("token"))
	require.Equal(t, want[:], HashRefresh("token"))
}
