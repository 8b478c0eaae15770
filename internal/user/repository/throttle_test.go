package repository_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/user/repository"
	"github.com/sneakers-marketplace/marketplace/internal/user/service"
)

const window = 15 * time.Minute

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestUSER_003_MemoryThrottle(t *testing.T) {
	t.Parallel()
	throttleSuite(t, func(*testing.T) service.Throttle { return repository.NewMemoryThrottle() })
}

func TestUSER_003_RedisThrottle(t *testing.T) {
	t.Parallel()
	throttleSuite(t, func(t *testing.T) service.Throttle {
		t.Helper()
		return repository.NewRedisThrottle(client(t, &redis.Options{Addr: miniredis.RunT(t).Addr()}))
	})
}

func TestUSER_003_RealRedisThrottle(t *testing.T) {
	t.Parallel()
	throttleSuite(t, func(t *testing.T) service.Throttle {
		t.Helper()
		return repository.NewRedisThrottle(realRedis(t))
	})
}

func TestUSER_003_FallbackThrottleWithRedisUp(t *testing.T) {
	t.Parallel()
	throttleSuite(t, func(t *testing.T) service.Throttle {
		t.Helper()
		return fallback(client(t, &redis.Options{Addr: miniredis.RunT(t).Addr()}))
	})
}

func TestUSER_003_FallbackThrottleWithRedisDown(t *testing.T) {
	t.Parallel()
	throttleSuite(t, func(t *testing.T) service.Throttle { t.Helper(); return fallback(dead(t)) })
}

func fallback(c *redis.Client) service.Throttle {
	return repository.FallbackThrottle{
		Shared: repository.NewRedisThrottle(c), Local: repository.NewMemoryThrottle(), Log: zerolog.Nop(),
	}
}

func client(t *testing.T, opts *redis.Options) *redis.Client {
	t.Helper()
	c := redis.NewClient(opts)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func dead(t *testing.T) *redis.Client {
	t.Helper()
	return client(t, &redis.Options{
		MaxRetries: -1, DialerRetries: 1,
		Dialer: func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed },
	})
}

// realRedis starts a server of this machine, when it has one.
func realRedis(t *testing.T) *redis.Client {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server on this machine")
	}
	dir, err := os.MkdirTemp("", "redis-") // a socket's path must be short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "redis.sock")
	cmd := exec.Command(binary, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", dir)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	c := client(t, &redis.Options{Network: "unix", Addr: socket})
	require.Eventually(t, func() bool { return c.Ping(context.Background()).Err() == nil }, 10*time.Second, 5*time.Millisecond)
	return c
}

