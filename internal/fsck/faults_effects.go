package fsck

// longAgo makes an event of an outbox old.
func longAgo(table string) []string {
	return past(table, `UPDATE `+table+` SET at = at - interval '1 hour' WHERE seq = (SELECT seq FROM `+table+`_head)`)
}

// behind takes the exchange one event back.
func behind(source string) string {
	return `UPDATE bidding_positions SET seq = seq - 1 WHERE source = '` + source + `'`
}

// owned has somebody look after every shard now, whenever it last wrote.
const owned = `UPDATE bidding_shards SET owner = 'somebody', expires_at = @now::timestamptz + interval '3 s'`

// Pieces of faults: markets that suit them. What concerns a market that is being opened
// is let pass for a minute, so some are made older.
const (
	ofActive  = ` WHERE id = (SELECT k.id FROM bidding_markets k JOIN products p` + itsProduct + ` WHERE k.listed AND p.version > 1 LIMIT 1)`
	ofHidden  = ` WHERE id = (SELECT k.id FROM bidding_markets k JOIN products p` + itsProduct + ` WHERE p.status <> 'active' LIMIT 1)`
	ofDeleted = ` WHERE id = (SELECT k.id FROM bidding_markets k JOIN products p` + itsProduct + ` WHERE p.deleted_at IS NOT NULL LIMIT 1)`

	itsProduct = ` ON p.id = k.product_id AND p.version = k.listing_version`
	older      = `created_at = created_at - interval '1 hour'`
)

// aBan is a ban that holds; its account can be made to have an order open again.
const (
	aBan       = `(SELECT shard, account_id FROM bidding_bans WHERE NOT lifted ORDER BY shard LIMIT 1)`
	openAgain  = `open_quantity = quantity, status = 'active', closed_n = NULL, closed_at = NULL`
	delistedAs = ` WHERE id = (SELECT a.id FROM asks a JOIN bidding_markets k ON k.id = a.market_id
		WHERE NOT k.listed AND a.reason = 'PRODUCT_DELISTED' LIMIT 1)`
)

