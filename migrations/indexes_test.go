package migrations_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
)

// A foreign key without an index makes every change of the row it points to read the
// whole table that points.
func TestEveryForeignKeyIsTheBeginningOfAnIndex(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t)
	const uncovered = `SELECT c.conrelid::regclass || '.' || c.conname FROM pg_constraint c
		WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace AND NOT EXISTS (
			SELECT FROM pg_index i WHERE i.indrelid = c.conrelid
			AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) LIKE '%IS NOT NULL%')
			AND (i.indkey::smallint[])[0:cardinality(c.conkey) - 1] @> c.conkey)
		ORDER BY 1`
	list := func() []string {
		rows, err := pool.Query(t.Context(), uncovered)
		require.NoError(t, err)
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return names
	}
	require.Empty(t, list())
	_, err := pool.Exec(t.Context(), "DROP INDEX refresh_tokens_session_idx")
	require.NoError(t, err)
	require.Equal(t, []string{"refresh_tokens.refresh_tokens_session_id_fkey"}, list(), "one that is missing is seen")
}
