package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestChildrenAreFoundAndPostgresIsToldFromOthers(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("no /proc here")
	}
	cmd := exec.Command("sleep", "60")
	require.NoError(t, cmd.Start())
	require.Contains(t, children(os.Getpid()), cmd.Process.Pid)
	require.False(t, childOfPostgres(cmd.Process.Pid), "it is no PostgreSQL")
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.NotContains(t, children(os.Getpid()), cmd.Process.Pid)
	require.False(t, childOfPostgres(cmd.Process.Pid))
}

// pretending is a marketplace that is none: it says something and ends, or waits.
func pretending(t *testing.T, says string) *marketplace {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	m := newMarketplace(self, t.TempDir(), "", addresses{})
	m.variables = append(m.variables, stand+"="+says)
	return m
}

func TestTheMarketplaceIsKilledStoppedAndMissedWhenItEnds(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	m := pretending(t, "")
	require.NoError(t, m.stop(), "it never ran")
	require.NoError(t, m.start(ctx))
	require.NoError(t, m.kill())
	require.NoError(t, m.start(ctx), "and again")
	require.NoError(t, m.stop())
	<-m.gone
	m = pretending(t, "fail:port in use")
	require.NoError(t, m.start(ctx))
	<-m.gone
	require.NoError(t, m.stop(), "it has stopped by itself")
	log, err := os.ReadFile(m.log)
	require.NoError(t, err)
	require.Contains(t, string(log), "port in use\n")
}

func TestTheVerdictOfFsckIsRead(t *testing.T) {
	t.Parallel()
	n, _, err := pretending(t, "ok   I01 fine\nfsck checks=47 violations=0 seconds=0.10").fsck(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	n, report, err := pretending(t, "fail:FAIL I01\nfsck checks=47 violations=12 seconds=0.10").fsck(t.Context())
	require.NoError(t, err)
	require.Equal(t, 12, n)
	require.Contains(t, report, "FAIL I01")
	_, _, err = pretending(t, "fail:no such table").fsck(t.Context())
	require.ErrorContains(t, err, "no such table")
	_, _, err = pretending(t, "nothing").fsck(t.Context())
	require.ErrorContains(t, err, "no verdict")
}

func TestFreeAddressesDiffer(t *testing.T) {
	t.Parallel()
	at, err := freeAddresses(t.Context(), ports-1)
	require.NoError(t, err)
	require.NotEqual(t, at.user, at.product)
	require.NotEqual(t, at.product, at.bidding)
}

func TestOnlyARefusalIsAnAnswer(t *testing.T) {
	t.Parallel()
	for code, want := range map[codes.Code]string{
		codes.Unavailable: unknown, codes.DeadlineExceeded: unknown, codes.Internal: unknown, codes.Unknown: unknown, codes.Canceled: unknown,
		codes.FailedPrecondition: refused, codes.NotFound: refused, codes.AlreadyExists: refused, codes.ResourceExhausted: refused,
	} {
		outcome, reason := outcomeOf(status.Error(code, "x"))
		require.Equal(t, want, outcome, code.String())
		require.Equal(t, code.String(), reason)
	}
}

func TestTheSourcesHaveAPlaceForEveryFault(t *testing.T) {
	t.Parallel()
	for _, f := range append(faults, gullible) {
		f.file = filepath.Join("..", "..", f.file)
		overlay, err := f.plant(t.TempDir())
		require.NoError(t, err)
		require.FileExists(t, overlay)
		f.after = "no such place"
		_, err = f.plant(t.TempDir())
		require.ErrorContains(t, err, "has changed")
	}
}
