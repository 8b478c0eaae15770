package fsck

// unlock lets a transaction change an append-only table.
func unlock(table string) string { return `ALTER TABLE ` + table + ` DISABLE TRIGGER USER` }

// relock gives the guards of an append-only table back.
func relock(table string) string { return `ALTER TABLE ` + table + ` ENABLE TRIGGER USER` }

var userFaults = []fault{
	{check: "I38", does: "a session gets a second unused refresh token", sql: []string{`
		INSERT INTO refresh_tokens (token_hash, session_id, created_at, expires_at)
		SELECT sha256(token_hash), session_id, created_at, expires_at FROM refresh_tokens WHERE used_at IS NULL LIMIT 1`}},
	{check: "I39", does: "a session ended before its token was made", sql: []string{`
		UPDATE sessions SET revoked_at = created_at - interval '1 minute', revoked_reason = 'logout'
		WHERE id = (SELECT session_id FROM refresh_tokens LIMIT 1)`}},
	{check: "I40", does: "a used refresh token has a second child", sql: []string{`
		INSERT INTO refresh_tokens (token_hash, session_id, parent, created_at, expires_at, used_at)
		SELECT sha256(token_hash), session_id, token_hash, created_at, expires_at, @now::timestamptz
		FROM refresh_tokens WHERE used_at IS NOT NULL LIMIT 1`}},
	{check: "I40", does: "a refresh token with a child is unused again", sql: []string{`
		UPDATE refresh_tokens SET used_at = NULL WHERE token_hash = (SELECT parent FROM refresh_tokens WHERE parent IS NOT NULL LIMIT 1)`}},
	{check: "I40", does: "a refresh token's child is of another session", sql: []string{`
		UPDATE refresh_tokens t SET session_id = (SELECT id FROM sessions WHERE id <> t.session_id LIMIT 1)
		WHERE token_hash = (SELECT token_hash FROM refresh_tokens WHERE parent IS NOT NULL LIMIT 1)`}},
	{check: "I41", does: "an account is banned and stays signed in", sql: []string{`
		UPDATE users SET status = 'banned'
		WHERE id = (SELECT user_id FROM sessions WHERE revoked_at IS NULL AND expires_at > @now::timestamptz LIMIT 1)`}},
	{check: "U01", does: "two addresses are the default", sql: []string{`UPDATE addresses SET is_default = true`}},
	{check: "U02", does: "the last owner loses the role", sql: []string{unlock("user_roles"), `
		DELETE FROM user_roles WHERE role = 'owner'`}},
	{check: "U02", does: "the last owner is banned", sql: []string{`
		UPDATE users SET status = 'banned' WHERE id IN (SELECT user_id FROM user_roles WHERE role = 'owner')`}},
	{check: "U03", does: "a role is granted without a trace", sql: []string{`
		INSERT INTO user_roles (user_id, role) SELECT id, 'finance' FROM users ORDER BY id LIMIT 1`}},
	{check: "U03", does: "an account loses its plain role", sql: []string{`
		DELETE FROM user_roles WHERE role = 'user' AND user_id = (SELECT user_id FROM user_roles GROUP BY user_id HAVING count(*) = 1 LIMIT 1)`}},
	{check: "U04", does: "a change of roles vanishes from the audit trail", sql: []string{unlock("user_audit"), `
		DELETE FROM user_audit WHERE id = (SELECT min(id::text)::uuid FROM user_audit WHERE action = 'roles_changed'
			GROUP BY user_id HAVING count(*) > 1 LIMIT 1)`, relock("user_audit")}},
	{check: "U04", does: "a change of roles is audited with another beginning", sql: []string{unlock("user_audit"), `
		UPDATE user_audit SET old_value = '{"roles": ["user", "finance"]}'
		WHERE id = (SELECT id FROM user_audit WHERE action = 'roles_changed' LIMIT 1)`, relock("user_audit")}},
	{check: "U05", does: "an account is banned without a trace", sql: []string{`
		UPDATE users SET status = 'banned' WHERE id = (SELECT id FROM users WHERE status = 'active' LIMIT 1)`}},
	{check: "U05", does: "a ban is lifted without a trace", sql: []string{`UPDATE users SET status = 'active' WHERE status = 'banned'`}},
	{check: "U06", does: "the audit trail of accounts can be changed", sql: []string{`DROP TRIGGER user_audit_append_only ON user_audit`}},
	{check: "U06", does: "the audit trail of accounts can be emptied", sql: []string{`
		ALTER TABLE user_audit DISABLE TRIGGER user_audit_no_truncate`}},
}

