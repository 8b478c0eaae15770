package app

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

func TestTemporaryMarketplaceGoesOnUntilItsWorkIsDone(t *testing.T) {
	t.Parallel()
	found, err := embeddedpg.Find(os.Getenv("MARKETPLACE_PG_BIN"), "../..")
	require.NoError(t, err)
	o := Options{State: filepath.Join(stateDir(t), "own"), Source: config.Source{
		"MARKETPLACE_PG_BIN": found[0].Bin, "DATABASE_URL": "postgres://127.0.0.1:1/never", "USER_LISTEN": "not an address",
		"USER_BCRYPT_COST": "4", "ENVIRONMENT": "test",
	}}
	visit := func(ctx context.Context, result func() error) error {
		return Temporary(ctx, o, "test", func(ctx context.Context, g Guest) error {
			conn, err := g.Dial("user")
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			signed, err := userv1.NewUserServiceClient(conn).Login(ctx, &userv1.LoginRequest{Email: g.Owner.Email, Password: g.Owner.Password})
			require.NoError(t, err)
			require.Contains(t, signed.GetUser().GetRoles(), "owner")
			require.FileExists(t, g.Log)
			return result()
		})
	}
	folder := filepath.Join(o.State, "temporary-test")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	require.ErrorIs(t, visit(ctx, func() error { return io.ErrUnexpectedEOF }), io.ErrUnexpectedEOF)
	require.DirExists(t, folder)
	require.ErrorIs(t, visit(ctx, func() error { stop(); return ctx.Err() }), context.Canceled)
	require.DirExists(t, folder, "its owner is there already the next time")
	require.NoError(t, visit(context.Background(), func() error { return nil }))
	require.NoDirExists(t, o.State)
}

func TestTemporaryMarketplaceNeedsAFolder(t *testing.T) {
	t.Parallel()
	never := func(context.Context, Guest) error { return io.ErrUnexpectedEOF }
	require.Error(t, Temporary(context.Background(), Options{State: "/proc/none"}, "test", never))
	require.ErrorContains(t, Temporary(context.Background(), Options{Source: config.Source{"MARKETPLACE_STAT": "x"}}, "test", never), "MARKETPLACE_STAT")
	dir, err := StateFolder(config.Source{"MARKETPLACE_STATE": "/a"}, "")
	require.NoError(t, err)
	require.Equal(t, "/a", dir)
}
