package fsck

import (
	"slices"

	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// nobody is an id that nothing has.
const nobody = "00000000-0000-7000-8000-000000000000"

// past changes an outbox in spite of its guards.
func past(table string, statements ...string) []string {
	return slices.Concat([]string{unlock(table)}, statements, []string{relock(table)})
}

// newest picks the newest event of a kind.
func newest(table, kind string) string {
	return ` WHERE seq = (SELECT max(seq) FROM ` + table + ` WHERE kind = '` + kind + `')`
}

// repeated tells the newest event of a kind once more, at the end.
func repeated(table, kind string) []string {
	return []string{`UPDATE ` + table + `_head SET seq = seq + 1`, `
		INSERT INTO ` + table + ` (seq, at, kind, payload)
		SELECT (SELECT seq FROM ` + table + `_head), at, kind, payload FROM ` + table + newest(table, kind)}
}

var outboxFaults = []fault{
	{check: "O01", does: "an event vanishes", sql: []string{`DELETE FROM user_outbox WHERE seq = 2`}},
	{check: "O01", does: "the first event vanishes", sql: []string{`DELETE FROM product_outbox WHERE seq = 1`}},
	{check: "O01", does: "the newest event vanishes", sql: []string{`
		DELETE FROM product_outbox WHERE seq = (SELECT max(seq) FROM product_outbox)`}},
	{check: "O01", does: "an outbox is behind its events", sql: []string{`UPDATE user_outbox_head SET seq = seq - 1`}},
	{check: "O01", does: "an outbox has a second head", sql: []string{`INSERT INTO product_outbox_head (seq) SELECT seq FROM product_outbox_head`}},
	{check: "O01", does: "an outbox has no head", sql: []string{`DELETE FROM user_outbox_head`}},

	{check: "O02", does: "an event is of a kind that nobody knows", sql: past("user_outbox", `
		UPDATE user_outbox SET kind = 'user.v1.Other' WHERE seq = 1`)},
	{check: "O02", does: "an event is no message", sql: past("product_outbox", `
		UPDATE product_outbox SET payload = '\xff' WHERE seq = 1`)},
	{check: "O02", does: "an event is a message of another kind", sql: past("user_outbox", `
		UPDATE user_outbox SET kind = 'user.v1.AccountBanned'`+newest("user_outbox", "user.v1.SessionsEnded"))},
	{check: "O02", does: "an account is told in the catalogue's outbox", sql: past("product_outbox", `
		UPDATE product_outbox p SET kind = u.kind, payload = u.payload FROM user_outbox u WHERE p.seq = 1 AND u.seq = 1`)},
	{check: "O02", does: "an event is of nobody", tell: inTold(func(m *userv1.RolesChanged) bool {
		m.UserId = nobody
		return true
	})},
	{check: "O02", does: "an event names no id", tell: inTold(func(m *userv1.AccountBanned) bool {
		m.UserId = "dora"
		return true
	})},
	{check: "O02", does: "a session ended that never was", tell: inTold(func(m *userv1.SessionsEnded) bool {
		m.SessionIds = append(m.SessionIds, nobody)
		return true
	})},
	{check: "O02", does: "sessions ended, but none is named", tell: inTold(func(m *userv1.SessionsEnded) bool {
		m.SessionIds = nil
		return true
	})},
	{check: "O02", does: "a product changed that is not there", tell: inTold(func(m *productv1.ProductChanged) bool {
		m.ProductId = nobody
		return true
	})},
	{check: "O02", does: "a size was added that is not there", tell: inTold(func(m *productv1.SizeAdded) bool {
		m.SizeId = nobody
		return true
	})},

	{check: "O03", does: "what was told of accounts can be changed", sql: []string{`DROP TRIGGER user_outbox_append_only ON user_outbox`}},
	{check: "O03", does: "what was told of products can be changed", sql: []string{unlock("product_outbox")}},
}

// accountFaults tell of accounts what is not so.
var accountFaults = []fault{
	{check: "O04", does: "nobody was told of a ban", sql: []string{`
		DELETE FROM user_outbox` + newest("user_outbox", "user.v1.AccountBanned")}},
	{check: "O04", does: "nobody was told of a pardon", sql: []string{`
		DELETE FROM user_outbox` + newest("user_outbox", "user.v1.AccountUnbanned")}},
	{check: "O04", does: "a pardon was told as a ban", sql: past("user_outbox", `
		UPDATE user_outbox SET kind = 'user.v1.AccountBanned'`+newest("user_outbox", "user.v1.AccountUnbanned"))},
	{check: "O04", does: "a ban was told as a pardon", sql: past("user_outbox", `
		UPDATE user_outbox SET kind = 'user.v1.AccountUnbanned'`+newest("user_outbox", "user.v1.AccountBanned"))},
	{check: "O04", does: "a ban was told twice", sql: repeated("user_outbox", "user.v1.AccountBanned")},
	{check: "O04", does: "a ban is ahead of its account", tell: inTold(func(m *userv1.AccountBanned) bool {
		m.Version += 100
		return true
	})},
	{check: "O04", does: "a pardon is older than its ban", tell: inTold(func(m *userv1.AccountUnbanned) bool {
		m.Version = 1
		return true
	})},
	{check: "O04", does: "a ban is of somebody else", sql: past("user_outbox", `
		UPDATE user_outbox SET payload = (SELECT payload FROM user_outbox`+newest("user_outbox", "user.v1.AccountUnbanned")+`)`+
		newest("user_outbox", "user.v1.AccountBanned"))},

	{check: "O05", does: "nobody was told of a change of roles", sql: []string{`
		DELETE FROM user_outbox` + newest("user_outbox", "user.v1.RolesChanged")}},
	{check: "O05", does: "roles were told that changed nowhere", sql: repeated("user_outbox", "user.v1.RolesChanged")},
	{check: "O05", does: "a role was told that is not there", tell: inTold(func(m *userv1.RolesChanged) bool {
		m.Roles = append(m.Roles, "finance")
		return true
	})},
	{check: "O05", does: "a role that is there was not told", tell: inTold(func(m *userv1.RolesChanged) bool {
		m.Roles = m.GetRoles()[1:]
		return true
	})},
	{check: "O05", does: "roles changed in another order than was told", sql: past("user_outbox", `
		UPDATE user_outbox SET seq = -seq WHERE kind = 'user.v1.RolesChanged'`)},

	{check: "O06", does: "nobody was told that a session ended", sql: []string{`
		DELETE FROM user_outbox` + newest("user_outbox", "user.v1.SessionsEnded")}},
	{check: "O06", does: "the end of a session was told without it", tell: inTold(func(m *userv1.SessionsEnded) bool {
		m.SessionIds = m.GetSessionIds()[1:]
		return true
	})},
	{check: "O06", does: "a session that was told to have ended lives", sql: []string{`
		UPDATE sessions SET revoked_at = NULL, revoked_reason = NULL WHERE id = (SELECT id FROM sessions WHERE revoked_reason = 'logout')`}},
	{check: "O06", does: "a session ended for another reason than was told", sql: []string{`
		UPDATE sessions SET revoked_reason = 'logout' WHERE id = (SELECT id FROM sessions WHERE revoked_reason = 'token_reused')`}},
	{check: "O06", does: "a session is of another account than was told", tell: inTold(func(m *userv1.SessionsEnded) bool {
		m.UserId = nobody
		return true
	})},
	{check: "O06", does: "a session ended twice", sql: repeated("user_outbox", "user.v1.SessionsEnded")},
	{check: "O06", does: "sessions ended and nobody was told of anything", sql: []string{`DELETE FROM user_outbox`}},
}

// anActive picks a product that changed, is on sale and has a market.
const anActive = ` WHERE id = (SELECT p.id FROM products p JOIN bidding_markets k ON k.product_id = p.id
	WHERE p.status = 'active' AND p.deleted_at IS NULL AND p.version > 1 LIMIT 1)`

var catalogueFaults = []fault{
	{check: "O07", does: "nobody was told of a change", sql: []string{`
		DELETE FROM product_outbox` + newest("product_outbox", "product.v1.ProductChanged")}},
	{check: "O07", does: "a product has another name than was told", sql: []string{`UPDATE products SET name = name || '!'` + anActive}},
	{check: "O07", does: "a product has another style code than was told", sql: []string{`UPDATE products SET sku = sku || '!'` + anActive}},
	{check: "O07", does: "a product is hidden and nobody was told", sql: []string{`UPDATE products SET status = 'hidden'` + anActive}},
	{check: "O07", does: "a product changed and nobody was told", sql: []string{`UPDATE products SET version = version + 1` + anActive}},
	{check: "O07", does: "a product's first change was not told", sql: []string{`
		UPDATE products SET version = 2 WHERE id = (SELECT id FROM products WHERE version = 1 LIMIT 1)`}},
	{check: "O07", does: "a product is deleted and nobody was told", sql: []string{`
		UPDATE products SET deleted_at = updated_at WHERE id = (SELECT id FROM products WHERE version = 1 LIMIT 1)`}},
	{check: "O07", does: "a product is back that was told to be deleted", sql: []string{`
		UPDATE products SET deleted_at = NULL WHERE deleted_at IS NOT NULL`}},
	{check: "O07", does: "a change was told twice", sql: repeated("product_outbox", "product.v1.ProductChanged")},
	{check: "O07", does: "a change ahead of its product was told", tell: inTold(func(m *productv1.ProductChanged) bool {
		m.Version++
		return true
	})},

	{check: "O08", does: "a size was announced to nobody", sql: []string{`
		DELETE FROM product_outbox` + newest("product_outbox", "product.v1.SizeAdded")}},
	{check: "O08", does: "a size was announced twice", sql: repeated("product_outbox", "product.v1.SizeAdded")},
	{check: "O08", does: "a size has another label than was announced", tell: inTold(func(m *productv1.SizeAdded) bool {
		m.Label += "Y"
		return true
	})},
	{check: "O08", does: "a size is of another system than was announced", sql: []string{`
		UPDATE sizes SET system = 'EU' WHERE id = (SELECT id FROM sizes LIMIT 1)`}},
	{check: "O08", does: "a size is of another product than was announced", sql: []string{`
		UPDATE sizes s SET product_id = (SELECT id FROM products WHERE id <> s.product_id LIMIT 1) WHERE id = (SELECT id FROM sizes LIMIT 1)`}},
}