var effectFaults = []fault{
	{check: "P01", does: "the exchange is ahead of what accounts were told", sql: []string{`
		UPDATE bidding_positions SET seq = seq + 1 WHERE source = 'user'`}},
	{check: "P01", does: "the exchange is ahead of what products were told", sql: []string{`
		UPDATE bidding_positions SET seq = seq + 1 WHERE source = 'product'`}},
	{check: "P01", does: "a position is before the first event", sql: []string{`UPDATE bidding_positions SET seq = 0 WHERE source = 'user'`}},
	{check: "P01", does: "the exchange follows nobody", sql: []string{`
		INSERT INTO bidding_positions (source, partition, seq) VALUES ('weather', 0, 1)`}},
	{check: "P01", does: "the exchange follows a partition that is not there", sql: []string{`
		INSERT INTO bidding_positions (source, partition, seq) VALUES ('user', 1, 1)`}},
	{check: "P01", does: "the catalogue is ahead of a shard", sql: []string{`
		INSERT INTO product_positions (source, partition, seq) SELECT 'bidding', shard, seq + 1 FROM bidding_shards
		ON CONFLICT (source, partition) DO UPDATE SET seq = excluded.seq`}},
	{check: "P01", does: "the catalogue follows a shard that is not there", sql: []string{`
		INSERT INTO product_positions (source, partition, seq) VALUES ('bidding', 200, 1)`}},

	{
		check: "P02", does: "an account's event waits while the exchange is attended",
		sql: append(longAgo("user_outbox"), behind("user"), owned),
	},
	{
		check: "P02", does: "a product's event waits while the exchange is attended",
		sql: append(longAgo("product_outbox"), behind("product"), owned),
	},
	{check: "P02", does: "an event had waited when the exchange last wrote", sql: append(longAgo("user_outbox"), behind("user"), `
		UPDATE bidding_shards SET owner = '', at = @now::timestamptz`)},
	{check: "P02", does: "nothing was ever consumed", sql: append(longAgo("product_outbox"), `
		DELETE FROM bidding_positions WHERE source = 'product'`, owned)},

	{check: "E01", does: "a shard was not told of a ban", sql: []string{`
		DELETE FROM bidding_bans WHERE (shard, account_id) = ` + aBan}},
	{check: "E01", does: "a shard was not told of a pardon", sql: []string{`
		DELETE FROM bidding_bans WHERE (shard, account_id) = (SELECT shard, account_id FROM bidding_bans WHERE lifted LIMIT 1)`}},
	{check: "E01", does: "a shard holds an older ban", sql: []string{`
		UPDATE bidding_bans SET version = version - 1 WHERE lifted AND shard = 0`}},
	{check: "E01", does: "a shard took a pardon for a ban", sql: []string{`UPDATE bidding_bans SET lifted = false WHERE lifted AND shard = 0`}},
	{check: "E01", does: "a shard bans an account of which nobody was told", sql: []string{`
		INSERT INTO bidding_bans (shard, account_id, version, lifted, updated_at)
		SELECT 0, id, 1, false, created_at FROM users u
		WHERE NOT EXISTS (SELECT FROM bidding_bans WHERE account_id = u.id) LIMIT 1`}},

	{check: "E02", does: "a banned account's bid is open again", sql: []string{`
		UPDATE bids SET ` + openAgain + ` WHERE id = (SELECT id FROM bids WHERE reason = 'ACCOUNT_BANNED' LIMIT 1)`}},
	{check: "E02", does: "an ask is of a banned account", sql: []string{`
		UPDATE asks a SET user_id = (SELECT account_id FROM bidding_bans WHERE NOT lifted AND shard = a.id & 255 LIMIT 1)` + anOpenAsk}},

	{check: "E03", does: "a hidden product is on sale", sql: []string{`UPDATE bidding_markets SET listed = true` + ofHidden}},
	{check: "E03", does: "a deleted product is on sale", sql: []string{`UPDATE bidding_markets SET listed = true` + ofDeleted}},
	{check: "E03", does: "a product that is there is not on sale", sql: []string{`
		UPDATE bidding_markets SET listed = false, ` + older + ofActive}},
	{check: "E03", does: "a market has an old name", sql: []string{`UPDATE bidding_markets SET product_name = 'Sample SAMPLE-1'` + ofActive}},
	{check: "E03", does: "a market of a product that never changed has another name", sql: []string{`
		UPDATE bidding_markets SET product_name = 'another'
		WHERE id = (SELECT k.id FROM bidding_markets k JOIN products p` + itsProduct + ` WHERE p.version = 1 LIMIT 1)`}},
	{check: "E03", does: "a market has another name while its product's next change is on its way", sql: []string{`
		UPDATE products SET version = version + 1` + anActive, `
		UPDATE bidding_markets k SET product_name = 'another' FROM products p
		WHERE p.id = k.product_id AND p.version = k.listing_version + 1 AND k.listed`}},
	{check: "E03", does: "a market that is not listed has another name", sql: []string{`
		UPDATE bidding_markets SET product_name = 'another', ` + older + ofHidden}},
	{check: "E03", does: "a market has another style code", sql: []string{`UPDATE bidding_markets SET sku = 'another'` + ofActive}},
	{check: "E03", does: "a market is ahead of its product", sql: []string{`
		UPDATE bidding_markets SET listing_version = listing_version + 1` + ofActive}},
	{check: "E03", does: "a market did not follow its product", sql: []string{`
		UPDATE bidding_markets SET listing_version = listing_version - 1, ` + older + ofActive}},
	{check: "E03", does: "a market did not follow its product out of the catalogue", sql: []string{`
		UPDATE bidding_markets SET listing_version = listing_version - 1, listed = true, ` + older + ofDeleted}},
	{check: "E03", does: "a market is of a product that is not there", sql: []string{`
		UPDATE bidding_markets SET product_id = id` + ofActive}},
	{check: "E03", does: "a product was shown again before it was told", sql: []string{`
		UPDATE products SET status = 'active' WHERE status <> 'active'`, `UPDATE bidding_markets SET ` + older}},

	{check: "E04", does: "an ask of a delisted market is open again", sql: []string{`UPDATE asks SET ` + openAgain + delistedAs}},
	{check: "E04", does: "a market with open bids is taken off the list", sql: []string{`
		UPDATE bidding_markets SET listed = false WHERE id = (SELECT market_id FROM bids` + anOpenBid + `)`}},
}
