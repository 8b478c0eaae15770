package database

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

// Config is the settings of one service's pool.
type Config struct {
	URL              string        `env:"DATABASE_URL" secret:"true" doc:"postgres://user:password@host:port/database; a service may have its own, e.g. BIDDING_DATABASE_URL"`
	MaxConns         int32         `env:"DATABASE_MAX_CONNS" envDefault:"25" doc:"most connections of one service"`
	MinConns         int32         `env:"DATABASE_MIN_CONNS" envDefault:"0" doc:"connections kept open though idle"`
	MaxConnLifetime  time.Duration `env:"DATABASE_MAX_CONN_LIFETIME" envDefault:"1h" doc:"a connection is replaced after this time"`
	MaxConnIdleTime  time.Duration `env:"DATABASE_MAX_CONN_IDLE_TIME" envDefault:"30m" doc:"an idle connection is closed after this time"`
	ConnectTimeout   time.Duration `env:"DATABASE_CONNECT_TIMEOUT" envDefault:"5s" doc:"longest wait for a new connection"`
	StatementTimeout time.Duration `env:"DATABASE_STATEMENT_TIMEOUT" envDefault:"30s" doc:"the server stops a statement after this time; 0s: never"`
	SlowQuery        time.Duration `env:"DATABASE_SLOW_QUERY" envDefault:"250ms" doc:"a statement that takes longer is logged; 0s: none"`

	// Name is the application name the server shows for these connections, unless the URL has one.
	Name string `env:"-"`

	// Parameters are run-time parameters of every connection, such as a planner setting.
	Parameters map[string]string `env:"-"`
}

// Validate names the variable that is out of range. A blank URL is no error here: the
// one-command start fills it in. Open refuses it.
func (c Config) Validate() error {
	switch {
	case c.MaxConns < 1 || c.MaxConns > 1000:
		return config.Bad("DATABASE_MAX_CONNS", c.MaxConns, "must be 1 to 1000")
	case c.MinConns < 0 || c.MinConns > c.MaxConns:
		return config.Bad("DATABASE_MIN_CONNS", c.MinConns, "must be 0 to DATABASE_MAX_CONNS")
	case c.MaxConnLifetime < time.Second:
		return config.Bad("DATABASE_MAX_CONN_LIFETIME", c.MaxConnLifetime, "must be 1s or more")
	case c.MaxConnIdleTime < time.Second:
		return config.Bad("DATABASE_MAX_CONN_IDLE_TIME", c.MaxConnIdleTime, "must be 1s or more")
	case c.ConnectTimeout < time.Millisecond:
		return config.Bad("DATABASE_CONNECT_TIMEOUT", c.ConnectTimeout, "must be 1ms or more")
	case c.StatementTimeout < 0 || c.StatementTimeout > 0 && c.StatementTimeout < time.Millisecond:
		return config.Bad("DATABASE_STATEMENT_TIMEOUT", c.StatementTimeout, "must be 0s or 1ms and more")
	case c.SlowQuery < 0:
		return config.Bad("DATABASE_SLOW_QUERY", c.SlowQuery, "must be 0s or more")
	}
	return nil
}

// withDefaults makes the zero values of a Config built by hand usable.
func (c Config) withDefaults() Config {
	if c.MaxConns == 0 {
		c.MaxConns = 25
	}
	if c.MaxConnLifetime == 0 {
		c.MaxConnLifetime = time.Hour
	}
	if c.MaxConnIdleTime == 0 {
		c.MaxConnIdleTime = 30 * time.Minute
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 5 * time.Second
	}
	return c
}

// pool turns the settings into the driver's; no connection is made.
func (c Config) pool(log zerolog.Logger) (*pgxpool.Config, error) {
	if strings.TrimSpace(c.URL) == "" {
		return nil, fmt.Errorf("DATABASE_URL is not set: must be such as postgres://user:password@host:5432/database")
	}
	pc, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: must be such as postgres://user:password@host:5432/database (%s)", reason(err, c.URL))
	}
	pc.MaxConns, pc.MinConns = c.MaxConns, c.MinConns
	pc.MaxConnLifetime, pc.MaxConnIdleTime = c.MaxConnLifetime, c.MaxConnIdleTime
	pc.MaxConnLifetimeJitter = c.MaxConnLifetime / 10 // so that they are not all replaced at once
	pc.ConnConfig.ConnectTimeout = c.ConnectTimeout
	pc.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	pc.ConnConfig.Tracer = &tracer{log: log, slow: c.SlowQuery}
	pc.AfterConnect = useUTC
	params := pc.ConnConfig.RuntimeParams
	if params["application_name"] == "" {
		params["application_name"] = c.name()
	}
	if params["jit"] == "" { // compiling pays off for reports; here statements are short, and a wrong guess costs 100 ms
		params["jit"] = "off"
	}
	if c.StatementTimeout > 0 {
		params["statement_timeout"] = fmt.Sprint(c.StatementTimeout.Milliseconds())
	}
	maps.Copy(params, c.Parameters)
	return pc, nil
}

func (c Config) name() string {
	if c.Name == "" {
		return "marketplace"
	}
	return c.Name
}

// reason is the parser's complaint unless it quotes the URL, which may hold a password.
func reason(err error, url string) string {
	text := err.Error()
	if strings.Contains(text, url) || strings.Contains(text, "://") {
		return "it cannot be parsed"
	}
	return text
}

// useUTC makes the driver return instants in UTC (TIME-001); its default is the machine's zone.
func useUTC(_ context.Context, conn *pgx.Conn) error {
	types := conn.TypeMap()
	instant := &pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}}
	types.RegisterType(instant)
	types.RegisterType(&pgtype.Type{Name: "_timestamptz", OID: pgtype.TimestamptzArrayOID, Codec: &pgtype.ArrayCodec{ElementType: instant}})
	return nil
}
