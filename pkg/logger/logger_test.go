package logger

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

func line(t *testing.T, out *bytes.Buffer) map[string]any {
	t.Helper()
	var fields map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &fields), out.String())
	return fields
}

func TestProductionLinesAreJSONWithServiceAndUTC(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := New(Production(), "bidding", &out)
	log.Debug().Msg("hidden")
	log.Info().Int("n", 1).Msg("shown")
	fields := line(t, &out)
	require.Equal(t, "bidding", fields[FieldService])
	require.Equal(t, "shown", fields["message"])
	require.Equal(t, "info", fields["level"])
	at, err := time.Parse(time.RFC3339Nano, fields["time"].(string))
	require.NoError(t, err)
	require.Equal(t, time.UTC, at.Location())
	require.NotContains(t, fields, FieldRequestID)
}

func TestDevelopmentLinesAreForPeople(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := New(Development(), "user", &out)
	log.Info().Msg("hello")
	require.Contains(t, out.String(), "INF hello service=user")
	require.NotContains(t, out.String(), "\x1b[", "no colours when the output is no terminal")
	require.False(t, terminal(&out))
	f, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	require.False(t, terminal(f))
}

func TestWithoutAServiceNoFieldIsWritten(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := New(Production(), "", &out)
	log.Info().Msg("x")
	require.NotContains(t, out.String(), FieldService)
}

func TestLevels(t *testing.T) {
	t.Parallel()
	for level, want := range map[Level]zerolog.Level{
		"": zerolog.InfoLevel, "trace": zerolog.TraceLevel, "debug": zerolog.DebugLevel, "info": zerolog.InfoLevel,
		"warn": zerolog.WarnLevel, "error": zerolog.ErrorLevel, "off": zerolog.Disabled, "bogus": zerolog.InfoLevel,
	} {
		require.Equal(t, want, level.zerolog(), string(level))
	}
}

func TestSettingsAreStrictAndFallBackToThePreset(t *testing.T) {
	t.Parallel()
	got, err := config.Load[Config](config.Source{"LOG_LEVEL": "DEBUG"})
	require.NoError(t, err)
	require.Equal(t, Config{Level: "debug", Format: JSON}, got.Or(Production()))
	require.Equal(t, Development(), Config{}.Or(Development()))
	_, err = config.Load[Config](config.Source{"LOG_LEVEL": "loud"})
	require.EqualError(t, err, `LOG_LEVEL="loud": must be trace, debug, info, warn, error or off`)
	_, err = config.Load[Config](config.Source{"LOG_FORMAT": "xml"})
	require.EqualError(t, err, `LOG_FORMAT="xml": must be console or json`)
}

func TestRequestIDStandsOnEveryLineOfItsContext(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := New(Production(), "user", &out)
	ctx := WithRequestID(Into(t.Context(), &log), "r-1")
	require.Equal(t, "r-1", RequestID(ctx))
	From(ctx).Info().Msg("x")
	require.Equal(t, "r-1", line(t, &out)[FieldRequestID])

	out.Reset()
	From(Into(ctx, &log)).Info().Msg("a later log keeps the id")
	require.Equal(t, "r-1", line(t, &out)[FieldRequestID])

	out.Reset()
	attached := Attach(ctx, log)
	attached.Info().Msg("x")
	require.Equal(t, "r-1", line(t, &out)[FieldRequestID])

	out.Reset()
	plain := Attach(context.Background(), log)
	plain.Info().Msg("x")
	require.NotContains(t, line(t, &out), FieldRequestID)
}

func TestAContextWithoutLogIsSilent(t *testing.T) {
	t.Parallel()
	require.Empty(t, RequestID(context.Background()))
	From(context.Background()).Error().Msg("nowhere")
	ctx := WithRequestID(context.Background(), "r-2")
	From(ctx).Error().Msg("nowhere")
	require.Equal(t, "r-2", RequestID(ctx))
}

func TestOneContextMayLogFromManyGoroutines(t *testing.T) {
	t.Parallel()
	var out syncBuffer
	log := New(Production(), "user", &out)
	ctx := With(context.Background(), &log, "r-3")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { From(ctx).Info().Msg("x") })
	}
	wg.Wait()
	require.Equal(t, 20, strings.Count(out.b.String(), `"request_id":"r-3"`))
}

type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}
