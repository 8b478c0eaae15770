package clock

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTIME_001_ATravellerStandsUntilItIsMoved(t *testing.T) {
	t.Parallel()
	c := NewTraveller(start.Add(5 * time.Nanosecond))
	require.Equal(t, start, c.Now(), "to the microsecond")
	soon, late := c.After(time.Hour), c.After(48*time.Hour)
	c.Advance(time.Hour - time.Microsecond)
	require.Empty(t, soon)
	c.To(start.Add(time.Hour))
	require.Equal(t, start.Add(time.Hour), <-soon)
	require.Empty(t, late)
	require.Equal(t, start.Add(time.Hour), <-c.After(0))
}

func TestTIME_001_ATravellerNeverRunsBackwards(t *testing.T) {
	t.Parallel()
	c := NewTraveller(start)
	c.To(start.Add(-time.Hour))
	c.Advance(-time.Hour)
	require.Equal(t, start, c.Now())

	ahead := System{}.Now().Add(time.Hour)
	c.To(ahead)
	c.Arrive()
	require.Equal(t, ahead, c.Now(), "it waits for the machine's clock to catch up")
	require.Equal(t, ahead, c.Now())
}

func TestTIME_001_ATravellerThatArrivedRunsWithTheMachine(t *testing.T) {
	t.Parallel()
	c := NewTraveller(start)
	passed := c.After(time.Hour)
	before := System{}.Now()
	c.To(before)
	pending := c.After(time.Millisecond)
	c.Arrive()
	require.Equal(t, before, <-passed)
	require.GreaterOrEqual(t, (<-pending).Sub(before), time.Millisecond, "what is not over yet goes on by itself")
	require.Less(t, c.Now().Sub(System{}.Now()), time.Second)
	<-c.After(time.Microsecond)

	c.To(c.Now().Add(time.Hour))
	c.Advance(time.Hour)
	require.Less(t, c.Now().Sub(System{}.Now()), time.Minute, "nobody leads it any longer")
}

func TestTIME_001_ATravellerIsSharedByMany(t *testing.T) {
	t.Parallel()
	c := NewTraveller(start)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			last := c.Now()
			for range 200 {
				<-c.After(time.Minute)
				now := c.Now()
				if now.Before(last) {
					t.Error("time ran backwards")
				}
				last = now
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for {
		select {
		case <-done:
			return
		default:
			c.Advance(time.Minute)
		}
	}
}
