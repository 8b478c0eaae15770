package money

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestMONEY_001_AmountsAreMinorUnitsWithACurrency(t *testing.T) {
	t.Parallel()
	require.Equal(t, "220.00 USD", Amount{220_00, "USD"}.String())
	require.Equal(t, "0.05 USD", Amount{5, "USD"}.String())
	require.Equal(t, "-0.05 USD", Amount{-5, "USD"}.String())
	require.Equal(t, "15000 JPY", Amount{15000, "JPY"}.String())
	require.Equal(t, "15000 KRW", Amount{15000, "KRW"}.String())
	require.Equal(t, "-92233720368547758.08", Minor(math.MinInt64).Format("USD"))
	require.True(t, Currency("USD").Known())
	require.False(t, Currency("usd").Known())
	require.Equal(t, 2, Currency("XXX").Exponent())
}

func TestMONEY_002_SharesRoundHalfAwayFromZeroOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		m    Minor
		bp   BasisPoints
		want Minor
	}{
		{220_00, 300, 6_60},
		{220_00, 900, 19_80},
		{50, 100, 1},   // 0.5 up
		{49, 100, 0},   // 0.49 down
		{-50, 100, -1}, // away from zero
		{-49, 100, 0},
		{19_99, 10_000, 19_99}, // the fraction that floats lose
		{4_35, 10_000, 4_35},
	} {
		got, err := c.m.Share(c.bp)
		require.NoError(t, err)
		require.Equal(t, c.want, got, "%d of %d bp", c.m, c.bp)
	}
}

func TestMONEY_003_OverflowAndMixedCurrenciesAreErrors(t *testing.T) {
	t.Parallel()
	_, err := Minor(math.MaxInt64).Add(1)
	require.ErrorIs(t, err, ErrOverflow)
	_, err = Minor(math.MinInt64).Add(-1)
	require.ErrorIs(t, err, ErrOverflow)
	_, err = Minor(math.MaxInt64).Mul(2)
	require.ErrorIs(t, err, ErrOverflow)
	_, err = Minor(math.MinInt64).Mul(-1)
	require.ErrorIs(t, err, ErrOverflow)
	_, err = Minor(math.MaxInt64).Share(20_000)
	require.ErrorIs(t, err, ErrOverflow)
	_, err = Minor(math.MaxInt64).Share(math.MaxInt64)
	require.ErrorIs(t, err, ErrOverflow)
	_, err = Amount{1, "USD"}.Add(Amount{1, "EUR"})
	require.ErrorIs(t, err, ErrCurrency)
	sum, err := Amount{1, "USD"}.Add(Amount{2, "USD"})
	require.NoError(t, err)
	require.Equal(t, Amount{3, "USD"}, sum)
}

func TestMONEY_003_ArithmeticEqualsBigIntegers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		same := func(name string, got Minor, err error, want *big.Int) {
			if !want.IsInt64() {
				if err == nil {
					t.Fatalf("%s(%d, %d) = %d, want overflow", name, a, b, got)
				}
				return
			}
			if err != nil || int64(got) != want.Int64() {
				t.Fatalf("%s(%d, %d) = %d, %v, want %s", name, a, b, got, err, want)
			}
		}
		x, y := big.NewInt(a), big.NewInt(b)
		sum, err := Minor(a).Add(Minor(b))
		same("Add", sum, err, new(big.Int).Add(x, y))
		product, err := Minor(a).Mul(b)
		same("Mul", product, err, new(big.Int).Mul(x, y))

		exact := new(big.Int).Mul(x, y)
		half := big.NewInt(5_000)
		magnitude := new(big.Int).Add(new(big.Int).Abs(exact), half)
		rounded := magnitude.Quo(magnitude, big.NewInt(10_000))
		if exact.Sign() < 0 {
			rounded.Neg(rounded)
		}
		share, err := Minor(a).Share(BasisPoints(b))
		if rounded.Cmp(big.NewInt(math.MinInt64)) == 0 {
			return // -2^63 is refused as an overflow, on the safe side
		}
		same("Share", share, err, rounded)
	})
}
