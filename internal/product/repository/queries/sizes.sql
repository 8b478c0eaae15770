-- name: InsertSize :execrows
INSERT INTO sizes (id, product_id, system, label, sort_key, quantity, reserved, created_at, updated_at, version)
SELECT @id, p.id, @system, @label, @sort_key, @quantity, @reserved, @created_at, @updated_at, @version
FROM products p WHERE p.id = @product_id AND p.deleted_at IS NULL;

-- name: ProductSizes :many
SELECT id, product_id, system, label, sort_key, quantity, reserved, created_at, updated_at, version
FROM sizes WHERE product_id = @product_id
ORDER BY array_position(ARRAY['US_M', 'US_W', 'US_GS', 'EU', 'UK', 'CM'], system), sort_key;

-- name: Offer :one
SELECT sqlc.embed(s), p.name, p.sku, p.currency, p.status, p.version
FROM sizes s JOIN products p ON p.id = s.product_id
WHERE s.id = @id AND p.deleted_at IS NULL;

-- name: LockSize :one
SELECT sqlc.embed(s), (p.deleted_at IS NOT NULL)::boolean AS product_deleted
FROM sizes s JOIN products p ON p.id = s.product_id
WHERE s.id = @id FOR UPDATE OF s;

-- name: SizeExists :one
SELECT EXISTS (SELECT FROM sizes WHERE id = @id);

-- name: UpdateStock :execrows
UPDATE sizes SET quantity = @quantity, reserved = @reserved, updated_at = @updated_at, version = @version
WHERE id = @id AND version + 1 = @version;
