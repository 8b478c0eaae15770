package auth

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// DevelopmentKeys is the JWT_KEYS that holds when none is configured, so that
// services started one by one on a developer's machine agree. It is public;
// Config.Check refuses it anywhere but in development on loopback.
const DevelopmentKeys = "development:sneakers-marketplace-development-key-known-to-all"

const (
	minKeyBytes = 32
	maxKeys     = 2
	defaultTTL  = 15 * time.Minute
	defaultName = "sneakers-marketplace"
)

// Config is how access tokens are signed and checked; the same in every service.
type Config struct {
	Keys      string        `env:"JWT_KEYS" envDefault:"development:sneakers-marketplace-development-key-known-to-all" secret:"true" doc:"signing keys kid:secret[,kid:secret]; the first signs, both verify; each at least 32 bytes; the default works in development on loopback only"`
	Issuer    string        `env:"JWT_ISSUER" envDefault:"sneakers-marketplace" doc:"iss of access tokens"`
	Audience  string        `env:"JWT_AUDIENCE" envDefault:"sneakers-marketplace" doc:"aud of access tokens"`
	AccessTTL time.Duration `env:"JWT_ACCESS_TTL" envDefault:"15m" doc:"life of an access token, 1m to 15m"`
}

// Check refuses keys that would let anyone forge a token: none, a short one, and
// the development key in production or when a service listens beyond loopback.
// Every service calls it before it listens. Rule: USER-004.
func (c Config) Check(production, loopback bool) error {
	ring, err := parseKeys(c.Keys)
	if err != nil {
		return err
	}
	if c.AccessTTL != 0 && (c.AccessTTL < time.Minute || c.AccessTTL > defaultTTL) {
		return fmt.Errorf("JWT_ACCESS_TTL is %s: must be 1m to 15m", c.AccessTTL)
	}
	if loopback && !production {
		return nil
	}
	_, known, _ := strings.Cut(DevelopmentKeys, ":")
	for _, k := range ring {
		if string(k.secret) == known {
			return errors.New("JWT_KEYS holds the development key: " +
				"set a secret of your own (kid:secret, at least 32 bytes) in production or when listening beyond loopback")
		}
	}
	return nil
}

// Loopback reports whether a listen address ("127.0.0.1:50051") is reachable from this machine alone.
func Loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (c Config) withDefaults() Config {
	if c.Issuer == "" {
		c.Issuer = defaultName
	}
	if c.Audience == "" {
		c.Audience = defaultName
	}
	if c.AccessTTL == 0 {
		c.AccessTTL = defaultTTL
	}
	return c
}
