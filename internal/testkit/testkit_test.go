package testkit_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/migrations"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	one, two := testkit.Database(t), testkit.Database(t)
	_, err := one.Exec(ctx, "CREATE TABLE only_here (id int)")
	require.NoError(t, err)
	_, err = two.Exec(ctx, "SELECT * FROM only_here")
	require.Error(t, err)
}

func TestDatabaseIsMigrated(t *testing.T) {
	t.Parallel()
	version, dirty, err := migrations.Version(context.Background(), testkit.DatabaseURL(t))
	require.NoError(t, err)
	require.False(t, dirty)
	require.Equal(t, migrations.Latest(), version)
}

func TestEmptyDatabaseHasNoSchema(t *testing.T) {
	t.Parallel()
	version, dirty, err := migrations.Version(context.Background(), testkit.EmptyDatabaseURL(t))
	require.NoError(t, err)
	require.False(t, dirty)
	require.Zero(t, version)
}
