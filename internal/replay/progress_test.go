package replay

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

func TestProgressIsABarOrLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := &replay{Options: Options{Progress: &out}, file: &File{}, pool: &pool{}}
	r.file.rows = make([]row, 200)
	r.pool.sellers.add(0)
	r.traded.Add(60)
	r.recalled.Add(40)
	r.line(2 * time.Second)
	require.Equal(t, "100 of 200 rows, 30 a second, 1 sellers and 0 buyers\n", out.String())
	out.Reset()
	r.Terminal = true
	r.bar(2 * time.Second)
	require.Equal(t, "\r\x1b[K[###############...............] 100 of 200 rows  30/s  1 sellers, 0 buyers", out.String())
	out.Reset()
	r.say("note")
	require.Equal(t, "\r\x1b[Knote\n", out.String(), "a line takes the bar's place")
}

// shown tells a test when something was printed.
type shown chan string

func (s shown) Write(p []byte) (int, error) {
	s <- string(p)
	return len(p), nil
}

// eager is a clock whose waits are over at once.
type eager struct{ clock.System }

func (eager) After(time.Duration) <-chan time.Time { return clock.System{}.After(0) }

func TestWatchShowsUntilTheWorkIsDone(t *testing.T) {
	t.Parallel()
	for _, terminal := range []bool{false, true} {
		out := make(shown)
		r := &replay{Options: Options{Progress: out, Terminal: terminal, Clock: eager{}}, file: &File{}, pool: &pool{}}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { defer close(out); r.watch(ctx); close(ended) }()
		require.Contains(t, <-out, "0 of 0 rows")
		cancel()
		last := ""
		for text := range out {
			last = text
		}
		<-ended
		if terminal {
			require.Equal(t, "\r\x1b[K", last, "the bar is taken away")
		}
	}
}
