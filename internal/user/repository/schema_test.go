package repository_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/redis/go-redis/v9/logging"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
)

func TestMain(m *testing.M) {
	logging.Disable() // of the Redis client, which is meant to fail in some tests
	// A failed dial is tried again in the background for up to a second.
	testkit.Main(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

func text[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	slices.Sort(out)
	return out
}

func TestTheDatabaseKnowsTheSameListsAsTheModel(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t)
	quoted := regexp.MustCompile(`'([a-z_]+)'`)
	for constraint, want := range map[string][]string{
		"users_status_known":            text(model.Statuses()),
		"user_roles_role_known":         text(model.Roles()),
		"addresses_kind_known":          text(model.AddressKinds()),
		"sessions_revoked_reason_known": text(model.EndReasons()),
		"user_audit_action_known":       text(model.Actions()),
	} {
		var check string
		require.NoError(t, db.QueryRow(ctx, "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1", constraint).Scan(&check))
		var got []string
		for _, m := range quoted.FindAllStringSubmatch(check, -1) {
			got = append(got, m[1])
		}
		slices.Sort(got)
		require.Equal(t, want, got, constraint)
	}
	require.Equal(t, text(auth.Roles()), text(model.Roles()), "tokens carry the same roles")
}

func TestNothingIsRemovedByCascadeAndEveryInstantHasAZone(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t)
	count := func(sql string) (n int) {
		require.NoError(t, db.QueryRow(ctx, sql).Scan(&n))
		return n
	}
	const ours = `('users', 'user_roles', 'addresses', 'sessions', 'refresh_tokens', 'user_audit')`
	require.Zero(t, count(`SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confdeltype = 'c' AND conrelid::regclass::text IN `+ours))
	require.Zero(t, count(`SELECT count(*) FROM information_schema.columns WHERE data_type LIKE 'timestamp without%' AND table_name IN `+ours))
	require.Zero(t, count(`SELECT count(*) FROM pg_constraint c WHERE contype = 'f' AND conrelid::regclass::text IN `+ours+`
		AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])`), "every foreign key is indexed")
}

func TestTheDatabaseRefusesWhatTheModelDoes(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t)
	const user = `INSERT INTO users (id, email, password_hash, first_name, last_name) VALUES (gen_random_uuid(), `
	for constraint, sql := range map[string]string{
		"users_email_normal":         user + `'B@x.com', '$2a$12$x', 'B', 'X')`,
		"users_password_hash_bcrypt": user + `'b@x.com', 'plain text', 'B', 'X')`,
		"users_first_name_length":    user + `'b@x.com', '$2a$12$x', '', 'X')`,
	} {
		_, err := db.Exec(ctx, sql)
		require.ErrorContains(t, err, constraint)
	}
	_, err := db.Exec(ctx, user+`'b@x.com', '$2a$12$x', 'B', 'X')`)
	require.NoError(t, err)
	for constraint, sql := range map[string]string{
		"users_email_key":               user + `'b@x.com', '$2a$12$x', 'B', 'X')`,
		"users_status_known":            `UPDATE users SET status = 'frozen'`,
		"user_roles_role_known":         `INSERT INTO user_roles SELECT id, 'root' FROM users`,
		"addresses_country_iso":         `INSERT INTO addresses (id, user_id, kind, recipient, line1, city, postal_code, country) SELECT id, id, 'shipping', 'x', 'x', 'x', 'x', 'us' FROM users`,
		"sessions_revoked_with_reason":  `INSERT INTO sessions (id, user_id, expires_at, revoked_at) SELECT id, id, now(), now() FROM users`,
		"sessions_revoked_reason_known": `INSERT INTO sessions (id, user_id, expires_at, revoked_at, revoked_reason) SELECT id, id, now(), now(), 'whim' FROM users`,
		"refresh_tokens_hash_sha256":    `INSERT INTO refresh_tokens (token_hash, session_id, expires_at) SELECT 'short', id, now() FROM users`,
		"user_audit_action_known":       `INSERT INTO user_audit (id, user_id, action, old_value, new_value) SELECT id, id, 'whim', '{}', '{}' FROM users`,
	} {
		_, err := db.Exec(ctx, sql)
		require.ErrorContains(t, err, constraint)
	}
}

func TestUpdatedAtMovesByItself(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t)
	_, err := db.Exec(ctx, `INSERT INTO users (id, email, password_hash, first_name, last_name, updated_at)
		VALUES (gen_random_uuid(), 'b@x.com', '$2a$12$x', 'B', 'X', '2020-01-01Z')`)
	require.NoError(t, err)
	var moved, kept bool
	require.NoError(t, db.QueryRow(ctx, `UPDATE users SET first_name = 'C' RETURNING updated_at = now()`).Scan(&moved))
	require.NoError(t, db.QueryRow(ctx, `UPDATE users SET updated_at = '2021-01-01Z' RETURNING updated_at = '2021-01-01Z'`).Scan(&kept))
	require.True(t, moved)
	require.True(t, kept, "a writer's own clock counts")
}
