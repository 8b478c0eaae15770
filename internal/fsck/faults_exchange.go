package fsck

// Pieces of faults: rows that suit them.
const (
	aMatch       = ` WHERE id = (SELECT id FROM matches ORDER BY id LIMIT 1)`
	anOpenBid    = ` WHERE id = (SELECT id FROM bids WHERE ` + live + ` ORDER BY id LIMIT 1)`
	anOpenAsk    = ` WHERE id = (SELECT id FROM asks WHERE ` + live + ` ORDER BY id LIMIT 1)`
	aMatchedBid  = ` WHERE id = (SELECT bid_id FROM matches ORDER BY id LIMIT 1)`
	aClosedAsk   = ` WHERE id = (SELECT id FROM asks WHERE closed_n IS NOT NULL ORDER BY id LIMIT 1)`
	aReturned    = ` WHERE id = (SELECT id FROM asks WHERE reinstates <> 0 ORDER BY id LIMIT 1)`
	aSoldMarket  = ` WHERE id = (SELECT market_id FROM matches ORDER BY id LIMIT 1)`
	matchColumns = `market_id, bid_id, ask_id, buyer_id, seller_id, price, bid_price, quantity, taker, price_rule, created_at`
)

var exchangeFaults = []fault{
	{check: "I01", does: "a bid is raised to the best ask", sql: []string{`
		UPDATE bids b SET price = (SELECT min(price) FROM asks a WHERE a.market_id = b.market_id AND ` + live + `)
		WHERE id = (SELECT b.id FROM bids b JOIN asks a ON a.market_id = b.market_id WHERE a.` + live + ` AND b.` + live + ` LIMIT 1)`}},
	{check: "I02", does: "a bid and an ask meet again", sql: []string{`
		INSERT INTO matches (id, ` + matchColumns + `) SELECT id + (1::bigint << 40), ` + matchColumns + ` FROM matches ORDER BY id LIMIT 1`}},
	{check: "I03", does: "an open quantity grows", sql: []string{`UPDATE bids SET open_quantity = open_quantity + 1` + anOpenBid}},
	{check: "I03", does: "a match is of one item more", sql: []string{`UPDATE matches SET quantity = quantity + 1` + aMatch}},
	{check: "I03", does: "an open ask is called matched", sql: []string{`UPDATE asks SET status = 'matched'` + anOpenAsk}},
	{check: "I03", does: "an untouched bid is called partially matched", sql: []string{`
		UPDATE bids SET status = 'partially_matched' WHERE id = (SELECT id FROM bids WHERE status = 'active' LIMIT 1)`}},
	{check: "I04", does: "a buyer buys from himself", sql: []string{`
		UPDATE matches SET buyer_id = seller_id` + aMatch, `
		UPDATE bids SET user_id = (SELECT seller_id FROM matches ORDER BY id LIMIT 1)` + aMatchedBid}},
	{check: "I04", does: "a match is of another market", sql: []string{`
		UPDATE matches m SET market_id = (SELECT id FROM bidding_markets WHERE id <> m.market_id LIMIT 1)` + aMatch}},
	{check: "I04", does: "a match pays somebody else", sql: []string{`
		UPDATE matches m SET seller_id = (SELECT id FROM users WHERE id NOT IN (m.seller_id, m.buyer_id) LIMIT 1)` + aMatch}},
	{check: "I04", does: "a match remembers another offer", sql: []string{`UPDATE matches SET bid_price = bid_price + 100` + aMatch}},
	{check: "I04", does: "a match's bid is of another market", sql: []string{`
		UPDATE bids b SET market_id = (SELECT id FROM bidding_markets WHERE id <> b.market_id LIMIT 1)` + aMatchedBid}},
	{check: "I04", does: "a match is of nothing", sql: []string{`UPDATE matches SET quantity = 0` + aMatch}},
	{check: "I04", does: "a match is above the bid", sql: []string{`UPDATE matches SET price = bid_price + 100` + aMatch}},
	{check: "I04", does: "a match's ask is gone", sql: []string{`DELETE FROM asks WHERE id = (SELECT ask_id FROM matches ORDER BY id LIMIT 1)`}},
	{check: "I05", does: "a match at the ask's price claims the resting bid's", sql: []string{`
		UPDATE matches SET price_rule = 'resting' WHERE id = (SELECT id FROM matches WHERE taker = 'ask' AND price < bid_price LIMIT 1)`}},
	{check: "I05", does: "a match at the resting bid's price claims the ask's", sql: []string{`
		UPDATE matches SET price_rule = 'seller_ask' WHERE id = (SELECT m.id FROM matches m JOIN asks a ON a.id = m.ask_id
			WHERE m.taker = 'ask' AND m.price > a.price LIMIT 1)`}},
	{check: "I05", does: "the resting order is called the taker", sql: []string{`
		UPDATE matches SET taker = CASE taker WHEN 'bid' THEN 'ask' ELSE 'bid' END` + aMatch}},
	{check: "I07", does: "a bid matched after it was closed", sql: []string{`UPDATE bids SET closed_n = id >> 8` + aMatchedBid}},
	{check: "I07", does: "a bid matched at the moment it expired", sql: []string{`
		UPDATE bids b SET expires_at = (SELECT max(created_at) FROM matches WHERE bid_id = b.id)` + aMatchedBid}},
	{check: "I07", does: "a match is older than its ask", sql: []string{`
		UPDATE matches SET id = 256 + (ask_id & 255) WHERE id = (SELECT id FROM matches ORDER BY id DESC LIMIT 1)`}},
	{check: "I08", does: "an open bid has a closing", sql: []string{`UPDATE bids SET closed_n = (id >> 8) + 1` + anOpenBid}},
	{check: "I08", does: "a closed ask has no closing", sql: []string{`UPDATE asks SET closed_n = NULL` + aClosedAsk}},
	{check: "I08", does: "an ask was overdue when its shard last wrote", sql: []string{`
		UPDATE asks SET expires_at = created_at - interval '1 hour'` + anOpenAsk}},
	{check: "I08", does: "an ask is overdue while its shard is owned", sql: []string{`
		UPDATE bidding_shards SET owner = 'somebody', expires_at = @now::timestamptz + interval '3 s', at = @now::timestamptz - interval '1 hour'`, `
		UPDATE asks SET expires_at = @now::timestamptz - interval '61 s'` + anOpenAsk}},
	{check: "I08", does: "a banned account has an open bid", sql: []string{`
		UPDATE users SET status = 'banned' WHERE id = (SELECT user_id FROM bids WHERE ` + live + ` ORDER BY id LIMIT 1)`, `
		INSERT INTO user_audit (id, user_id, action, old_value, new_value, created_at)
		SELECT gen_random_uuid(), user_id, 'banned', '{}', '{}', @now::timestamptz - interval '1 hour'
		FROM bids WHERE ` + live + ` ORDER BY id LIMIT 1`}},
	{check: "I11", does: "a dead man's switch was overdue when its shard last wrote", sql: []string{`
		INSERT INTO bidding_dead_men (shard, account_id, ends_at) SELECT shard, gen_random_uuid(), at - interval '61 s' FROM bidding_shards LIMIT 1`}},
	{check: "I09", does: "an ask has the number of a match", sql: []string{`
		UPDATE asks SET id = (SELECT max(id) FROM matches)` + anOpenAsk}},
	{check: "I09", does: "two closings have one number", sql: []string{`
		UPDATE asks a SET closed_n = (SELECT max(b.closed_n) FROM asks b WHERE b.id & 255 = a.id & 255 AND b.id <> a.id)` + aClosedAsk}},
	{check: "I10", does: "an open bid is off the tick", sql: []string{`UPDATE bids SET price = price + 1` + anOpenBid}},
	{check: "I10", does: "a market's bound falls below its asks", sql: []string{`
		UPDATE bidding_markets SET max_price = tick WHERE id = (SELECT market_id FROM asks` + anOpenAsk + `)`}},
	{check: "M01", does: "the last sale has another price", sql: []string{`
		UPDATE bidding_markets SET last_sale_price = last_sale_price + 1` + aSoldMarket}},
	{check: "M01", does: "the last sale is forgotten", sql: []string{`UPDATE bidding_markets SET last_sale_match = NULL` + aSoldMarket}},
	{check: "M01", does: "a sale is reversed by nobody", sql: []string{`
		UPDATE matches SET reversed_at = created_at WHERE id = (SELECT last_sale_match FROM bidding_markets WHERE last_sale_match IS NOT NULL LIMIT 1)`}},
	{check: "M04", does: "an ask that came back has another place", sql: []string{`UPDATE asks SET priority = priority - 256` + aReturned}},
	{check: "M04", does: "an ask that came back has another price", sql: []string{`UPDATE asks SET price = price + 100` + aReturned}},
	{check: "M04", does: "an ask came back for nothing", sql: []string{`
		UPDATE matches SET reinstated_ask = 0 WHERE reinstated_ask <> 0`}},
	{check: "M04", does: "an ask came back for another", sql: []string{`UPDATE asks SET reinstates = reinstates + 256` + aReturned}},
	{check: "M02", does: "a market without any match is gone", sql: []string{`
		DELETE FROM bidding_markets k WHERE NOT EXISTS (SELECT FROM matches m WHERE m.market_id = k.id)`}},
	{check: "M02", does: "a market is gone", sql: []string{`DELETE FROM bidding_markets` + aSoldMarket}},
	{check: "M03", does: "a slot is gone", sql: []string{`DELETE FROM bidding_slots WHERE slot = 77`}},
}

