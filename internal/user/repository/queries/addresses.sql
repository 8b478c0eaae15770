-- name: CreateAddress :exec
INSERT INTO addresses (id, user_id, kind, recipient, line1, line2, city, region, postal_code, country, phone,
                       is_default, created_at, updated_at)
VALUES (@id, @user_id, @kind, @recipient, @line1, @line2, @city, @region, @postal_code, @country, @phone,
        @is_default, @created_at, @created_at);

-- name: Address :one
SELECT * FROM addresses WHERE id = @id AND user_id = @user_id;

-- name: Addresses :many
SELECT * FROM addresses
WHERE user_id = @user_id AND (@kind::text = '' OR kind = @kind)
  AND (sqlc.narg(before_at)::timestamptz IS NULL
       OR (created_at, id) < (sqlc.narg(before_at)::timestamptz, sqlc.narg(before_id)::uuid))
ORDER BY created_at DESC, id DESC
LIMIT @size;

-- name: CountAddresses :one
SELECT count(*) AS total, count(*) FILTER (WHERE kind = @kind) AS of_kind FROM addresses WHERE user_id = @user_id;

-- name: SaveAddress :one
UPDATE addresses SET
    recipient = @recipient, line1 = @line1, line2 = @line2, city = @city, region = @region,
    postal_code = @postal_code, country = @country, phone = @phone, is_default = @is_default,
    updated_at = @updated_at, version = version + 1
WHERE id = @id AND user_id = @user_id
RETURNING version, updated_at;

-- name: ClearDefault :exec
UPDATE addresses SET is_default = false, updated_at = @updated_at, version = version + 1
WHERE user_id = @user_id AND kind = @kind AND is_default AND id <> @except_id;

-- name: DeleteAddress :exec
DELETE FROM addresses WHERE id = @id AND user_id = @user_id;

-- name: PromoteNewest :exec
UPDATE addresses SET is_default = true, updated_at = @updated_at, version = version + 1
WHERE id = (SELECT a.id FROM addresses a WHERE a.user_id = @user_id AND a.kind = @kind
            ORDER BY a.created_at DESC, a.id DESC LIMIT 1);
