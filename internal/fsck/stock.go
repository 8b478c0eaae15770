package fsck

// stockChecks are about the catalogue and the stock the platform holds.
var stockChecks = []check{
	{"I15", "stock stays in its bounds: 0 <= reserved <= quantity (PROD-005)", `
		SELECT id AS size_id, quantity, reserved FROM sizes WHERE reserved < 0 OR reserved > quantity`},

	{"I19", "of the items set aside for asks as many are held as those have open or have sold (MATCH-016)", `
		SELECT b.ref, b.held, b.done, count(r.reference) AS reserved,
			coalesce((SELECT sum(a.open_quantity) FROM asks a WHERE a.stock_ref = b.ref AND a.` + live + `), 0) AS open,
			coalesce((SELECT sum(m.quantity) FROM asks a JOIN matches m ON m.ask_id = a.id WHERE a.stock_ref = b.ref AND m.reversed_at IS NULL), 0) AS sold
		FROM bidding_stock b LEFT JOIN inventory_reservations r ON r.reference LIKE 'ask/' || b.ref || '/%' AND r.state IN ('held', 'sold')
		WHERE b.created_at < @now::timestamptz - interval '2 minutes' AND NOT EXISTS ` + lagging + `
		GROUP BY b.ref HAVING count(r.reference) < b.held
			OR b.held < coalesce((SELECT sum(a.open_quantity) FROM asks a WHERE a.stock_ref = b.ref AND a.` + live + `), 0)
				+ coalesce((SELECT sum(m.quantity) FROM asks a JOIN matches m ON m.ask_id = a.id WHERE a.stock_ref = b.ref AND m.reversed_at IS NULL), 0)
		UNION ALL
		SELECT a.stock_ref, NULL, NULL, 0, a.open_quantity, 0 FROM asks a WHERE a.stock_ref IS NOT NULL
			AND NOT EXISTS (SELECT FROM bidding_stock b WHERE b.ref = a.stock_ref)`},
	{"I16", "what is reserved is the sum of the reservations held (PROD-005)", `
		SELECT s.id AS size_id, s.reserved, coalesce(sum(r.quantity), 0) AS held
		FROM sizes s LEFT JOIN inventory_reservations r ON r.size_id = s.id AND r.state = 'held'
		GROUP BY s.id, s.reserved HAVING s.reserved <> coalesce(sum(r.quantity), 0)`},

	{"I17", "the audit trail adds up to the stock (PROD-006)", `
		SELECT s.id AS size_id, s.quantity, s.reserved, coalesce(sum(t.quantity_delta), 0) AS trail_quantity,
			coalesce(sum(t.reserved_delta), 0) AS trail_reserved
		FROM sizes s LEFT JOIN inventory_transactions t ON t.size_id = s.id
		GROUP BY s.id, s.quantity, s.reserved
		HAVING s.quantity <> coalesce(sum(t.quantity_delta), 0) OR s.reserved <> coalesce(sum(t.reserved_delta), 0)`},

	{"I18", "each line of the audit trail begins with what the one before it left (PROD-006)", `
		SELECT id AS transaction_id, size_id, seq, quantity_before, left_quantity, reserved_before, left_reserved FROM (
			SELECT *, lag(quantity_after, 1, 0) OVER trail AS left_quantity, lag(reserved_after, 1, 0) OVER trail AS left_reserved
			FROM inventory_transactions WINDOW trail AS (PARTITION BY size_id ORDER BY seq)) t
		WHERE quantity_before <> left_quantity OR reserved_before <> left_reserved
			OR quantity_before + quantity_delta <> quantity_after OR reserved_before + reserved_delta <> reserved_after`},

	// A size begins at version 1, with or without a first line.
	{"S01", "the lines of a size's trail are numbered without a gap up to its version (PROD-006)", `
		SELECT s.id AS size_id, s.version, count(t.id) AS lines, min(t.seq) AS first, max(t.seq) AS last
		FROM sizes s LEFT JOIN inventory_transactions t ON t.size_id = s.id
		GROUP BY s.id, s.version
		HAVING coalesce(max(t.seq), 1) <> s.version OR coalesce(min(t.seq), 2) NOT IN (1, 2)
			OR count(t.id) <> coalesce(max(t.seq) - min(t.seq) + 1, 0)`},

	{"S02", "a reservation stands as its lines in the trail say (PROD-005)", `
		SELECT r.reference, r.state, r.quantity, b.reserved_delta AS taken, e.kind AS ended, e.reserved_delta AS given_back
		FROM inventory_reservations r
		LEFT JOIN inventory_transactions b ON b.kind = 'reserve' AND b.reference = r.reference AND b.size_id = r.size_id
		LEFT JOIN inventory_transactions e ON e.kind IN ('release', 'sell', 'expire') AND e.reference = r.reference AND e.size_id = r.size_id
		WHERE b.reserved_delta IS DISTINCT FROM r.quantity OR e.reserved_delta <> -r.quantity
			OR e.kind IS DISTINCT FROM CASE r.state WHEN 'released' THEN 'release' WHEN 'sold' THEN 'sell' WHEN 'expired' THEN 'expire' END
		UNION ALL
		SELECT t.reference, NULL, NULL, t.reserved_delta, t.kind, NULL
		FROM inventory_transactions t LEFT JOIN inventory_reservations r ON r.reference = t.reference AND r.size_id = t.size_id
		WHERE t.kind IN ('reserve', 'release', 'sell', 'expire') AND r.reference IS NULL`},

	{"S03", "the audit trail of stock is append-only (PROD-006)", guards("inventory_transactions",
		"inventory_transactions_append_only", "inventory_transactions_no_truncate")},

	{"S04", "a product with images has one primary image (PROD-002)", `
		SELECT product_id, count(*) AS images, count(*) FILTER (WHERE is_primary) AS primary_images
		FROM product_images GROUP BY product_id HAVING count(*) FILTER (WHERE is_primary) <> 1`},

	{"S05", "a style code and an address are of one product that is not deleted (PROD-001)", `
		SELECT 'sku' AS field, upper(sku) AS value, count(*) AS products
		FROM products WHERE deleted_at IS NULL GROUP BY upper(sku) HAVING count(*) > 1
		UNION ALL
		SELECT 'slug', slug, count(*) FROM products WHERE deleted_at IS NULL GROUP BY slug HAVING count(*) > 1`},
}
