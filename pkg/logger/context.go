package logger

import (
	"context"
	"sync"

	"github.com/rs/zerolog"
)

type contextKey struct{}

// scope is what a context knows of the log. The line prefix with the request id is
// built when the first line is written: most calls write none.
type scope struct {
	base      *zerolog.Logger
	requestID string
	once      sync.Once
	derived   zerolog.Logger
}

func (s *scope) logger() *zerolog.Logger {
	if s.requestID == "" {
		return s.base
	}
	s.once.Do(func() { s.derived = s.base.With().Str(FieldRequestID, s.requestID).Logger() })
	return &s.derived
}

var silent = zerolog.Nop()

func of(ctx context.Context) *scope {
	s, _ := ctx.Value(contextKey{}).(*scope)
	return s
}

// Into returns a context whose log is log; a request id of ctx stays.
func Into(ctx context.Context, log *zerolog.Logger) context.Context {
	return With(ctx, log, RequestID(ctx))
}

// WithRequestID returns a context whose lines carry id.
func WithRequestID(ctx context.Context, id string) context.Context {
	base := &silent
	if s := of(ctx); s != nil {
		base = s.base
	}
	return With(ctx, base, id)
}

// With is Into and WithRequestID in one step, for the edge's hot path.
func With(ctx context.Context, log *zerolog.Logger, id string) context.Context {
	return context.WithValue(ctx, contextKey{}, &scope{base: log, requestID: id})
}

// RequestID returns the id of the request that ctx serves, "" outside one.
func RequestID(ctx context.Context) string {
	if s := of(ctx); s != nil {
		return s.requestID
	}
	return ""
}

// From returns the log of ctx with the fields of the context; a silent one when ctx has none.
func From(ctx context.Context) *zerolog.Logger {
	if s := of(ctx); s != nil {
		return s.logger()
	}
	return &silent
}

// Attach returns log with the request id of ctx, for code that keeps a log of its own.
func Attach(ctx context.Context, log zerolog.Logger) zerolog.Logger {
	if id := RequestID(ctx); id != "" {
		return log.With().Str(FieldRequestID, id).Logger()
	}
	return log
}
