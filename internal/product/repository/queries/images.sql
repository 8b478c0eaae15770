-- name: ProductImages :many
SELECT id, product_id, url, alt, is_primary, position, created_at
FROM product_images WHERE product_id = @product_id ORDER BY position;

-- name: PrimaryImages :many
SELECT id, product_id, url, alt, is_primary, position, created_at
FROM product_images WHERE is_primary AND product_id = ANY(@product_ids::uuid[]);

-- name: ImageProduct :one
SELECT i.product_id FROM product_images i JOIN products p ON p.id = i.product_id
WHERE i.id = @id AND p.deleted_at IS NULL;

-- name: LockImages :one
-- The product's row stands for its images.
SELECT id FROM products WHERE id = @product_id AND deleted_at IS NULL FOR UPDATE;

-- name: ClearPrimary :exec
UPDATE product_images SET is_primary = false WHERE product_id = @product_id AND is_primary AND id <> @keep;

-- name: DeleteImagesBut :exec
DELETE FROM product_images WHERE product_id = @product_id AND NOT id = ANY(@keep::uuid[]);

-- name: PutImage :exec
INSERT INTO product_images (id, product_id, url, alt, is_primary, position, created_at)
VALUES (@id, @product_id, @url, @alt, @is_primary, @position, @created_at)
ON CONFLICT (id) DO UPDATE SET is_primary = excluded.is_primary, position = excluded.position;
