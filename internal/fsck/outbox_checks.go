package fsck

// outboxChecks compare what services told each other with what they did (EVENT-001).
var outboxChecks = []check{
	{"O01", "an outbox's events are numbered 1, 2, 3 and so on up to its head (EVENT-001)", `
		SELECT * FROM (
			SELECT 'user' AS outbox, (SELECT count(*) FROM user_outbox_head) AS heads, (SELECT max(seq) FROM user_outbox_head) AS head,
				count(*) AS events, coalesce(min(seq), 1) AS first, coalesce(max(seq), 0) AS last FROM user_outbox
			UNION ALL
			SELECT 'product', (SELECT count(*) FROM product_outbox_head), (SELECT max(seq) FROM product_outbox_head),
				count(*), coalesce(min(seq), 1), coalesce(max(seq), 0) FROM product_outbox) o
		WHERE heads <> 1 OR head IS DISTINCT FROM last OR first <> 1 OR events <> last`},

	// A session is forgotten 90 days after it expired.
	{"O02", "every event is the message its kind names, of an account, session, product or size that is there (EVENT-001)", `
		SELECT e.seq, e.kind, 'account' AS missing, e.account AS id
		FROM ` + userEvents + ` LEFT JOIN users u ON u.id = e.account WHERE e.account IS NOT NULL AND u.id IS NULL
		UNION ALL
		SELECT e.seq, e.kind, 'session', n.id
		FROM ` + userEvents + ` CROSS JOIN unnest(e.sessions) AS n (id) LEFT JOIN sessions s ON s.id = n.id
		WHERE s.id IS NULL AND e.at > @now::timestamptz - interval '90 days'
		UNION ALL
		SELECT e.seq, e.kind, 'product', e.product
		FROM ` + productEvents + ` LEFT JOIN products p ON p.id = e.product WHERE e.product IS NOT NULL AND p.id IS NULL
		UNION ALL
		SELECT e.seq, e.kind, 'size', e.size
		FROM ` + productEvents + ` LEFT JOIN sizes s ON s.id = e.size WHERE e.size IS NOT NULL AND s.id IS NULL`},

	{"O03", "the outboxes are append-only (EVENT-001)", guards("user_outbox", "user_outbox_append_only") + `
		UNION ALL ` + guards("product_outbox", "product_outbox_append_only")},

	{"O04", "each ban and each pardon was told once, in order, and the last says what the account is (USER-006)", `
		SELECT u.id AS user_id, u.status, u.version, t.banned AS told_banned, t.version AS told_version, t.in_order,
			coalesce(t.bans, 0) AS told_bans, a.bans, coalesce(t.pardons, 0) AS told_pardons, a.pardons
		FROM users u
		LEFT JOIN (
			SELECT account, count(*) FILTER (WHERE ban) AS bans, count(*) FILTER (WHERE NOT ban) AS pardons, max(version) AS version,
				(array_agg(ban ORDER BY seq DESC))[1] AS banned, bool_and(version > before) AS in_order
			FROM (SELECT seq, account, version, kind = 'user.v1.AccountBanned' AS ban,
					lag(version, 1, 0::bigint) OVER (PARTITION BY account ORDER BY seq) AS before
				FROM ` + userEvents + ` WHERE kind IN ('user.v1.AccountBanned', 'user.v1.AccountUnbanned')) e
			GROUP BY account) t ON t.account = u.id
		LEFT JOIN (
			SELECT user_id, count(*) FILTER (WHERE action = 'banned') AS bans, count(*) FILTER (WHERE action = 'unbanned') AS pardons
			FROM user_audit GROUP BY user_id) a ON a.user_id = u.id
		WHERE (u.status = 'banned') <> coalesce(t.banned, false) OR t.version > u.version OR NOT t.in_order
			OR coalesce(t.bans, 0) <> coalesce(a.bans, 0) OR coalesce(t.pardons, 0) <> coalesce(a.pardons, 0)`},

	{"O05", "each change of roles was told, and the last tells the roles an account has (USER-009)", `
		SELECT u.id AS user_id, coalesce(t.changes, 0) AS told, coalesce(a.changes, 0) AS changes, t.roles AS told_roles, has.roles
		FROM users u
		CROSS JOIN LATERAL (SELECT ARRAY(SELECT role FROM user_roles WHERE user_id = u.id ORDER BY role) AS roles) has
		LEFT JOIN (
			SELECT DISTINCT ON (account) account, ARRAY(SELECT DISTINCT unnest(roles) ORDER BY 1) AS roles,
				count(*) OVER (PARTITION BY account) AS changes
			FROM ` + userEvents + ` WHERE kind = 'user.v1.RolesChanged' ORDER BY account, seq DESC) t ON t.account = u.id
		LEFT JOIN (
			SELECT user_id, count(*) AS changes FROM user_audit WHERE action IN ('roles_changed', 'seller_terms_accepted')
			GROUP BY user_id) a ON a.user_id = u.id
		WHERE coalesce(t.changes, 0) <> coalesce(a.changes, 0) OR t.roles <> has.roles`},

	{"O06", "each session that was ended was told once, with its account and reason, and no live one (USER-006)", `
		SELECT s.id AS session_id, s.user_id, s.revoked_at, s.revoked_reason, t.times AS told, t.account AS told_account, t.reason AS told_reason
		FROM sessions s LEFT JOIN (
			SELECT n.id, count(*) AS times, (array_agg(e.account))[1] AS account, min(e.reason) AS reason
			FROM ` + userEvents + ` CROSS JOIN unnest(e.sessions) AS n (id) GROUP BY n.id) t ON t.id = s.id
		WHERE CASE WHEN t.id IS NULL THEN s.revoked_at >= (SELECT coalesce(min(at), '-infinity') FROM user_outbox)
			ELSE s.revoked_at IS NULL OR t.times > 1 OR t.account IS DISTINCT FROM s.user_id OR t.reason <> s.revoked_reason END`},

	// A product begins at version 1, of which nobody is told.
	{"O07", "each change of a product was told in order, and the last tells what it is (MKT-002)", `
		SELECT p.id AS product_id, p.version, p.name, p.sku, p.status, p.deleted_at, t.version AS told_version, t.name AS told_name,
			t.sku AS told_sku, t.status AS told_status, t.deleted AS told_deleted, t.changes
		FROM products p
		LEFT JOIN (
			SELECT DISTINCT ON (product) product, version, name, sku, status, deleted, count(*) OVER (PARTITION BY product) AS changes
			FROM ` + productEvents + ` WHERE kind = 'product.v1.ProductChanged' ORDER BY product, seq DESC) t ON t.product = p.id
		WHERE p.version <> coalesce(t.version, 1) OR p.version <> coalesce(t.changes, 0) + 1
			OR (p.deleted_at IS NOT NULL) <> coalesce(t.deleted, false) OR (p.name, p.sku, p.status) <> (t.name, t.sku, t.status)`},

	{"O08", "each size was announced once, as it is (MKT-002)", `
		SELECT s.id AS size_id, s.product_id, s.label, s.system, count(e.size) AS told
		FROM sizes s LEFT JOIN ` + productEvents + ` ON e.size = s.id
		GROUP BY s.id
		HAVING count(e.size) <> 1 OR bool_or((e.product, e.label, e.system) IS DISTINCT FROM (s.product_id, s.label, s.system))`},
}
