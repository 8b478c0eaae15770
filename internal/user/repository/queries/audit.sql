-- name: AppendAudit :exec
INSERT INTO user_audit (id, user_id, actor_id, action, old_value, new_value, reason, request_id, created_at)
VALUES (@id, @user_id, @actor_id, @action, @old_value, @new_value, @reason, @request_id, @created_at);
