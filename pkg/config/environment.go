package config

import (
	"fmt"
	"time"
)

// Environment is where the process runs; it decides the presets and how strict the checks are.
type Environment string

// The environments. Development allows what needs no set-up (fixed development
// keys on loopback, reflection, a console log); production refuses it.
const (
	Development Environment = "development"
	Test        Environment = "test"
	Production  Environment = "production"
)

// UnmarshalText reads an environment's name.
func (e *Environment) UnmarshalText(text []byte) error {
	switch v := Environment(text); v {
	case Development, Test, Production:
		*e = v
		return nil
	}
	return fmt.Errorf("must be %s, %s or %s", Development, Test, Production)
}

// Common is what every service reads.
type Common struct {
	Environment   Environment   `env:"ENVIRONMENT" envDefault:"development" doc:"development, test or production"`
	ShutdownGrace time.Duration `env:"SHUTDOWN_GRACE" envDefault:"20s" doc:"longest time a stop may take before what is left is cut"`
	ShutdownDelay time.Duration `env:"SHUTDOWN_DELAY" envDefault:"0s" doc:"time between /readyz turning false and the listeners closing, for load balancers"`
}

// Production reports whether the strict checks apply.
func (c Common) Production() bool { return c.Environment == Production }

// Validate names the variable that is out of range.
func (c Common) Validate() error {
	if c.ShutdownGrace < time.Second || c.ShutdownGrace > 10*time.Minute {
		return Bad("SHUTDOWN_GRACE", c.ShutdownGrace, "must be 1s to 10m")
	}
	if c.ShutdownDelay < 0 || c.ShutdownDelay > time.Minute {
		return Bad("SHUTDOWN_DELAY", c.ShutdownDelay, "must be 0s to 1m")
	}
	return nil
}
