package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func TestADiskIsFullUntilThereIsRoomAgain(t *testing.T) {
	t.Parallel()
	d, err := mountDisk(t.Context(), filepath.Join(t.TempDir(), "disk"))
	if errors.Is(err, errNoDisk) {
		t.Skip(err)
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, d.unmount()) }()
	large := func() error {
		return os.WriteFile(filepath.Join(d.dir, "large"), bytes.Repeat([]byte{1}, 2*spare), 0o600)
	}
	require.NoError(t, d.fill())
	require.ErrorIs(t, large(), syscall.ENOSPC)
	require.NoError(t, d.free())
	require.NoError(t, large())
}

func TestOutagesAreOkOnlyWhenAllWasShown(t *testing.T) {
	t.Parallel()
	good := func() outages {
		return outages{
			wire: score{
				wanted: options{cuts: 20}, cuts: 20, repeats: 3, complete: true, acknowledged: 100, unknown: 9,
				resumed: time.Second, hung: 7 * time.Second, seconds: 9 * time.Second,
			},
			disk: score{wanted: options{fills: 2}, fills: 2, complete: true, acknowledged: 50, unknown: 30, resumed: 2 * time.Second, seconds: 5 * time.Second},
		}
	}
	a := good()
	require.Equal(t, "drills cuts=20 repeats=3 cut_recovery_ms_max=1000 hang_recovery_ms=7000 full_disk=ok fills=2 full_recovery_ms_max=2000 "+
		"acknowledged=150 unknown=39 lost=0 phantoms=0 fsck_violations=0 internal=0 seconds=14 verdict=ok", a.String())
	for name, spoil := range map[string]func(*outages){
		"a cut too few":       func(a *outages) { a.wire.cuts-- },
		"nothing in doubt":    func(a *outages) { a.wire.repeats = 0 },
		"a fill too few":      func(a *outages) { a.disk.fills-- },
		"a loss":              func(a *outages) { a.disk.lost = 1 },
		"an internal error":   func(a *outages) { a.disk.internal = 1 },
		"a phantom":           func(a *outages) { a.wire.phantoms = 1 },
		"no last check":       func(a *outages) { a.wire.complete = false },
		"no disk was tried":   func(a *outages) { a.disk = score{wanted: options{fills: 2}} },
		"skipped, and a loss": func(a *outages) { a.noDisk, a.wire.lost = true, 1 },
	} {
		a := good()
		spoil(&a)
		require.False(t, a.ok(), name)
		require.Contains(t, a.String(), "verdict=short", name)
	}
	a = outages{wire: good().wire, noDisk: true}
	require.True(t, a.ok())
	require.Contains(t, a.String(), "full_disk=skipped")
}

func TestAnAnswerThatTellsOfTheDatabaseIsAnInternalError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"could not extend file: No space left on device", "ERROR: x (SQLSTATE 53100)", "failed to connect to `user=x`: no such file"} {
		outcome, reason := outcomeOf(status.Error(codes.Unavailable, text))
		require.Equal(t, unknown, outcome)
		require.Equal(t, internalError, reason, text)
	}
	_, reason := outcomeOf(status.Error(codes.Unavailable, "connection error: dial tcp 127.0.0.1:1: connection refused"))
	require.Equal(t, "Unavailable", reason, "that says the client's own side")
}

func TestWhatWasInDoubtIsRemembered(t *testing.T) {
	t.Parallel()
	l, account := newLedger(t.TempDir()), id.New()
	for _, a := range []attempt{{ID: "place-1", Op: place, Price: 1}, {ID: "place-2", Op: place, Price: 1}, {ID: "place-3", Op: place}} {
		l.enter(account, record{Attempt: &a})
	}
	l.enter(account, record{Answer: &answer{ID: "place-1", Outcome: unknown}})
	l.enter(account, record{Answer: &answer{ID: "place-1", Outcome: acknowledged, Order: 1, Price: 1}})
	l.enter(account, record{Answer: &answer{ID: "place-2", Outcome: acknowledged, Order: 2, Price: 1}})
	l.enter(account, record{Answer: &answer{ID: "place-3", Outcome: unknown}})
	doubted := l.doubted(account)
	require.Len(t, doubted, 1, "the one that was told in the end")
	require.Equal(t, "place-1", doubted[0].ID)
	require.True(t, same(doubted[0].told, &answer{Outcome: acknowledged, Order: 1, Price: 1}))
	require.False(t, same(doubted[0].told, &answer{Outcome: acknowledged, Order: 7, Price: 1}))
}
