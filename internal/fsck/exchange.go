package fsck

// orders are the two halves of the book as one table.
const orders = `(SELECT 'bid' AS side, id, market_id, user_id, price, quantity, open_quantity, status, expires_at, closed_n FROM bids
		UNION ALL
		SELECT 'ask', id, market_id, user_id, price, quantity, open_quantity, status, expires_at, closed_n FROM asks)`

// live are the orders that rest in a book.
const live = `status IN ('active', 'partially_matched')`

// attended is the time up to which a shard's writer has looked after its books:
// the present while somebody owns the shard, its last batch's otherwise. What fell
// due while a marketplace was switched off is nobody's fault.
const attended = `CASE WHEN s.owner <> '' AND s.expires_at > @now::timestamptz THEN @now::timestamptz ELSE s.at END`

// exchangeChecks are about bids, asks, matches and markets. A number n is an id
// without its last byte, which is the shard; within a shard a higher n came later.
var exchangeChecks = []check{
	{"I01", "no book is crossed: the best bid is below the best ask (MATCH-004)", `
		SELECT b.market_id, b.id AS bid_id, a.id AS ask_id, b.price AS bid_price, a.price AS ask_price
		FROM (SELECT DISTINCT ON (market_id) market_id, id, price FROM bids WHERE ` + live + ` AND expires_at > @now::timestamptz
				ORDER BY market_id, price DESC, priority) b
		JOIN (SELECT DISTINCT ON (market_id) market_id, id, price FROM asks WHERE ` + live + ` AND expires_at > @now::timestamptz
				ORDER BY market_id, price, priority) a ON a.market_id = b.market_id
		WHERE b.price >= a.price`},

	{"I02", "a bid and an ask meet at most once (MATCH-006)", `
		SELECT bid_id, ask_id, count(*) AS matches FROM matches GROUP BY bid_id, ask_id HAVING count(*) > 1`},

	{"I03", "a bid's or ask's quantity is what was matched and what is open, and its status says so (MATCH-006, MATCH-008)", `
		WITH filled AS (
			SELECT bid_id AS id, sum(quantity) AS quantity FROM matches GROUP BY bid_id
			UNION ALL
			SELECT ask_id, sum(quantity) FROM matches GROUP BY ask_id)
		SELECT o.side, o.id, o.status, o.quantity, o.open_quantity, coalesce(f.quantity, 0) AS matched
		FROM ` + orders + ` o LEFT JOIN filled f ON f.id = o.id
		WHERE o.quantity <> coalesce(f.quantity, 0) + o.open_quantity OR o.open_quantity < 0
			OR (o.status = 'matched') <> (o.open_quantity = 0)
			OR (o.status IN ('active', 'rejected') AND o.open_quantity <> o.quantity)
			OR (o.status = 'partially_matched' AND o.open_quantity = o.quantity)`},

	{"I04", "a match joins a bid and an ask of one market and two people, at a price inside both limits (MATCH-002, MATCH-007)", `
		SELECT m.id AS match_id, m.bid_id, m.ask_id, m.price, b.price AS bid_price, a.price AS ask_price
		FROM matches m LEFT JOIN bids b ON b.id = m.bid_id LEFT JOIN asks a ON a.id = m.ask_id
		WHERE b.id IS NULL OR a.id IS NULL OR b.market_id <> m.market_id OR a.market_id <> m.market_id
			OR b.user_id <> m.buyer_id OR a.user_id <> m.seller_id OR m.buyer_id = m.seller_id
			OR m.price NOT BETWEEN a.price AND b.price OR m.bid_price <> b.price OR m.quantity < 1`},

	{"I05", "a match has the price of its rule, and the later order took the earlier (MATCH-003)", `
		SELECT m.id AS match_id, m.price_rule, m.taker, m.price, b.id AS bid_id, b.price AS bid_price, a.id AS ask_id, a.price AS ask_price
		FROM matches m JOIN bids b ON b.id = m.bid_id JOIN asks a ON a.id = m.ask_id
		WHERE m.taker <> CASE WHEN b.id > a.id THEN 'bid' ELSE 'ask' END
			OR m.price <> CASE WHEN m.price_rule = 'resting' AND a.id > b.id THEN b.price ELSE a.price END`},

	// Expiry is judged by the logical time of the match, not by a clock.
	{"I07", "a match is of orders that were open: accepted before, not closed, not expired (MATCH-009)", `
		SELECT m.id AS match_id, o.side, o.id AS order_id, m.id >> 8 AS match_n, o.closed_n, m.created_at, o.expires_at
		FROM matches m JOIN ` + orders + ` o ON o.id IN (m.bid_id, m.ask_id) AND o.side = CASE o.id WHEN m.bid_id THEN 'bid' ELSE 'ask' END
		WHERE o.id >= m.id OR o.closed_n <= m.id >> 8 OR o.expires_at <= m.created_at`},

	{"I08", "no dead order is open: closed, overdue by a minute, or of an account banned a minute ago (MATCH-009, MATCH-015)", `
		SELECT o.side, o.id, o.status, o.closed_n, o.expires_at, o.user_id, u.status AS account
		FROM ` + orders + ` o
		LEFT JOIN bidding_markets k ON k.id = o.market_id
		LEFT JOIN bidding_slots l ON l.slot = k.slot
		LEFT JOIN bidding_shards s ON s.shard = l.shard
		LEFT JOIN users u ON u.id = o.user_id AND u.status <> 'active'
		WHERE (o.` + live + `) <> (o.closed_n IS NULL) OR o.closed_n <= o.id >> 8
			OR (o.` + live + ` AND (o.expires_at < ` + attended + ` - interval '60 s'
				OR (u.id IS NOT NULL AND coalesce((SELECT max(a.created_at) FROM user_audit a WHERE a.user_id = u.id AND a.action = 'banned'),
					'-infinity') < ` + attended + ` - interval '60 s')))`},

	{"I11", "no dead man's switch is overdue by a minute (MATCH-013)", `
		SELECT d.shard, d.account_id, d.ends_at FROM bidding_dead_men d JOIN bidding_shards s USING (shard)
		WHERE d.ends_at < ` + attended + ` - interval '60 s'`},

	{"I09", "every accepted order, match and closing of a shard has a number of its own (ID-001)", `
		SELECT number & 255 AS shard, number >> 8 AS n, count(*) AS uses FROM (
			SELECT id AS number FROM bids UNION ALL SELECT id FROM asks UNION ALL SELECT id FROM matches
			UNION ALL SELECT (closed_n << 8) + (id & 255) FROM bids WHERE closed_n IS NOT NULL
			UNION ALL SELECT (closed_n << 8) + (id & 255) FROM asks WHERE closed_n IS NOT NULL) x
		GROUP BY number HAVING count(*) > 1`},

	{"I10", "every open order fits its market: on the tick and inside the bounds (MKT-001)", `
		SELECT o.side, o.id, o.market_id, o.price, o.quantity, k.tick, k.max_price
		FROM ` + orders + ` o JOIN bidding_markets k ON k.id = o.market_id
		WHERE o.` + live + ` AND (o.price < k.tick OR o.price % k.tick <> 0 OR o.price > k.max_price OR o.quantity NOT BETWEEN 1 AND 100)`},

	{"M01", "a market's last sale is its newest match that stands (DATA-001)", `
		SELECT k.id AS market_id, k.last_sale_match, k.last_sale_price, m.id AS newest_match, m.price AS newest_price
		FROM bidding_markets k LEFT JOIN LATERAL (
			SELECT id, price, quantity, created_at FROM matches WHERE market_id = k.id AND reversed_at IS NULL ORDER BY id DESC LIMIT 1) m ON true
		WHERE (k.last_sale_match, k.last_sale_price, k.last_sale_quantity, k.last_sale_at)
			IS DISTINCT FROM (m.id, m.price, m.quantity, m.created_at)`},

	{"M04", "an ask stands in for a reversed match's, as it was, or nothing does (ORDER-002)", `
		SELECT m.id AS match_id, m.reinstated_ask, m.ask_id, n.reinstates, o.price, n.price AS new_price
		FROM matches m LEFT JOIN asks n ON n.id = m.reinstated_ask LEFT JOIN asks o ON o.id = m.ask_id
		WHERE m.reinstated_ask <> 0 AND (n.id IS NULL OR n.reinstates <> m.ask_id OR n.market_id <> m.market_id OR n.user_id <> m.seller_id
			OR n.price <> o.price OR n.priority <> o.priority OR n.expires_at <> o.expires_at OR n.id <= m.id)
		UNION ALL
		SELECT NULL, n.id, n.reinstates, n.reinstates, NULL, n.price FROM asks n
		WHERE n.reinstates <> 0 AND NOT EXISTS (SELECT FROM matches m WHERE m.reinstated_ask = n.id)`},

	{"M02", "every bid, ask and match is of a market that is there (MKT-002)", `
		SELECT o.side, o.id, o.market_id FROM ` + orders + ` o LEFT JOIN bidding_markets k ON k.id = o.market_id WHERE k.id IS NULL
		UNION ALL
		SELECT 'match', m.id, m.market_id FROM matches m LEFT JOIN bidding_markets k ON k.id = m.market_id WHERE k.id IS NULL`},

	{"M03", "every slot has a shard", `
		SELECT n.slot, l.shard FROM generate_series(0, 255) AS n (slot)
		LEFT JOIN bidding_slots l ON l.slot = n.slot LEFT JOIN bidding_shards s ON s.shard = l.shard
		WHERE s.shard IS NULL`},
}
