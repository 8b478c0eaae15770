-- name: GrantRoles :exec
INSERT INTO user_roles (user_id, role, granted_by, granted_at)
SELECT @user_id, role, sqlc.narg(granted_by), @granted_at FROM unnest(@roles::text[]) AS role
ON CONFLICT DO NOTHING;

-- name: TakeRoles :exec
DELETE FROM user_roles WHERE user_id = @user_id AND NOT role = ANY (@keep::text[]);

-- Two owners who demote or ban each other at once are put in a row.
-- name: LockOwners :many
SELECT user_id FROM user_roles WHERE role = 'owner' ORDER BY user_id FOR UPDATE;

-- Keeps every other grant out until the transaction ends, so that two first owners cannot be made at once.
-- name: LockRoles :exec
LOCK TABLE user_roles IN SHARE ROW EXCLUSIVE MODE;

-- name: OwnerExists :one
SELECT EXISTS (SELECT FROM user_roles WHERE role = 'owner');