// throttleSuite checks any service.Throttle.
func throttleSuite(t *testing.T, open func(*testing.T) service.Throttle) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, service.Throttle){
		"AFullLimitBlocksUntilItsOldestLeaves": blocksUntilOldestLeaves,
		"TheNarrowestFullLimitIsNamed":         narrowestIsNamed,
		"ARefusedAttemptIsNotCounted":          refusedIsNotCounted,
		"JudgingCountsNothing":                 judgingCountsNothing,
		"ForgetTakesOneAttemptBack":            forgetTakesOneBack,
		"ClearEmptiesOneKey":                   clearEmptiesOneKey,
		"NoMaximumCountsWithoutLimit":          noMaximum,
		"KeysAreApart":                         keysAreApart,
		"ManyAtOnceGetNoMoreThanTheLimit":      manyAtOnce,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

var ctx = context.Background()

func limit(key string, maximum int) service.Limit {
	return service.Limit{Key: key, Max: maximum, Window: window}
}

func take(t *testing.T, th service.Throttle, at time.Time, attempt string, limits ...service.Limit) service.Block {
	t.Helper()
	block, err := th.Take(ctx, at, attempt, limits)
	require.NoError(t, err)
	return block
}

func blocked(t *testing.T, th service.Throttle, at time.Time, limits ...service.Limit) service.Block {
	t.Helper()
	block, err := th.Blocked(ctx, at, limits)
	require.NoError(t, err)
	return block
}

func blocksUntilOldestLeaves(t *testing.T, th service.Throttle) {
	l := limit("a", 3)
	for i := range 3 {
		require.False(t, take(t, th, t0.Add(time.Duration(i)*time.Minute), fmt.Sprint(i), l).Full())
	}
	at := t0.Add(10 * time.Minute)
	require.Equal(t, service.Block{Key: "a", Retry: 5 * time.Minute}, blocked(t, th, at, l))
	require.Equal(t, service.Block{Key: "a", Retry: time.Microsecond}, take(t, th, t0.Add(window-time.Microsecond), "x", l))
	require.False(t, take(t, th, t0.Add(window), "y", l).Full(), "the window slides")
	require.Equal(t, service.Block{Key: "a", Retry: time.Minute}, take(t, th, t0.Add(window), "z", l))
	require.False(t, blocked(t, th, t0.Add(3*window), l).Full())
}

func narrowestIsNamed(t *testing.T, th service.Throttle) {
	narrow, wide := limit("narrow", 1), limit("wide", 2)
	require.False(t, take(t, th, t0, "1", narrow, wide).Full())
	require.Equal(t, "narrow", take(t, th, t0, "2", narrow, wide).Key)
	require.False(t, take(t, th, t0, "3", limit("other", 1), wide).Full())
	require.Equal(t, "wide", take(t, th, t0, "4", limit("third", 1), wide).Key)
	require.Equal(t, "narrow", blocked(t, th, t0, narrow, wide).Key)
}

func refusedIsNotCounted(t *testing.T, th service.Throttle) {
	narrow, wide := limit("narrow", 1), limit("wide", 2)
	take(t, th, t0, "1", narrow, wide)
	for i := range 5 {
		require.True(t, take(t, th, t0, fmt.Sprint("again", i), narrow, wide).Full())
	}
	require.False(t, blocked(t, th, t0, wide).Full())
}

func judgingCountsNothing(t *testing.T, th service.Throttle) {
	for range 5 {
		require.False(t, blocked(t, th, t0, limit("a", 1)).Full())
	}
}

func forgetTakesOneBack(t *testing.T, th service.Throttle) {
	a, b := limit("a", 2), limit("b", 2)
	take(t, th, t0, "1", a, b)
	take(t, th, t0, "2", a, b)
	require.True(t, blocked(t, th, t0, a).Full())
	require.NoError(t, th.Forget(ctx, "1", []service.Limit{a, b}))
	require.False(t, blocked(t, th, t0, a, b).Full())
	require.False(t, take(t, th, t0, "3", a, b).Full())
	require.True(t, blocked(t, th, t0, b).Full(), "the other attempt still counts")
	require.NoError(t, th.Forget(ctx, "nobody", []service.Limit{limit("nothing", 1)}))
}

func clearEmptiesOneKey(t *testing.T, th service.Throttle) {
	a, b := limit("a", 1), limit("b", 1)
	take(t, th, t0, "1", a, b)
	require.NoError(t, th.Clear(ctx, "a"))
	require.False(t, blocked(t, th, t0, a).Full())
	require.True(t, blocked(t, th, t0, b).Full())
	require.NoError(t, th.Clear(ctx, "nothing"))
}

func noMaximum(t *testing.T, th service.Throttle) {
	for i := range 5 {
		require.False(t, take(t, th, t0, fmt.Sprint(i), limit("a", 0)).Full())
	}
	require.True(t, blocked(t, th, t0, limit("a", 5)).Full(), "but it counts")
}

func keysAreApart(t *testing.T, th service.Throttle) {
	take(t, th, t0, "1", limit("a", 1))
	require.False(t, blocked(t, th, t0, limit("b", 1)).Full())
}

func manyAtOnce(t *testing.T, th service.Throttle) {
	start, through := make(chan struct{}), atomic.Int32{}
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			<-start
			block, err := th.Take(ctx, t0, fmt.Sprint(i), []service.Limit{limit("a", 5), limit("b", 50)})
			if err == nil && !block.Full() {
				through.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	require.EqualValues(t, 5, through.Load())
}

func TestUSER_003_ADeadRedisIsAnErrorAndACallerWhoLeftIsNotItsFault(t *testing.T) {
	t.Parallel()
	limits := []service.Limit{limit("a", 1)}
	th := repository.NewRedisThrottle(dead(t))
	_, err := th.Blocked(ctx, t0, limits)
	require.Error(t, err)
	require.Error(t, th.Forget(ctx, "1", limits))
	require.Error(t, th.Clear(ctx, "a"))
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = fallback(dead(t)).Take(gone, t0, "1", limits)
	require.Error(t, err)
	_, err = fallback(dead(t)).Blocked(gone, t0, limits)
	require.Error(t, err)
}

func TestUSER_003_MemoryIsGivenBack(t *testing.T) {
	t.Parallel()
	th := repository.NewMemoryThrottle()
	for i := range 100 {
		take(t, th, t0, fmt.Sprint(i), limit(fmt.Sprint("key", i), 5))
	}
	require.Equal(t, 100, th.Keys())
	take(t, th, t0.Add(window), "late", limit("late", 5))
	require.Equal(t, 1, th.Keys())
}

func TestUSER_003_RedisKeysExpire(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	th := repository.NewRedisThrottle(client(t, &redis.Options{Addr: server.Addr()}))
	take(t, th, t0, "1", limit("a", 5))
	require.Len(t, server.Keys(), 1)
	require.NotContains(t, server.Keys()[0], "@")
	server.FastForward(window + 2*time.Minute)
	require.Empty(t, server.Keys())
}
