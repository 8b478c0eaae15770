package model

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func TestPROD_002_AddressesAreSafeToShow(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"https://cdn.example.com/a.jpg", "https://cdn.example.com:8443/a.jpg?w=1#x",
		"http://localhost:9000/a.jpg", "http://127.0.0.1/a.jpg", "http://[::1]:80/a.jpg",
	} {
		i := Image{URL: " " + good + " ", Alt: " side "}
		require.NoError(t, i.Normalize(), good)
		require.Equal(t, good, i.URL)
		require.Equal(t, "side", i.Alt)
	}
	for _, bad := range []string{
		"", "a.jpg", "/a.jpg", "//cdn.example.com/a.jpg", "http://cdn.example.com/a.jpg", "http://localhost.example.com/a",
		"javascript:alert(1)", "data:image/png;base64,AA", "ftp://example.com/a", "https://", "https:///a.jpg",
		"https://user:pw@example.com/a.jpg", "https://user@example.com/a.jpg", "https:example.com/a.jpg",
		"https://example.com/a b.jpg", "https://example.com/\"onload=x", "https://example.com/<script>",
		"https://exa\x00mple.com/", "https://example.com/%zz", "http://127.0.0.1.example.com/a",
		"https://example.com/" + strings.Repeat("a", maxURLBytes),
	} {
		i := Image{URL: bad}
		requireField(t, i.Normalize(), "url")
	}
	i := Image{URL: "https://example.com/a", Alt: strings.Repeat("a", 201)}
	requireField(t, i.Normalize(), "alt")
}

func TestPROD_002_TheNextImageTakesOver(t *testing.T) {
	t.Parallel()
	var g Gallery
	add := func(primary bool) id.UUID {
		img, err := g.Add(Image{ID: id.New(), Primary: primary})
		require.NoError(t, err)
		return img.ID
	}
	a, b, c := add(false), add(true), add(false)
	require.Equal(t, []bool{false, true, false}, primaries(g))
	require.NoError(t, g.Remove(b))
	require.Equal(t, c, g[slices.Index(primaries(g), true)].ID)
	require.NoError(t, g.Remove(c))
	require.Equal(t, a, g[slices.Index(primaries(g), true)].ID)
	require.ErrorIs(t, g.Remove(c), ErrImageNotFound)
	_, err := g.MakePrimary(c)
	require.ErrorIs(t, err, ErrImageNotFound)
	require.NoError(t, g.Remove(a))
	require.Empty(t, g)
}

func TestPROD_002_ReorderNamesEveryImageOnce(t *testing.T) {
	t.Parallel()
	a, b := Image{ID: id.New(), Position: 3, Primary: true}, Image{ID: id.New(), Position: 7}
	for _, ids := range [][]id.UUID{{a.ID}, {a.ID, a.ID}, {a.ID, id.New()}, {a.ID, b.ID, id.New()}, {a.ID, b.ID, a.ID}} {
		g := Gallery{a, b}
		requireField(t, g.Reorder(ids), "image_ids")
		require.Equal(t, Gallery{a, b}, g)
	}
	g := Gallery{a, b}
	require.NoError(t, g.Reorder([]id.UUID{b.ID, a.ID}))
	a.Position, b.Position = 2, 1
	require.Equal(t, Gallery{b, a}, g)
}

func TestPROD_002_AProductHasAtMostAHundredImages(t *testing.T) {
	t.Parallel()
	var g Gallery
	for range MaxImages {
		_, err := g.Add(Image{ID: id.New()})
		require.NoError(t, err)
	}
	_, err := g.Add(Image{ID: id.New()})
	require.ErrorIs(t, err, ErrImageLimit)
}

func TestPROD_002_ExactlyOneImageIsPrimaryWhateverHappens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var g Gallery
		pick := func() id.UUID {
			if len(g) == 0 {
				return id.New()
			}
			return rapid.SampledFrom(g).Draw(t, "image").ID
		}
		t.Repeat(map[string]func(*rapid.T){
			"add":     func(t *rapid.T) { _, _ = g.Add(Image{ID: id.New(), Primary: rapid.Bool().Draw(t, "primary")}) },
			"remove":  func(*rapid.T) { _ = g.Remove(pick()) },
			"primary": func(*rapid.T) { _, _ = g.MakePrimary(pick()) },
			"reorder": func(t *rapid.T) {
				ids := make([]id.UUID, 0, len(g))
				for _, i := range rapid.Permutation(g).Draw(t, "order") {
					ids = append(ids, i.ID)
				}
				require.NoError(t, g.Reorder(ids))
			},
			"": func(t *rapid.T) {
				n := 0
				for i, img := range g {
					if img.Primary {
						n++
					}
					if i > 0 && img.Position <= g[i-1].Position {
						t.Fatalf("positions do not rise: %+v", g)
					}
				}
				if n != min(len(g), 1) {
					t.Fatalf("%d primary images of %d", n, len(g))
				}
			},
		})
	})
}

func primaries(g Gallery) []bool {
	out := make([]bool, 0, len(g))
	for _, i := range g {
		out = append(out, i.Primary)
	}
	return out
}
