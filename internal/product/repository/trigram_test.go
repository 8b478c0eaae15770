package repository

import (
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/product/model"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/migrations"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// A server that does not let us have pg_trgm gets the schema without it.
func TestPROD_004_TheSchemaDoesWithoutTrigrams(t *testing.T) {
	t.Parallel()
	ctx, address := t.Context(), testkit.EmptyDatabaseURL(t)
	admin, err := pgxpool.New(ctx, address)
	require.NoError(t, err)
	t.Cleanup(admin.Close)
	role := "limited_" + strings.ReplaceAll(id.New().String(), "-", "")
	_, err = admin.Exec(ctx, "CREATE ROLE "+pgx.Identifier{role}.Sanitize()+"; GRANT ALL ON SCHEMA public TO "+pgx.Identifier{role}.Sanitize())
	require.NoError(t, err)

	limited, err := url.Parse(address)
	require.NoError(t, err)
	query := limited.Query()
	query.Set("role", role)
	limited.RawQuery = query.Encode()
	require.NoError(t, migrations.Up(ctx, limited.String()))
	db, err := pgxpool.New(ctx, limited.String())
	require.NoError(t, err)
	t.Cleanup(db.Close)

	var trigrams bool
	require.NoError(t, db.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')").Scan(&trigrams))
	require.False(t, trigrams)
	store := New(db)
	made, err := store.InsertProducts(ctx, []model.Product{{
		ID: id.New(), Name: "Air Jordan", SKU: "A1", Slug: "a1", Category: "sneakers", Currency: "USD", Status: model.Active,
		CreatedAt: noon, UpdatedAt: noon, Version: 1,
	}})
	require.NoError(t, err)
	require.Len(t, made, 1)
	near, err := store.Near(ctx, "jordn")
	require.NoError(t, err)
	require.Equal(t, []model.Term{{Text: "jordan", Products: 1}}, near)
	require.NoError(t, migrations.Down(ctx, limited.String()))
	_, err = admin.Exec(ctx, "DROP OWNED BY "+pgx.Identifier{role}.Sanitize()+"; DROP ROLE "+pgx.Identifier{role}.Sanitize())
	require.NoError(t, err)
}
