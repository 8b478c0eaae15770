package service

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func TestPROD_004_WordsAreFolded(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Off-White × Nike":   "off white nike",
		"Ærlig Łódź Straße!": "aerlig lodz strasse",
		"  AIR   Jordan 1  ": "air jordan 1",
		"Travis’s":           "travis s",
		"日本 ナイキ":             "日本 ナイキ",
		"'; DROP TABLE--":    "drop table",
		"…":                  "",
	} {
		require.Equal(t, want, Fold(text), text)
	}
}

func TestPROD_004_TheLastWordMayGoOn(t *testing.T) {
	t.Parallel()
	require.Equal(t, []model.Word{
		{Parts: []string{"dunk"}},
		{Parts: []string{"dd1391", "100"}, Prefix: true},
	}, Words(" Dunk -- DD1391-100 "))
	require.Empty(t, Words(" -- ! "))
	require.Equal(t, "dd1391100", Words("DD1391-100")[0].Joined())
}

func TestPROD_001_SlugsAreAPieceOfAnAddress(t *testing.T) {
	t.Parallel()
	product := id.New()
	tail := strings.ReplaceAll(product.String(), "-", "")[24:]
	require.Equal(t, "off-white-nike-dunk-dd1391-100", Slug("Off-White × Nike Dunk", "DD1391-100", product, 0))
	require.Equal(t, "dunk-a1-"+tail, Slug("Dunk", "A1", product, 1))
	require.Equal(t, "dunk-a1-"+tail+"-2", Slug("Dunk", "A1", product, 2))
	require.Equal(t, "product", Slug("日本", "☆", product, 0))
	form := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	rapid.Check(t, func(t *rapid.T) {
		slug := Slug(rapid.StringN(1, 200, -1).Draw(t, "name"), rapid.StringN(1, 100, -1).Draw(t, "sku"),
			product, rapid.IntRange(0, 2).Draw(t, "try"))
		if !form.MatchString(slug) || len(slug) > 320 {
			t.Fatalf("slug %q", slug)
		}
	})
}
