-- name: Position :one
SELECT seq FROM product_positions WHERE source = @source AND partition = @partition;

-- name: BeginPosition :execrows
INSERT INTO product_positions (source, partition, seq) VALUES (@source, @partition, @seq)
ON CONFLICT (source, partition) DO NOTHING;

-- name: LockPosition :one
SELECT seq FROM product_positions WHERE source = @source AND partition = @partition FOR UPDATE;

-- name: MovePosition :exec
UPDATE product_positions SET seq = @seq WHERE source = @source AND partition = @partition;

-- name: LockSold :exec
-- In one order, so that two batches, or a batch and a sweep, never deadlock.
SELECT product_id FROM product_activity
WHERE product_id IN (SELECT s.product_id FROM sizes s WHERE s.id = ANY(@sizes::uuid[]))
ORDER BY product_id FOR UPDATE;

-- name: CountSales :exec
WITH told AS (
    SELECT unnest(@sizes::uuid[]) AS size_id, unnest(@days::date[]) AS day, unnest(@items::bigint[]) AS items
), sold AS (
    SELECT a.product_id, told.day, sum(told.items)::bigint AS items
    FROM told JOIN sizes s ON s.id = told.size_id JOIN product_activity a ON a.product_id = s.product_id
    GROUP BY a.product_id, told.day
), added AS (
    INSERT INTO product_activity_days AS d (product_id, day, sold) SELECT product_id, day, items FROM sold WHERE sold.items >= 0
    ON CONFLICT (product_id, day) DO UPDATE SET sold = d.sold + excluded.sold
), taken AS ( -- of days that are still there
    UPDATE product_activity_days AS d SET sold = d.sold + sold.items FROM sold
    WHERE d.product_id = sold.product_id AND d.day = sold.day AND sold.items < 0 RETURNING d.product_id, sold.items
)
UPDATE product_activity SET sold_30d = sold_30d + more.items
FROM (SELECT both_ways.product_id, sum(both_ways.items)::bigint AS items
    FROM (SELECT sold.product_id, sold.items FROM sold WHERE sold.items >= 0 UNION ALL SELECT taken.product_id, taken.items FROM taken) AS both_ways
    GROUP BY both_ways.product_id) AS more
WHERE product_activity.product_id = more.product_id;

-- name: ProductsWithOldDays :many
SELECT DISTINCT product_id FROM product_activity_days WHERE day < @first_day LIMIT @most;

-- name: LockActivity :exec
SELECT product_id FROM product_activity WHERE product_id = ANY(@products::uuid[]) ORDER BY product_id FOR UPDATE;

-- name: DropOldDays :exec
WITH old AS (
    DELETE FROM product_activity_days WHERE product_id = ANY(@products::uuid[]) AND day < @first_day RETURNING product_id, sold
)
UPDATE product_activity SET sold_30d = sold_30d - less.items
FROM (SELECT old.product_id, sum(old.sold)::bigint AS items FROM old GROUP BY old.product_id) AS less
WHERE product_activity.product_id = less.product_id;
