-- name: CreateSession :exec
INSERT INTO sessions (id, user_id, device, ip, ip_prefix, created_at, last_used_at, expires_at)
VALUES (@id, @user_id, @device, @ip, @ip_prefix, @created_at, @created_at, @expires_at);

-- Puts the refreshes of one session in a row.
-- name: LockSession :exec
SELECT FROM sessions WHERE id = @id FOR NO KEY UPDATE;

-- name: SessionWithUser :one
SELECT sqlc.embed(sessions), sqlc.embed(users),
       ARRAY(SELECT role FROM user_roles r WHERE r.user_id = users.id)::text[] AS roles
FROM sessions JOIN users ON users.id = sessions.user_id
WHERE sessions.id = @id;

-- name: LiveSessions :many
SELECT * FROM sessions
WHERE user_id = @user_id AND revoked_at IS NULL AND expires_at > @now
  AND (sqlc.narg(before_at)::timestamptz IS NULL
       OR (created_at, id) < (sqlc.narg(before_at)::timestamptz, sqlc.narg(before_id)::uuid))
ORDER BY created_at DESC, id DESC
LIMIT @size;

-- name: TouchSession :exec
UPDATE sessions SET last_used_at = @now, expires_at = @expires_at WHERE id = @id;

-- Ends live sessions of an account: one, all but one, or all.
-- name: EndSessions :many
UPDATE sessions SET revoked_at = @now, revoked_reason = @reason
WHERE user_id = @user_id AND revoked_at IS NULL AND expires_at > @now
  AND (sqlc.narg(one_id)::uuid IS NULL OR id = sqlc.narg(one_id)::uuid)
  AND (sqlc.narg(except_id)::uuid IS NULL OR id <> sqlc.narg(except_id)::uuid)
RETURNING id;

-- name: SignedInFrom :one
SELECT EXISTS (SELECT FROM sessions WHERE user_id = @user_id AND ip_prefix = @ip_prefix);

-- name: DropExpiredTokens :execrows
DELETE FROM refresh_tokens WHERE expires_at < @before;

-- name: DropOldSessions :execrows
DELETE FROM sessions s WHERE s.expires_at < @before
  AND NOT EXISTS (SELECT FROM refresh_tokens t WHERE t.session_id = s.id);