// orderColumns are those of bids and asks but id, price, priority, status and closing.
const orderColumns = `market_id, user_id, quantity, open_quantity, order_type, self_trade, created_at, expires_at, version`

// passedBy enters an order before all others that stayed until the end.
func passedBy(table, price string) string {
	return `INSERT INTO ` + table + ` (id, price, priority, status, closed_at, closed_n, ` + orderColumns + `)
		SELECT -256, ` + price + `, -256, 'cancelled', created_at, 1 << 40, ` + orderColumns + `
		FROM ` + table + ` WHERE id = (SELECT CASE m.taker WHEN 'bid' THEN ask_id ELSE bid_id END FROM matches m
			WHERE m.taker || 's' <> '` + table + `' ORDER BY id LIMIT 1)`
}

var bookFaults = []fault{
	{check: "I06", does: "a cheaper ask was passed by", sql: []string{passedBy("asks", "price - 100")}},
	{check: "I06", does: "a higher bid was passed by", sql: []string{passedBy("bids", "price + 100")}},
	{check: "I06", does: "an ask of the same price that came earlier was passed by", sql: []string{passedBy("asks", "price")}},
	{check: "I06", does: "an ask's place in the queue moves behind another's", sql: []string{`
		UPDATE asks SET priority = 1 WHERE id = (SELECT other.id FROM matches m JOIN asks a ON a.id = m.ask_id
			JOIN asks other ON other.market_id = a.market_id AND other.price = a.price AND other.id <> a.id
				AND other.id < m.id AND coalesce(other.closed_n > m.id >> 8, true)
			WHERE m.taker = 'bid' LIMIT 1)`}},
	{check: "I06", does: "a match's maker was not there", sql: []string{`
		UPDATE asks SET closed_n = id >> 8 WHERE id = (SELECT ask_id FROM matches WHERE taker = 'bid' ORDER BY id LIMIT 1)`}},
	{check: "X01", does: "a book was crossed for a while", sql: []string{passedBy("bids", "price * 10")}},
}
