package auth

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

const good = "purple tractor hums"

func TestUSER_001_PasswordsAreBcrypt(t *testing.T) {
	t.Parallel()
	hash, err := HashPassword(good, bcrypt.MinCost)
	require.NoError(t, err)
	require.True(t, CheckPassword(hash, good))
	require.False(t, CheckPassword(hash, good+"!"))
	require.False(t, CheckPassword(hash, ""))
	require.False(t, CheckPassword("not a hash", good))
	again, err := HashPassword(good, bcrypt.MinCost)
	require.NoError(t, err)
	require.NotEqual(t, hash, again, "each hash has its own salt")
	cost, err := bcrypt.Cost([]byte(hash))
	require.NoError(t, err)
	require.Equal(t, bcrypt.MinCost, cost)
	_, err = HashPassword(good, bcrypt.MaxCost+1)
	require.Error(t, err)
}

func TestUSER_001_SeventyThreeBytesAreRefusedNotCut(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("0123456789ab", 6) // 72 bytes
	hash, err := HashPassword(full, bcrypt.MinCost)
	require.NoError(t, err)
	require.True(t, CheckPassword(hash, full))
	require.False(t, CheckPassword(hash, full+"x"), "the 73rd byte counts")
	_, err = HashPassword(full+"x", bcrypt.MinCost)
	require.Equal(t, errs.InvalidArgument, errs.KindOf(err))
}

func TestUSER_001_WeakPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	const email = "jane.doe.1990@example.com"
	for password, why := range map[string]string{
		"":                               "10 to 72 bytes",
		"ninebytes":                      "10 to 72 bytes",
		strings.Repeat("ab c", 18) + "d": "10 to 72 bytes",
		strings.Repeat("é", 37):          "10 to 72 bytes", // 37 letters, 74 bytes
		"password123":                    "common",
		"PassWord123":                    "common",
		"qwertyuiop":                     "common",
		"1q2w3e4r5t6y":                   "common",
		"correcthorsebatterystaple":      "common",
		strings.Repeat("z", 40):          "run",
		"abababababab":                   "run",
		"abcabcabcabca":                  "run",
		"bcdefghijklm":                   "run",
		"56789012345678":                 "run",
		"zyxwvutsrqpo":                   "run",
		"jane.doe.1990@example.com":      "the email",
		"JANE.doe.1990":                  "the email",
		"JANE.DOE.1990@EXAMPLE.COM":      "the email",
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00": "run",
	} {
		err := CheckStrength("new_password", password, email)
		require.ErrorContains(t, err, why, "%q", password)
		require.Equal(t, errs.InvalidArgument, errs.KindOf(err), "%q", password)
		require.ErrorContains(t, err, "new_password")
	}
}

func TestUSER_001_GoodPasswordsPass(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		good, "tenbytes!!", strings.Repeat("0123456789a!", 6), "пароль-на-десять", "Xk3!pQ9zLm", " spaces count ",
	} {
		require.NoError(t, CheckStrength("password", password, "jane@example.com"), "%q", password)
	}
}

func TestUSER_001_TheBundledListIsLowerCaseAndLongEnough(t *testing.T) {
	t.Parallel()
	require.Greater(t, len(common()), 300)
	for p := range common() {
		require.GreaterOrEqual(t, len(p), MinPasswordBytes, p)
		require.Equal(t, strings.ToLower(p), p)
	}
}

func TestUSER_002_AnUnknownAccountCostsARealHash(t *testing.T) {
	t.Parallel()
	h, err := NewHasher(bcrypt.MinCost, 1, clock.NewFake(t0))
	require.NoError(t, err)
	require.False(t, h.Matches("", good))
	cost, err := bcrypt.Cost([]byte(h.dummy))
	require.NoError(t, err)
	require.Equal(t, bcrypt.MinCost, cost)
	require.ErrorIs(t, bcrypt.CompareHashAndPassword([]byte(h.dummy), []byte(good)), bcrypt.ErrMismatchedHashAndPassword,
		"the dummy is well formed, so the whole hash is computed")
	hash, err := h.Hash(context.Background(), good)
	require.NoError(t, err)
	require.True(t, h.Matches(hash, good))
}

func TestUSER_003_TheBulkheadRefusesWhatItCannotHold(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(t0)
	h, err := NewHasher(bcrypt.MinCost, 0, clk) // at least one slot
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	leave, err := h.Enter(ctx)
	require.NoError(t, err)

	results := make(chan error, maxWaiting)
	for range maxWaiting {
		go func() { _, err := h.Enter(ctx); results <- err }()
	}
	require.Eventually(t, func() bool { return h.waiting.Load() == maxWaiting }, waitFor, tick)
	_, err = h.Hash(ctx, good)
	require.ErrorIs(t, err, ErrBusy)
	var e *errs.Error
	require.ErrorAs(t, err, &e)
	require.Positive(t, e.RetryAfter)

	leave()
	require.NoError(t, <-results, "a free slot goes to one that waits")
	cancel()
	for range maxWaiting - 1 {
		require.ErrorIs(t, <-results, context.Canceled)
	}
	require.Zero(t, h.waiting.Load())
}

func TestUSER_003_WaitingForASlotEnds(t *testing.T) {
	t.Parallel()
	clk := clock.NewFake(t0)
	h, err := NewHasher(bcrypt.MinCost, 1, clk)
	require.NoError(t, err)
	_, err = h.Enter(context.Background())
	require.NoError(t, err)
	result := make(chan error, 1)
	go func() { _, err := h.Enter(context.Background()); result <- err }()
	require.Eventually(t, func() bool {
		clk.Advance(maxWait)
		return len(result) == 1
	}, waitFor, tick)
	require.ErrorIs(t, <-result, ErrBusy)
}

func TestABadCostIsRefused(t *testing.T) {
	t.Parallel()
	_, err := NewHasher(3, 1, clock.System{})
	require.ErrorContains(t, err, "bcrypt cost 3")
	_, err = NewHasher(32, 1, clock.System{})
	require.ErrorContains(t, err, "bcrypt cost 32")
}
