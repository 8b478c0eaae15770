package database

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rs/zerolog"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/logger"
)

// tracer logs statements that were slow or failed, with the request id of their
// context. Arguments are never logged: they hold people's data.
type tracer struct {
	log  zerolog.Logger
	slow time.Duration // 0: slowness is not logged
}

type traceKey struct{}

type trace struct {
	sql   string
	start time.Time
}

// TraceQueryStart implements pgx.QueryTracer.
func (t *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, traceKey{}, &trace{data.SQL, clock.Monotonic()})
}

// TraceQueryEnd implements pgx.QueryTracer.
func (t *tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	t.end(ctx, data.Err)
}

// TraceBatchStart implements pgx.BatchTracer.
func (t *tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	sql := "batch"
	if data.Batch != nil && len(data.Batch.QueuedQueries) > 0 {
		sql = data.Batch.QueuedQueries[0].SQL
	}
	return context.WithValue(ctx, traceKey{}, &trace{sql, clock.Monotonic()})
}

// TraceBatchQuery implements pgx.BatchTracer; the batch is reported as a whole.
func (t *tracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (t *tracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	t.end(ctx, data.Err)
}

func (t *tracer) end(ctx context.Context, err error) {
	tr, ok := ctx.Value(traceKey{}).(*trace)
	if !ok {
		return
	}
	took := clock.Since(tr.start)
	level, msg := zerolog.WarnLevel, "slow statement"
	switch {
	case err != nil:
		level, msg = severity(err), "statement failed"
	case t.slow == 0 || took < t.slow:
		return
	}
	log := logger.Attach(ctx, t.log)
	log.WithLevel(level).Err(err).Dur("took", took).Str("sql", oneLine(tr.sql)).Msg(msg)
}

// severity: a violated constraint, no row and a caller that left are everyday answers.
func severity(err error) zerolog.Level {
	var pgErr *pgconn.PgError
	everyday := errors.Is(err, context.Canceled) || errors.Is(err, pgx.ErrNoRows) ||
		errors.As(err, &pgErr) && strings.HasPrefix(pgErr.Code, "23")
	if everyday {
		return zerolog.DebugLevel
	}
	return zerolog.WarnLevel
}

const maxLoggedSQL = 300

// oneLine is the statement's beginning without its layout.
func oneLine(sql string) string {
	sql = strings.Join(strings.Fields(sql[:min(len(sql), 4*maxLoggedSQL)]), " ")
	if len(sql) > maxLoggedSQL {
		return strings.ToValidUTF8(sql[:maxLoggedSQL], "") + "..."
	}
	return sql
}
