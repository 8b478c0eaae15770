package service

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPROD_004_SlipsAreCounted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"jordan", "jordan", 0},
		{"jordn", "jordan", 1},
		{"jordaan", "jordan", 1},
		{"jordon", "jordan", 1},
		{"jodran", "jordan", 1},
		{"ojdran", "jordan", 2},
		{"yezy", "yeezy", 1},
		{"café", "cafe", 1},
		{"a", "abcd", 3},
		{"abc", "xyz", 3},
	} {
		require.Equal(t, c.want, distance([]rune(c.a), []rune(c.b), 3), "%s %s", c.a, c.b)
		require.Equal(t, min(c.want, 2), distance([]rune(c.a), []rune(c.b), 1), "%s %s", c.a, c.b)
	}
	require.Equal(t, []int{0, 0, 1, 1, 1, 1, 2, 2}, []int{slips(0), slips(1), slips(2), slips(3), slips(4), slips(5), slips(6), slips(9)})
}

// naive counts slips by trying everything.
func naive(a, b []rune) int {
	if len(a) == 0 || len(b) == 0 {
		return len(a) + len(b)
	}
	least := min(naive(a[1:], b), naive(a, b[1:])) + 1
	wrong := 1
	if a[0] == b[0] {
		wrong = 0
	}
	least = min(least, naive(a[1:], b[1:])+wrong)
	if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
		least = min(least, naive(a[2:], b[2:])+1)
	}
	return least
}

func TestPROD_004_SlipsAreCountedAsANaiveCountDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SliceOfN(rapid.SampledFrom([]rune("abc")), 0, 6)
		a, b, limit := word.Draw(t, "a"), word.Draw(t, "b"), rapid.IntRange(0, 4).Draw(t, "limit")
		if want, got := min(naive(a, b), limit+1), distance(a, b, limit); want != got {
			t.Fatalf("%s %s within %d: %d, not %d", string(a), string(b), limit, got, want)
		}
	})
}
