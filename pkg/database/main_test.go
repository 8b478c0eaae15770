package database_test

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/database"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// settings are the defaults for url.
func settings(t *testing.T, url string) database.Config {
	t.Helper()
	cfg, err := config.Load[database.Config](config.Source{"DATABASE_URL": url})
	require.NoError(t, err)
	return cfg
}

func open(t *testing.T, cfg database.Config, log zerolog.Logger) *pgxpool.Pool {
	t.Helper()
	pool, err := database.Open(context.Background(), cfg, log)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// lines collects JSON log lines.
type lines struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

func (l *lines) all(t *testing.T) []map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []map[string]any
	dec := json.NewDecoder(bytes.NewReader(l.out.Bytes()))
	for dec.More() {
		var fields map[string]any
		require.NoError(t, dec.Decode(&fields))
		out = append(out, fields)
	}
	return out
}
