package segment_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/segment"
)

// rows are n rows of a shard.
func rows(shard int16, n int64) []segment.Row {
	out := make([]segment.Row, n)
	for i := range out {
		seq := int64(i + 1)
		out[i] = segment.Row{
			Shard: shard, Seq: seq, Epoch: 2, N: 3 * seq, At: 4 * seq, Prev: bytes.Repeat([]byte{5}, 32), Hash: bytes.Repeat([]byte{6}, 32),
			Body: bytes.Repeat([]byte("body"), i),
		}
	}
	return out
}

// each hands rows out one by one.
func each(list []segment.Row) func() (segment.Row, error) {
	return func() (segment.Row, error) {
		if len(list) == 0 {
			return segment.Row{}, io.EOF
		}
		r := list[0]
		list = list[1:]
		return r, nil
	}
}

// all reads a file to its end.
func all(path string) (out []segment.Row, err error) {
	r, err := segment.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	for {
		row, err := r.Next()
		if err == io.EOF { //nolint:errorlint // it is returned as it is
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, row)
	}
}

func TestAStretchIsReadBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := rows(7, 100)
	path, err := segment.Write(dir, 7, 1, 100, each(want))
	require.NoError(t, err)
	got, err := all(path)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600))
	_, err = segment.Write(dir, 3, 11, 12, each(nil))
	require.NoError(t, err)
	files, err := segment.List(dir)
	require.NoError(t, err)
	require.Len(t, files, 2, "others are left alone")
	require.Equal(t, segment.File{Path: path, Shard: 7, First: 1, Last: 100}, files[1])
}

func TestAStretchThatCannotBeWrittenLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := segment.Write(dir, 1, 1, 2, func() (segment.Row, error) { return segment.Row{}, os.ErrDeadlineExceeded })
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	_, err = segment.Write(filepath.Join(dir, "nowhere"), 1, 1, 2, each(nil))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestADamagedStretchIsFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, err := segment.Write(dir, 7, 1, 50, each(rows(7, 50)))
	require.NoError(t, err)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, bad := range map[string][]byte{
		"cut":      whole[:len(whole)/2],
		"empty":    nil,
		"no gzip":  []byte("hello"),
		"one byte": append(append(bytes.Clone(whole[:len(whole)/2]), whole[len(whole)/2]^1), whole[len(whole)/2+1:]...),
	} {
		other := filepath.Join(dir, "bad")
		require.NoError(t, os.WriteFile(other, bad, 0o600))
		_, err := all(other)
		require.ErrorIs(t, err, segment.ErrDamaged, name)
	}
}
