package catalogue

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPROD_007_ASpreadsheetRunsNoText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "a": "a", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx",
		"a=1": "a=1", "'a": "'a", "'": "'", "'=1": "''=1",
	} {
		require.Equal(t, want, quote(text))
		require.Equal(t, text, unquote(want))
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("'=+-@\t\ra1é"))).Draw(t, "text")
		cell := quote(text)
		if unquote(cell) != text {
			t.Fatalf("%q comes back as %q", text, unquote(cell))
		}
		if cell != "" && calculates(cell) && cell[0] != '\'' {
			t.Fatalf("%q would be run", cell)
		}
	})
}
