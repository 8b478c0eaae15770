package replay

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

func TestSecretsOutliveTheRunAndAreItsUsersAlone(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	k, err := openKeep(state)
	require.NoError(t, err)
	_, err = openKeep(state)
	require.ErrorContains(t, err, "another replay is running")
	const email = "seller-01@replay.example"
	require.NoError(t, auth.CheckStrength("password", k.password(email), email))
	require.NotEqual(t, k.password(email), k.password("buyer-01@replay.example"))
	want := tokens{"access", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "refresh"}
	require.NoError(t, k.remember(email, want))
	k.close()

	again, err := openKeep(state)
	require.NoError(t, err)
	require.Equal(t, k.password(email), again.password(email))
	require.Equal(t, k.name(), again.name())
	require.Equal(t, want, again.remembered(email))
	for _, name := range []string{"secret", "tokens.json", "lock"} {
		info, err := os.Stat(again.path(name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	again.close()

	other, err := openKeep(t.TempDir())
	require.NoError(t, err)
	defer other.close()
	require.NotEqual(t, k.name(), other.name(), "another secret has other accounts")
}

func TestDamagedFolderIsToldOrDoneWithout(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	k, err := openKeep(state)
	require.NoError(t, err)
	k.close()
	require.NoError(t, os.WriteFile(k.path("tokens.json"), []byte("{"), 0o600))
	k, err = openKeep(state)
	require.NoError(t, err)
	k.close()
	require.NoError(t, os.WriteFile(k.path("secret"), []byte("short"), 0o600))
	_, err = openKeep(state)
	require.ErrorContains(t, err, "is damaged")
	require.NoError(t, os.Remove(k.path("secret")))
	require.NoError(t, os.Mkdir(k.path("secret"), 0o700))
	_, err = openKeep(state)
	require.Error(t, err)

	file := t.TempDir() + "/file"
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = openKeep(file)
	require.Error(t, err)
}

func TestAssignmentsAreWhatTheEarlierRunGave(t *testing.T) {
	t.Parallel()
	k, err := openKeep(t.TempDir())
	require.NoError(t, err)
	defer k.close()
	a, err := k.assignments("abc", 3)
	require.NoError(t, err)
	require.Zero(t, a.of(1))
	require.NoError(t, a.give(1, assignment{64, 7}))
	a.close()
	require.Error(t, a.give(2, assignment{1, 1}))
	a, err = k.assignments("abc", 3)
	require.NoError(t, err)
	require.Equal(t, []assignment{{}, {64, 7}, {}}, []assignment{a.of(0), a.of(1), a.of(2)})
	require.NoError(t, a.finish())
	a, err = k.assignments("abc", 3)
	require.NoError(t, err)
	defer a.close()
	require.Zero(t, a.of(1), "a file that is done needs none")
}

func TestCrewTakesTurnsAmongThoseWhoAreReady(t *testing.T) {
	t.Parallel()
	c := &crew{old: []bool{false, true}}
	c.add(4)
	require.EqualValues(t, 5, c.pick())
	c.add(2)
	seen := map[uint8]int{}
	for range 10 {
		seen[c.pick()]++
	}
	require.Equal(t, map[uint8]int{5: 5, 3: 5}, seen)
	require.Equal(t, 2, c.count())
	require.False(t, c.earlier(0))
	require.False(t, c.earlier(1))
	require.True(t, c.earlier(2))
	require.False(t, c.earlier(200))
}

func TestCallsAreRepeatedOnlyWhileThatMayHelp(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	calls := 0
	answer := func(errs ...error) func(context.Context) (int, error) {
		calls = 0
		return func(context.Context) (int, error) {
			calls++
			if calls <= len(errs) {
				return 0, errs[calls-1]
			}
			return 7, nil
		}
	}
	v, err := patient(ctx, clock.System{}, answer(status.Error(codes.Unavailable, "x"), status.Error(codes.ResourceExhausted, "x")))
	require.NoError(t, err)
	require.Equal(t, 7, v)
	require.Equal(t, 3, calls)

	no := status.Error(codes.FailedPrecondition, "halted")
	_, err = patient(ctx, clock.System{}, answer(no))
	require.ErrorIs(t, err, no)
	require.Equal(t, 1, calls)
	require.True(t, refusal(no))
	require.NoError(t, unlessRefused(no))
	require.False(t, refusal(status.Error(codes.Internal, "x")))
	require.Error(t, unlessAbout(errors.New("x")))
	require.NoError(t, unlessAbout(errUnmatched))

	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = patient(ended, clock.NewFake(time.Unix(0, 0)), answer(status.Error(codes.Unavailable, "x")))
	require.ErrorIs(t, err, context.Canceled)
}

func TestReportSaysWhatFallsShort(t *testing.T) {
	t.Parallel()
	r := Report{Rows: 10, Damaged: 1, Matches: 9, Volume: 900, FileVolume: 900, Markets: 3, Seconds: seconds(61_239 * time.Millisecond), RSSBytes: 5, Batches: 6}
	require.NoError(t, r.Verdict())
	require.Equal(t, "replay rows=10 matches=9 volume=900 price_mismatches=0 markets=3 seconds=61.24 rss_bytes=5 damaged=1 batches=6", r.String())
	for _, bad := range []Report{
		{Rows: 10, Matches: 9}, {PriceMismatches: 1}, {Volume: 1}, {Rows: 1, Matches: 2},
	} {
		require.Error(t, bad.Verdict())
	}
}

func TestMemoryIsReadFromTheSystem(t *testing.T) {
	t.Parallel()
	peak, now := parseStatus([]byte("Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t    1024 kB\nThreads:\t3\n"))
	require.EqualValues(t, 2<<20, peak)
	require.EqualValues(t, 1<<20, now)
	peak, now = resident(0)
	require.Positive(t, peak)
	require.Positive(t, now)
	peak, _ = resident(1 << 30)
	require.Zero(t, peak)
}
