package repository

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/sneakers-marketplace/marketplace/internal/user/service"
)

// RedisThrottle is service.Throttle on Redis, shared by every instance: one sorted
// set per key, attempts scored by their time in microseconds.
type RedisThrottle struct {
	client *redis.Client
}

var _ service.Throttle = (*RedisThrottle)(nil)

// NewRedisThrottle returns a throttle on client, which stays the caller's to close.
func NewRedisThrottle(client *redis.Client) *RedisThrottle { return &RedisThrottle{client} }

// takeScript judges every key and, when none is full, counts the attempt under all of them, in one step.
// ARGV: time, attempt ("": only judge), then limit and window of each key.
// Answers {index of the full key from 1, microseconds until it has room}, or {0, 0}.
var takeScript = redis.NewScript(`
local now, attempt = tonumber(ARGV[1]), ARGV[2]
for i, key in ipairs(KEYS) do
  local max, window = tonumber(ARGV[2*i+1]), tonumber(ARGV[2*i+2])
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now - window))
  local n = redis.call('ZCARD', key)
  if max > 0 and n >= max then
    local oldest = redis.call('ZRANGE', key, n - max, n - max, 'WITHSCORES')
    return {i, tonumber(oldest[2]) + window - now}
  end
end
if attempt ~= '' then
  for i, key in ipairs(KEYS) do
    redis.call('ZADD', key, ARGV[1], attempt)
    redis.call('PEXPIRE', key, math.ceil(tonumber(ARGV[2*i+2]) / 1000) + 60000)
  end
end
return {0, 0}
`)

// Blocked implements service.Throttle.
func (t *RedisThrottle) Blocked(ctx context.Context, at time.Time, limits []service.Limit) (service.Block, error) {
	return t.Take(ctx, at, "", limits)
}

// Take implements service.Throttle.
func (t *RedisThrottle) Take(ctx context.Context, at time.Time, attempt string, limits []service.Limit) (service.Block, error) {
	args := []any{at.UnixMicro(), attempt}
	for _, l := range limits {
		args = append(args, l.Max, l.Window.Microseconds())
	}
	answer, err := takeScript.Run(ctx, t.client, names(limits), args...).Int64Slice()
	if err != nil {
		return service.Block{}, fmt.Errorf("redis throttle: %w", err)
	}
	if len(answer) != 2 || answer[0] == 0 {
		return service.Block{}, nil
	}
	return service.Block{
		Key:   limits[answer[0]-1].Key,
		Retry: time.Duration(answer[1]) * time.Microsecond,
	}, nil
}

// Forget implements service.Throttle.
func (t *RedisThrottle) Forget(ctx context.Context, attempt string, limits []service.Limit) error {
	_, err := t.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range names(limits) {
			p.ZRem(ctx, key, attempt)
		}
		return nil
	})
	return wrap(err, "redis throttle: forget")
}

// Clear implements service.Throttle.
func (t *RedisThrottle) Clear(ctx context.Context, key string) error {
	return wrap(t.client.Del(ctx, name(key)).Err(), "redis throttle: clear")
}

// name keeps all keys in one slot of a Redis cluster, for the script touches several.
func name(key string) string { return "marketplace:{login}:" + key }

func names(limits []service.Limit) []string {
	all := make([]string, len(limits))
	for i, l := range limits {
		all[i] = name(l.Key)
	}
	return all
}
