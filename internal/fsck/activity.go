package fsck

// activityChecks are about how much of each product was sold lately.
var activityChecks = []check{
	{"A01", "what a product sold in 30 days is the sum of its days (PROD-004)", `
		SELECT p.id AS product_id, a.sold_30d, d.sold
		FROM products p LEFT JOIN product_activity a ON a.product_id = p.id
		LEFT JOIN (SELECT product_id, sum(sold) AS sold FROM product_activity_days GROUP BY product_id) d ON d.product_id = p.id
		WHERE a.sold_30d IS DISTINCT FROM coalesce(d.sold, 0)`},

	// What is told up to a position is what has a number up to that of the position's batch.
	// The oldest days may be gone already, so the last four weeks are compared.
	{"A02", "a product sold on a day what the exchange has told of it (PROD-004, EVENT-001)", `
		WITH heard AS (
			SELECT p.partition AS shard, j.n, j.at FROM product_positions p
			JOIN bidding_journal j ON j.shard = p.partition AND j.seq = p.seq WHERE p.source = 'bidding'),
		told AS (
			SELECT s.product_id, (m.created_at AT TIME ZONE 'UTC')::date AS day, sum(m.quantity) AS sold
			FROM matches m JOIN heard h ON h.shard = m.id & 255 AND m.id >> 8 <= h.n JOIN sizes s ON s.id = m.market_id
			WHERE m.reversed_at IS NULL OR m.reversed_at > h.at
			GROUP BY 1, 2)
		SELECT coalesce(t.product_id, d.product_id) AS product_id, coalesce(t.day, d.day) AS day, t.sold AS told, d.sold AS counted
		FROM told t FULL JOIN product_activity_days d ON d.product_id = t.product_id AND d.day = t.day
		WHERE coalesce(t.day, d.day) > (@now::timestamptz AT TIME ZONE 'UTC')::date - 28 AND coalesce(t.sold, 0) <> coalesce(d.sold, 0) AND NOT EXISTS ` + lagging},
}

var activityFaults = []fault{
	{check: "A01", does: "a product sells more than its days", sql: []string{`UPDATE product_activity SET sold_30d = sold_30d + 1`}},
	{check: "A01", does: "a product has no activity", sql: []string{`DELETE FROM product_activity WHERE sold_30d = 0`}},
	{check: "A01", does: "a day is forgotten", sql: []string{`DELETE FROM product_activity_days`}},
	{check: "A02", does: "a sale counts twice", sql: []string{
		`UPDATE product_activity_days SET sold = sold + 1`, `UPDATE product_activity SET sold_30d = sold_30d + 1 WHERE sold_30d > 0`,
	}},
	{check: "A02", does: "a sale counts for another product", sql: []string{`
		UPDATE product_activity_days d SET product_id = (SELECT a.product_id FROM product_activity a
			WHERE a.product_id NOT IN (SELECT product_id FROM product_activity_days) LIMIT 1)
		WHERE d.product_id = (SELECT product_id FROM product_activity_days LIMIT 1)`}},
	{check: "A02", does: "sales of a shard are told again", sql: []string{`UPDATE product_positions SET seq = 1`}},
}
