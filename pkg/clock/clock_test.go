package clock

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var start = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

func TestTIME_001_SystemClockIsUTCToTheMicrosecond(t *testing.T) {
	t.Parallel()
	now := System{}.Now()
	require.Equal(t, time.UTC, now.Location())
	require.Zero(t, now.Nanosecond()%1000)
	<-System{}.After(time.Nanosecond)
	require.GreaterOrEqual(t, Since(Monotonic()), time.Duration(0))
}

func TestTIME_001_FakeClockRunsSixtyDaysAtOnce(t *testing.T) {
	t.Parallel()
	f := NewFake(start)
	soon, late := f.After(time.Hour), f.After(61*24*time.Hour)
	f.Advance(60 * 24 * time.Hour)
	require.Equal(t, start.Add(60*24*time.Hour), <-soon)
	require.Empty(t, late)
	f.Set(start)
	require.Equal(t, start, f.Now())
	require.Equal(t, start, <-f.After(0))
}
