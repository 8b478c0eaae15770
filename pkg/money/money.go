// Package money counts in integer minor units and never in floats (MONEY-001..003).
package money

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Minor is an amount in minor units of its currency: cents for USD, yen for JPY.
type Minor int64

// BasisPoints is a ratio in 1/10,000.
type BasisPoints int64

// Currency is an ISO 4217 code, upper case.
type Currency string

// Amount is a number of minor units of one currency.
type Amount struct {
	Minor    Minor
	Currency Currency
}

// Refusals of arithmetic (MONEY-003).
var (
	ErrOverflow = errors.New("money: overflow")
	ErrCurrency = errors.New("money: different currencies")
)

// exponents lists the currencies the marketplace trades in and their decimal places.
var exponents = map[Currency]int{
	"USD": 2, "EUR": 2, "GBP": 2, "CHF": 2, "CAD": 2, "AUD": 2, "SEK": 2, "PLN": 2, "UAH": 2,
	"JPY": 0, "KRW": 0,
}

// Known reports whether the marketplace trades in c.
func (c Currency) Known() bool { _, ok := exponents[c]; return ok }

// Exponent returns the number of decimal places of c: 2 for USD, 0 for JPY; 2 when unknown.
func (c Currency) Exponent() int {
	if e, ok := exponents[c]; ok {
		return e
	}
	return 2
}

// Add returns a+b, or ErrOverflow.
func (m Minor) Add(b Minor) (Minor, error) {
	s := m + b
	if (s > m) != (b > 0) && b != 0 {
		return 0, ErrOverflow
	}
	return s, nil
}

// Mul returns m×n, or ErrOverflow.
func (m Minor) Mul(n int64) (Minor, error) {
	if m == 0 || n == 0 {
		return 0, nil
	}
	p := int64(m) * n
	if p/n != int64(m) || (m == math.MinInt64 && n == -1) || (n == math.MinInt64 && m == -1) {
		return 0, ErrOverflow
	}
	return Minor(p), nil
}

// Share returns bp basis points of m, rounded half away from zero once (MONEY-002), or ErrOverflow.
func (m Minor) Share(bp BasisPoints) (Minor, error) {
	negative := (m < 0) != (bp < 0)
	hi, lo := bits.Mul64(abs(int64(m)), abs(int64(bp)))
	lo, carry := bits.Add64(lo, 5_000, 0)
	hi += carry
	if hi >= 10_000 {
		return 0, ErrOverflow
	}
	q, _ := bits.Div64(hi, lo, 10_000)
	if q > math.MaxInt64 {
		return 0, ErrOverflow
	}
	if negative {
		return -Minor(q), nil
	}
	return Minor(q), nil
}

func abs(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// Add returns a+b of one currency, ErrCurrency when they differ, ErrOverflow when too large.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.Currency != b.Currency {
		return Amount{}, fmt.Errorf("%w: %s and %s", ErrCurrency, a.Currency, b.Currency)
	}
	s, err := a.Minor.Add(b.Minor)
	return Amount{Minor: s, Currency: a.Currency}, err
}

// String writes the amount for people: "220.00 USD", "15000 JPY".
func (a Amount) String() string { return a.Minor.Format(a.Currency) + " " + string(a.Currency) }

// Format writes m with the decimal places of c and without its code: "220.00".
func (m Minor) Format(c Currency) string {
	e := c.Exponent()
	digits := strconv.FormatUint(abs(int64(m)), 10)
	if e > 0 {
		if len(digits) <= e {
			digits = strings.Repeat("0", e-len(digits)+1) + digits
		}
		digits = digits[:len(digits)-e] + "." + digits[len(digits)-e:]
	}
	if m < 0 {
		return "-" + digits
	}
	return digits
}
