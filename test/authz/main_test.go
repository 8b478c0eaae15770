package main

import (
	"context"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// inOneProcess starts a marketplace that ends with the test.
func inOneProcess(t *testing.T) *world {
	t.Helper()
	keys := auth.Config{Keys: signingKeyID + ":" + signingKey}
	url := testkit.DatabaseURL(t)
	source := config.Source{
		"ENVIRONMENT": "test", "USER_BCRYPT_COST": "4", "DATABASE_URL": url, "JWT_KEYS": keys.Keys,
		"USER_LISTEN": "127.0.0.1:0", "PRODUCT_LISTEN": "127.0.0.1:0", "BIDDING_LISTEN": "127.0.0.1:0",
	}
	require.NoError(t, app.CreateOwner(t.Context(), source, url, ownerEmail, password))
	state, err := os.MkdirTemp("", "authz-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(state) })

	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan *app.Marketplace, 1), make(chan error, 1)
	go func() {
		ended <- app.Run(ctx, app.Options{Source: source, State: state, Log: io.Discard}, func(ctx context.Context, m *app.Marketplace) error {
			if err := m.Ready(ctx); err != nil {
				return err
			}
			ready <- m
			<-ctx.Done()
			return nil
		})
	}()
	conns := map[string]*grpc.ClientConn{}
	t.Cleanup(func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
		cancel()
		require.NoError(t, <-ended)
	})
	select {
	case m := <-ready:
		for _, name := range servers {
			conns[name], err = m.Dial(name)
			require.NoError(t, err)
		}
	case err := <-ended:
		ended <- nil
		require.NoError(t, err, "the marketplace ended before it was ready")
	}
	w, err := enter(t.Context(), conns, keys)
	require.NoError(t, err)
	return w
}

// table is the committed one.
func table(t *testing.T) []row {
	t.Helper()
	rows, err := parseTable(accessTable)
	require.NoError(t, err)
	return rows
}

// at is where a row is.
func at(t *testing.T, rows []row, name string) int {
	t.Helper()
	i := slices.IndexFunc(rows, func(r row) bool { return r.name() == name })
	require.GreaterOrEqual(t, i, 0, name)
	return i
}

// lines are findings as they are printed.
func lines(found []finding) []string {
	out := make([]string, len(found))
	for i, f := range found {
		out[i] = f.String()
	}
	return out
}
