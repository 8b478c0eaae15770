package fsck

// userChecks are about accounts, their sessions, roles and audit trail.
var userChecks = []check{
	{"I38", "a session has at most one refresh token that has not been used (USER-005)", `
		SELECT session_id, count(*) AS unused FROM refresh_tokens WHERE used_at IS NULL GROUP BY session_id HAVING count(*) > 1`},

	// Both times are read before the session's row is locked, so they may cross by what a call takes.
	{"I39", "no refresh token is made for a session that has ended (USER-006)", `
		SELECT t.session_id, t.created_at, s.revoked_at
		FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id
		WHERE t.created_at > s.revoked_at + interval '5 s'`},

	{"I40", "a refresh token is used once: it then has one child in its own session, and none before (USER-005)", `
		SELECT left(encode(p.token_hash, 'hex'), 12) AS token, p.session_id, p.used_at, count(c.token_hash) AS children
		FROM refresh_tokens p LEFT JOIN refresh_tokens c ON c.parent = p.token_hash
		GROUP BY p.token_hash, p.session_id, p.used_at
		HAVING count(c.token_hash) <> CASE WHEN p.used_at IS NULL THEN 0 ELSE 1 END OR bool_or(c.session_id <> p.session_id)`},

	{"I41", "a banned account has no live session (USER-006)", `
		SELECT s.id AS session_id, s.user_id, s.expires_at
		FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE u.status <> 'active' AND s.revoked_at IS NULL AND s.expires_at > @now::timestamptz`},

	{"U01", "an account has at most one default address of each kind (USER-008)", `
		SELECT user_id, kind, count(*) AS defaults FROM addresses WHERE is_default GROUP BY user_id, kind HAVING count(*) > 1`},

	{"U02", "a marketplace that had an owner has one who may sign in (USER-009)", `
		SELECT count(*) AS owners_made FROM user_audit WHERE action = 'owner_created'
		HAVING count(*) > 0 AND NOT EXISTS (
			SELECT FROM user_roles r JOIN users u ON u.id = r.user_id WHERE r.role = 'owner' AND u.status = 'active')`},

	{"U03", "an account's roles are what the audit trail says last (USER-009)", `
		SELECT u.id AS user_id, has.roles, said.roles AS audited
		FROM users u
		CROSS JOIN LATERAL (
			SELECT coalesce(array_agg(r.role ORDER BY r.role), '{}') AS roles FROM user_roles r WHERE r.user_id = u.id) has
		LEFT JOIN LATERAL (
			SELECT ARRAY(SELECT jsonb_array_elements_text(a.new_value -> 'roles') ORDER BY 1) AS roles
			FROM user_audit a WHERE a.user_id = u.id AND a.action IN ('owner_created', 'roles_changed', 'seller_terms_accepted')
			ORDER BY a.created_at DESC, a.id DESC LIMIT 1) said ON true
		WHERE has.roles <> coalesce(said.roles, '{user}')`},

	{"U04", "each change of roles in the audit trail begins with what the one before it left (USER-009)", `
		SELECT id AS audit_id, user_id, action, old_roles, left_roles FROM (
			SELECT id, user_id, action, old_value -> 'roles' AS old_roles,
				lag(new_value -> 'roles', 1, '["user"]') OVER (PARTITION BY user_id ORDER BY created_at, id) AS left_roles
			FROM user_audit WHERE action IN ('owner_created', 'roles_changed', 'seller_terms_accepted')) a
		WHERE action <> 'owner_created' AND NOT coalesce(old_roles @> left_roles AND left_roles @> old_roles, false)`},

	{"U05", "an account is banned exactly when the audit trail says so last (USER-009)", `
		SELECT u.id AS user_id, u.status, a.action AS audited
		FROM users u LEFT JOIN LATERAL (
			SELECT action FROM user_audit WHERE user_id = u.id AND action IN ('banned', 'unbanned')
			ORDER BY created_at DESC, id DESC LIMIT 1) a ON true
		WHERE (u.status = 'banned') <> coalesce(a.action = 'banned', false)`},

	{"U06", "the audit trail of accounts is append-only (USER-009)", guards("user_audit", "user_audit_append_only", "user_audit_no_truncate")},
}

// guards asks which of a table's triggers are missing or switched off.
func guards(table string, triggers ...string) string {
	list := ""
	for n, t := range triggers {
		if n > 0 {
			list += ", "
		}
		list += "('" + t + "')"
	}
	return `
		SELECT g.name AS missing_trigger FROM (VALUES ` + list + `) AS g (name)
		WHERE NOT EXISTS (SELECT FROM pg_trigger t
			WHERE t.tgrelid = '` + table + `'::regclass AND t.tgname = g.name AND t.tgenabled IN ('O', 'A'))`
}
