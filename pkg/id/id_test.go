package id

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

func TestID_001_IdsAreUUIDv7(t *testing.T) {
	t.Parallel()
	a, b := New(), New()
	require.NotEqual(t, a, b)
	require.EqualValues(t, 7, a.Version())
	require.Less(t, a.String(), b.String())
}

func TestParseNamesTheField(t *testing.T) {
	t.Parallel()
	want := New()
	got, err := Parse("market_id", want.String())
	require.NoError(t, err)
	require.Equal(t, want, got)
	for _, bad := range []string{"", "1", "{" + want.String() + "}", "urn:uuid:" + want.String(), "zz" + want.String()[2:]} {
		_, err := Parse("market_id", bad)
		require.Equal(t, errs.InvalidArgument, errs.KindOf(err), bad)
		require.ErrorContains(t, err, "market_id")
	}
}
