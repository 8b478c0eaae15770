package page

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

type key struct {
	ID int64
}

func TestTokenContinuesAfterItsKey(t *testing.T) {
	t.Parallel()
	var got key
	ok, err := Decode(Encode(key{7}), &got)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, key{7}, got)
	ok, err = Decode("", &got)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestSizeIsTwentyByDefaultAndAtMostAHundred(t *testing.T) {
	t.Parallel()
	require.Equal(t, 20, Size(0))
	require.Equal(t, 1, Size(1))
	require.Equal(t, 100, Size(1000))
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(key{1}))
	f.Add("not a token")
	f.Fuzz(func(t *testing.T, token string) {
		var k key
		if _, err := Decode(token, &k); err != nil {
			require.Equal(t, errs.InvalidArgument, errs.KindOf(err))
		}
	})
}
