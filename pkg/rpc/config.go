package rpc

import (
	"fmt"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

// Config is the limits of a gRPC server; the zero value means the defaults.
type Config struct {
	MaxMessageBytes  int           `env:"RPC_MAX_MESSAGE_BYTES" envDefault:"4194304" doc:"largest request or answer"`
	MaxHeaderBytes   uint32        `env:"RPC_MAX_HEADER_BYTES" envDefault:"16384" doc:"largest set of request headers"`
	MaxStreams       uint32        `env:"RPC_MAX_STREAMS" envDefault:"1000" doc:"most calls at a time on one connection"`
	Deadline         time.Duration `env:"RPC_DEADLINE" envDefault:"10s" doc:"time a call has when its client sets no deadline"`
	MaxDeadline      time.Duration `env:"RPC_MAX_DEADLINE" envDefault:"1m" doc:"longest time a call may ask for"`
	Slow             time.Duration `env:"RPC_SLOW" envDefault:"1s" doc:"a call that takes longer is logged; 0s: none"`
	Drain            time.Duration `env:"RPC_DRAIN" envDefault:"10s" doc:"time running calls have to finish when the server stops"`
	KeepaliveTime    time.Duration `env:"RPC_KEEPALIVE_TIME" envDefault:"2m" doc:"an idle connection is probed after this time"`
	KeepaliveTimeout time.Duration `env:"RPC_KEEPALIVE_TIMEOUT" envDefault:"20s" doc:"a probed connection that stays silent this long is closed"`
	MinPing          time.Duration `env:"RPC_MIN_PING" envDefault:"10s" doc:"a client that probes more often is sent away"`
	AccessLog        AccessLog     `env:"RPC_ACCESS_LOG" envDefault:"refused" doc:"calls that are logged: all, refused (and failed) or failed"`
}

// AccessLog says which calls are logged above the debug level.
type AccessLog string

// The choices, each including the next.
const (
	LogAll     AccessLog = "all"
	LogRefused AccessLog = "refused"
	LogFailed  AccessLog = "failed"
)

// UnmarshalText reads a choice.
func (a *AccessLog) UnmarshalText(text []byte) error {
	switch v := AccessLog(text); v {
	case LogAll, LogRefused, LogFailed:
		*a = v
		return nil
	}
	return fmt.Errorf("must be %s, %s or %s", LogAll, LogRefused, LogFailed)
}

// Validate names the variable that is out of range.
func (c Config) Validate() error {
	switch {
	case c.MaxMessageBytes < 1024 || c.MaxMessageBytes > 1<<30:
		return config.Bad("RPC_MAX_MESSAGE_BYTES", c.MaxMessageBytes, "must be 1024 to 1073741824")
	case c.MaxHeaderBytes < 4096:
		return config.Bad("RPC_MAX_HEADER_BYTES", c.MaxHeaderBytes, "must be 4096 or more")
	case c.MaxStreams < 1:
		return config.Bad("RPC_MAX_STREAMS", c.MaxStreams, "must be 1 or more")
	case c.Deadline <= 0:
		return config.Bad("RPC_DEADLINE", c.Deadline, "must be more than 0s")
	case c.MaxDeadline < c.Deadline:
		return config.Bad("RPC_MAX_DEADLINE", c.MaxDeadline, "must be RPC_DEADLINE or more")
	case c.Slow < 0:
		return config.Bad("RPC_SLOW", c.Slow, "must be 0s or more")
	case c.Drain <= 0:
		return config.Bad("RPC_DRAIN", c.Drain, "must be more than 0s")
	case c.KeepaliveTime < time.Second:
		return config.Bad("RPC_KEEPALIVE_TIME", c.KeepaliveTime, "must be 1s or more")
	case c.KeepaliveTimeout < time.Second:
		return config.Bad("RPC_KEEPALIVE_TIMEOUT", c.KeepaliveTimeout, "must be 1s or more")
	case c.MinPing < 0:
		return config.Bad("RPC_MIN_PING", c.MinPing, "must be 0s or more")
	}
	return nil
}

// withDefaults makes a Config built by hand usable. Slow and MinPing have a meaning at zero.
func (c Config) withDefaults() Config {
	if c == (Config{}) {
		c.Slow, c.MinPing = time.Second, 10*time.Second
	}
	c.MaxMessageBytes = or(c.MaxMessageBytes, 4<<20)
	c.MaxHeaderBytes = or(c.MaxHeaderBytes, 16<<10)
	c.MaxStreams = or(c.MaxStreams, 1000)
	c.Deadline = or(c.Deadline, 10*time.Second)
	c.MaxDeadline = or(c.MaxDeadline, max(time.Minute, c.Deadline))
	c.Drain = or(c.Drain, 10*time.Second)
	c.KeepaliveTime = or(c.KeepaliveTime, 2*time.Minute)
	c.KeepaliveTimeout = or(c.KeepaliveTimeout, 20*time.Second)
	c.AccessLog = or(c.AccessLog, LogRefused)
	return c
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}