// onHeld picks a reservation that is held.
const onHeld = ` WHERE reference = (SELECT reference FROM inventory_reservations WHERE state = 'held' LIMIT 1)`

var stockFaults = []fault{
	{check: "I15", does: "more is reserved than is there", sql: []string{`
		UPDATE sizes SET reserved = quantity + 1 WHERE id = (SELECT id FROM sizes LIMIT 1)`}},
	{check: "I15", does: "less than nothing is reserved", sql: []string{`
		UPDATE sizes SET reserved = -1 WHERE id = (SELECT id FROM sizes LIMIT 1)`}},
	{check: "I19", does: "an ask sells what is not set aside", sql: []string{longAgoSetAside, `
		UPDATE bidding_stock SET held = 0`}},
	{check: "I19", does: "an ask's item was given away", sql: []string{longAgoSetAside, `
		DELETE FROM inventory_reservations WHERE reference = (SELECT 'ask/' || stock_ref || '/1' FROM asks WHERE stock_ref IS NOT NULL
			AND closed_at IS NULL LIMIT 1)`}},
	{check: "I19", does: "items were set aside under a name that nobody noted down", sql: []string{`
		UPDATE asks SET stock_ref = gen_random_uuid() WHERE stock_ref IS NOT NULL`}},
	{check: "J11", does: "an ask sells from nowhere", sql: []string{`UPDATE asks SET stock_ref = NULL WHERE stock_ref IS NOT NULL`}},
	{check: "I16", does: "a held reservation is forgotten", sql: []string{`DELETE FROM inventory_reservations` + onHeld}},
	{check: "I16", does: "a reservation holds more than was taken", sql: []string{`
		UPDATE inventory_reservations SET quantity = quantity + 1` + onHeld}},
	{check: "I17", does: "stock appears from nowhere", sql: []string{`
		UPDATE sizes SET quantity = quantity + 1 WHERE id = (SELECT id FROM sizes LIMIT 1)`}},
	{check: "I18", does: "a line vanishes from the trail", sql: []string{unlock("inventory_transactions"), `
		DELETE FROM inventory_transactions WHERE id = (SELECT t.id FROM inventory_transactions t
			JOIN inventory_transactions later ON later.size_id = t.size_id AND later.seq > t.seq LIMIT 1)`, relock("inventory_transactions")}},
	{check: "I18", does: "a line's sum is wrong", sql: []string{unlock("inventory_transactions"), `
		UPDATE inventory_transactions SET quantity_delta = quantity_delta + 1
		WHERE id = (SELECT id FROM inventory_transactions LIMIT 1)`, relock("inventory_transactions")}},
	{check: "S01", does: "a size's version runs ahead of its trail", sql: []string{`
		UPDATE sizes SET version = version + 1 WHERE id = (SELECT size_id FROM inventory_transactions LIMIT 1)`}},
	{check: "S02", does: "a sold reservation is called released", sql: []string{`
		UPDATE inventory_reservations SET state = 'released' WHERE state = 'sold'`}},
	{check: "S02", does: "a held reservation is called expired", sql: []string{`
		UPDATE inventory_reservations SET state = 'expired'` + onHeld}},
	{check: "S02", does: "an ended reservation is forgotten", sql: []string{`
		DELETE FROM inventory_reservations WHERE state = 'released'`}},
	{check: "S03", does: "the audit trail of stock can be changed", sql: []string{unlock("inventory_transactions")}},
	{check: "S04", does: "a product's images have no primary one", sql: []string{`UPDATE product_images SET is_primary = false`}},
	{check: "S04", does: "a product has two primary images", sql: []string{`UPDATE product_images SET is_primary = true`}},
	{check: "S05", does: "two products have one style code", sql: []string{`
		UPDATE products SET sku = (SELECT upper(min(sku)) FROM products)`}},
	{check: "S05", does: "two products have one address", sql: []string{`UPDATE products SET slug = (SELECT min(slug) FROM products)`}},
}

// longAgoSetAside makes what was set aside old enough to be looked at.
const longAgoSetAside = `UPDATE bidding_stock SET created_at = created_at - interval '1 hour'`
