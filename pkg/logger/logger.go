// Package logger makes the structured log: readable on a console in development, JSON
// in production. The request id that the edge gives a call travels in the context and
// stands on every line written with From, down to the SQL trace.
package logger

import (
	"fmt"
	"io"
	"strings"

	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// The names of the fields every line may carry.
const (
	FieldService   = "service"
	FieldRequestID = "request_id"
)

// Level is the least severity that is written: trace, debug, info, warn, error or off.
type Level string

// UnmarshalText reads a level's name.
func (l *Level) UnmarshalText(text []byte) error {
	switch v := Level(strings.ToLower(string(text))); v {
	case "", "trace", "debug", "info", "warn", "error", "off":
		*l = v
		return nil
	}
	return fmt.Errorf("must be trace, debug, info, warn, error or off")
}

func (l Level) zerolog() zerolog.Level {
	switch l {
	case "":
		return zerolog.InfoLevel
	case "off":
		return zerolog.Disabled
	}
	level, err := zerolog.ParseLevel(string(l))
	if err != nil {
		return zerolog.InfoLevel
	}
	return level
}

// Format is how a line looks.
type Format string

// The formats.
const (
	Console Format = "console"
	JSON    Format = "json"
)

// UnmarshalText reads a format's name.
func (f *Format) UnmarshalText(text []byte) error {
	switch v := Format(text); v {
	case "", Console, JSON:
		*f = v
		return nil
	}
	return fmt.Errorf("must be %s or %s", Console, JSON)
}

// Config is the log's settings; what is blank comes from the environment's preset.
type Config struct {
	Level   Level  `env:"LOG_LEVEL" doc:"trace, debug, info, warn, error or off; blank: info"`
	Format  Format `env:"LOG_FORMAT" doc:"console or json; blank: json in production, console elsewhere"`
	NoColor bool   `env:"LOG_NO_COLOR" envDefault:"false" doc:"console without colours; they are off anyway when the output is no terminal"`
}

// Development is the preset for people: console, info.
func Development() Config { return Config{Level: "info", Format: Console} }

// Production is the preset for machines: JSON, info.
func Production() Config { return Config{Level: "info", Format: JSON} }

// Or fills what is blank in c from preset.
func (c Config) Or(preset Config) Config {
	if c.Level == "" {
		c.Level = preset.Level
	}
	if c.Format == "" {
		c.Format = preset.Format
	}
	return c
}

//nolint:gochecknoinits // zerolog keeps the time's format and source in package variables; setting them once, here, is free of races
func init() {
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000000Z07:00"
	zerolog.TimestampFunc = clock.System{}.Now
}

// New returns a logger that writes to w lines with the time (UTC) and the service's name.
func New(cfg Config, service string, w io.Writer) zerolog.Logger {
	if cfg.Format != JSON {
		w = console(cfg, w)
	}
	fields := zerolog.New(w).Level(cfg.Level.zerolog()).With().Timestamp()
	if service != "" {
		fields = fields.Str(FieldService, service)
	}
	return fields.Logger()
}

func console(cfg Config, w io.Writer) io.Writer {
	return zerolog.ConsoleWriter{Out: w, NoColor: cfg.NoColor || !terminal(w), TimeFormat: "15:04:05.000"}
}
