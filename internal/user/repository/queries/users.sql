-- name: CreateUser :exec
INSERT INTO users (id, email, password_hash, first_name, last_name, email_verified_at, created_at, updated_at)
VALUES (@id, @email, @password_hash, @first_name, @last_name, @email_verified_at, @created_at, @created_at);

-- name: User :one
SELECT sqlc.embed(users), ARRAY(SELECT role FROM user_roles r WHERE r.user_id = users.id)::text[] AS roles
FROM users WHERE id = @id;

-- name: UserByEmail :one
SELECT sqlc.embed(users), ARRAY(SELECT role FROM user_roles r WHERE r.user_id = users.id)::text[] AS roles
FROM users WHERE email = @email;

-- Serialises every change of one account and of what hangs on it.
-- name: LockUser :exec
SELECT FROM users WHERE id = @id FOR NO KEY UPDATE;

-- name: SaveUser :one
UPDATE users SET
    password_hash = @password_hash, first_name = @first_name, last_name = @last_name, phone = @phone,
    shoe_size = @shoe_size, status = @status, seller_terms_at = @seller_terms_at,
    updated_at = @updated_at, version = version + 1
WHERE id = @id
RETURNING version, updated_at;

-- name: Users :many
SELECT sqlc.embed(users), ARRAY(SELECT role FROM user_roles r WHERE r.user_id = users.id)::text[] AS roles
FROM users
WHERE (@pattern::text = '' OR email ILIKE @pattern OR first_name ILIKE @pattern OR last_name ILIKE @pattern
       OR first_name || ' ' || last_name ILIKE @pattern)
  AND (sqlc.narg(before_at)::timestamptz IS NULL
       OR (created_at, id) < (sqlc.narg(before_at)::timestamptz, sqlc.narg(before_id)::uuid))
ORDER BY created_at DESC, id DESC
LIMIT @size;
