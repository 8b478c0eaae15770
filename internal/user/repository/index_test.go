package repository_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
)

// statement is a query of queries/<file>.sql as it is sent, with its parameters numbered.
func statement(t *testing.T, file, name string, parameters ...string) string {
	t.Helper()
	text, err := os.ReadFile("queries/" + file + ".sql")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "-- name: "+name+" ")
	require.True(t, found, name)
	_, rest, _ = strings.Cut(rest, "\n")
	sql, _, _ := strings.Cut(rest, ";")
	sql = strings.NewReplacer("sqlc.embed(users)", "users.*", "sqlc.embed(sessions)", "sessions.*").Replace(sql)
	for i, p := range parameters {
		sql = strings.ReplaceAll(sql, "@"+p, "$"+string(rune('1'+i)))
	}
	return sql
}

func TestAccountsAndSessionsAreFoundByIndex(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t)
	_, err := db.Exec(t.Context(), `
		INSERT INTO users (id, email, password_hash, first_name, last_name)
			SELECT gen_random_uuid(), 'user' || n || '@example.com', '$2a$', 'A', 'B' FROM generate_series(1, 5000) n;
		INSERT INTO sessions (id, user_id, expires_at) SELECT gen_random_uuid(), id, now() FROM users;
		INSERT INTO refresh_tokens (token_hash, session_id, expires_at)
			SELECT decode(md5(id::text) || md5(id::text), 'hex'), id, now() FROM sessions;
		ANALYZE`)
	require.NoError(t, err)
	const zero = "00000000-0000-0000-0000-000000000001"
	for name, c := range map[string]struct {
		sql   string
		args  []any
		index string
	}{
		"sign-in":          {statement(t, "users", "UserByEmail", "email"), []any{"user7@example.com"}, "users_email_key"},
		"caller's session": {statement(t, "sessions", "SessionWithUser", "id"), []any{zero}, "sessions_pkey"},
		"known network":    {statement(t, "sessions", "SignedInFrom", "user_id", "ip_prefix"), []any{zero, "x"}, "sessions_newest_idx"},
		"refresh":          {statement(t, "tokens", "Token", "token_hash"), []any{make([]byte, 32)}, "refresh_tokens_pkey"},
		"child of a token": {statement(t, "tokens", "TokenChild", "parent"), []any{make([]byte, 32)}, "refresh_tokens_parent_key"},
	} {
		rows, err := db.Query(t.Context(), "EXPLAIN "+c.sql, c.args...)
		require.NoError(t, err, name)
		var plan, line string
		for rows.Next() {
			require.NoError(t, rows.Scan(&line))
			plan += line + "\n"
		}
		require.NoError(t, rows.Err())
		require.Contains(t, plan, c.index, name)
		require.NotContains(t, plan, "Seq Scan on users", name)
		require.NotContains(t, plan, "Seq Scan on sessions", name)
	}
}
