package fsck

// followed is how far the exchange has followed another service's events.
func followed(source string) string {
	return `coalesce((SELECT max(seq) FROM bidding_positions WHERE source = '` + source + `' AND partition = 0), 0)`
}

// effectChecks are about consumers: how far they are, and that what they consumed had its effect.
var effectChecks = []check{
	{"P01", "a consumer is at a position that the log it follows has reached (EVENT-001)", `
		SELECT 'bidding' AS consumer, p.source, p.partition, p.seq, h.seq AS head
		FROM bidding_positions p LEFT JOIN (
			SELECT 'user' AS source, 0 AS partition, max(seq) AS seq FROM user_outbox_head
			UNION ALL
			SELECT 'product', 0, max(seq) FROM product_outbox_head) h ON h.source = p.source AND h.partition = p.partition
		WHERE h.seq IS NULL OR p.seq NOT BETWEEN 1 AND h.seq
		UNION ALL
		SELECT 'product', p.source, p.partition, p.seq, s.seq
		FROM product_positions p LEFT JOIN bidding_shards s ON p.source = 'bidding' AND s.shard = p.partition
		WHERE s.shard IS NULL OR p.seq NOT BETWEEN 1 AND s.seq`},

	// An effect is had by every shard, so all must be attended.
	{"P02", "an event is consumed within a minute while the exchange is attended (EVENT-001)", `
		SELECT o.source, o.seq, o.at, o.kind, o.followed FROM (
			SELECT 'user' AS source, seq, at, kind, ` + followed("user") + ` AS followed FROM user_outbox
			UNION ALL
			SELECT 'product', seq, at, kind, ` + followed("product") + ` FROM product_outbox) o
		WHERE o.seq > o.followed AND o.at < (SELECT min(` + attended + `) FROM bidding_shards s) - interval '60 s'`},

	{"E01", "each shard knows the bans and pardons that were consumed, and none that nobody told (USER-006)", `
		WITH told AS (
			SELECT seq, account, version, kind = 'user.v1.AccountUnbanned' AS lifted
			FROM ` + userEvents + ` WHERE kind IN ('user.v1.AccountBanned', 'user.v1.AccountUnbanned'))
		SELECT s.shard, t.account, t.version AS told_version, t.lifted AS told_lifted, b.version, b.lifted
		FROM (SELECT DISTINCT ON (account) * FROM told WHERE seq <= ` + followed("user") + ` ORDER BY account, seq DESC) t
		CROSS JOIN bidding_shards s LEFT JOIN bidding_bans b ON b.shard = s.shard AND b.account_id = t.account
		WHERE s.shard NOT IN ` + lagging + ` AND (b.version IS NULL OR b.version < t.version OR (b.version = t.version AND b.lifted <> t.lifted))
		UNION ALL
		SELECT b.shard, b.account_id, NULL, NULL, b.version, b.lifted
		FROM bidding_bans b LEFT JOIN told t ON (t.account, t.version, t.lifted) = (b.account_id, b.version, b.lifted)
		WHERE t.account IS NULL`},

	// A shard cancels in the batch in which it learns of a ban, so there is no grace.
	{"E02", "an account has nothing open in a shard that knows it as banned (USER-006)", `
		SELECT o.side, o.id, o.market_id, o.user_id, b.shard, b.version
		FROM bidding_bans b JOIN ` + orders + ` o ON o.user_id = b.account_id AND o.id & 255 = b.shard
		WHERE NOT b.lifted AND o.` + live},

	// A market of listing version 0 was opened and has not looked at the catalogue since.
	{"E03", "a market is listed, and has its product's name and SKU, as the last change that was consumed says (MKT-002)", `
		WITH told AS (
			SELECT DISTINCT ON (product) product, version, name, sku, status = 'active' AND NOT deleted AS active
			FROM ` + productEvents + ` WHERE kind = 'product.v1.ProductChanged' AND seq <= ` + followed("product") + `
			ORDER BY product, seq DESC)
		SELECT k.id AS market_id, k.product_id, k.listing_version, k.listed, k.product_name, k.sku, p.version, p.status, p.deleted_at,
			p.name, p.sku AS product_sku, t.version AS told_version, t.active AS told_active, t.name AS told_name, t.sku AS told_sku
		FROM bidding_markets k LEFT JOIN products p ON p.id = k.product_id LEFT JOIN told t ON t.product = k.product_id
		WHERE p.id IS NULL OR k.listing_version > p.version
			OR (k.listing_version = 0 AND k.listed)
			OR (k.listing_version = p.version
				AND (k.listed, k.product_name, k.sku) <> (p.status = 'active' AND p.deleted_at IS NULL, p.name, p.sku))
			OR (k.listing_version = t.version AND (k.listed, k.product_name, k.sku) <> (t.active, t.name, t.sku))
			OR (k.listing_version > 0 AND k.listing_version < t.version AND NOT EXISTS ` + lagging + `)`},

	{"E04", "a market whose product left the catalogue has nothing open (MKT-002)", `
		SELECT o.side, o.id, o.market_id, o.user_id, k.listing_version
		FROM bidding_markets k JOIN ` + orders + ` o ON o.market_id = k.id WHERE NOT k.listed AND o.` + live},
}
