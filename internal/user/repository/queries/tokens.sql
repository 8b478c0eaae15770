-- name: CreateToken :exec
INSERT INTO refresh_tokens (token_hash, session_id, parent, created_at, expires_at)
VALUES (@token_hash, @session_id, @parent, @created_at, @expires_at);

-- name: Token :one
SELECT * FROM refresh_tokens WHERE token_hash = @token_hash;

-- name: TokenChild :one
SELECT * FROM refresh_tokens WHERE parent = @parent;

-- name: UseToken :exec
UPDATE refresh_tokens SET used_at = @used_at WHERE token_hash = @token_hash;
