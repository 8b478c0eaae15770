package archtest

import (
	"os"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// root is the repository, from this package's folder.
const root = "../.."

var readOnce = sync.OnceValues(func() (Tree, error) { return ReadTree(os.DirFS(root)) })

// repository returns the text of the whole repository.
func repository(t *testing.T) Tree {
	t.Helper()
	tree, err := readOnce()
	require.NoError(t, err)
	require.Contains(t, tree, "go.mod")
	return tree
}

func TestATreeIsTheFilesThatAreCommitted(t *testing.T) {
	t.Parallel()
	tree, err := ReadTree(fstest.MapFS{
		".gitignore":      {Data: []byte("/bin/\n/.env\n*.test\n")},
		".git/HEAD":       {Data: []byte("ref")},
		"bin/marketplace": {Data: []byte("built")},
		".env":            {Data: []byte("SECRET=1")},
		"pkg/x/x.test":    {Data: []byte("built")},
		"pkg/bin/x.go":    {Data: []byte("package bin")},
		"picture.png":     {Data: []byte{0xff, 0xfe, 0x00}},
		"README.md":       {Data: []byte("# Read me")},
	})
	require.NoError(t, err)
	require.Equal(t, []string{".gitignore", "README.md", "pkg/bin/x.go"}, tree.names(func(string) bool { return true }))

	_, err = ReadTree(fstest.MapFS{})
	require.ErrorContains(t, err, ".gitignore")
}

func TestAGoFileThatDoesNotParseIsSeen(t *testing.T) {
	t.Parallel()
	sources, offences := Tree{"a.go": "package", "b.go": "package b"}.written()
	require.Len(t, sources, 1)
	require.Len(t, offences, 1)
}
