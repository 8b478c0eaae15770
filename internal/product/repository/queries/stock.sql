-- name: Reservation :one
SELECT reference, size_id, quantity, state, created_at, expires_at, updated_at, version
FROM inventory_reservations WHERE reference = @reference;

-- name: OverdueReservations :many
SELECT reference, size_id, quantity, state, created_at, expires_at, updated_at, version
FROM inventory_reservations WHERE size_id = @size_id AND state = 'held' AND expires_at <= @now
ORDER BY expires_at, reference;

-- name: OverdueSizes :many
SELECT size_id FROM inventory_reservations WHERE state = 'held' AND expires_at <= @now
GROUP BY size_id ORDER BY min(expires_at), size_id LIMIT @most;

-- name: InsertReservation :exec
INSERT INTO inventory_reservations (reference, size_id, quantity, state, created_at, expires_at, updated_at, version)
VALUES (@reference, @size_id, @quantity, @state, @created_at, @expires_at, @updated_at, @version);

-- name: EndReservation :execrows
UPDATE inventory_reservations SET state = @state, updated_at = @updated_at, version = @version
WHERE reference = @reference AND state = 'held' AND version + 1 = @version;

-- name: InsertTransaction :exec
INSERT INTO inventory_transactions (id, size_id, seq, kind, quantity_delta, quantity_before, quantity_after,
    reserved_delta, reserved_before, reserved_after, reference, reason, actor, created_at)
VALUES (@id, @size_id, @seq, @kind, @quantity_delta, @quantity_before, @quantity_after,
    @reserved_delta, @reserved_before, @reserved_after, @reference, @reason, @actor, @created_at);

-- name: AdjustmentOf :one
SELECT * FROM inventory_transactions WHERE reference = @reference AND reference <> '' AND kind IN ('add', 'adjust');

-- name: ReserveOf :one
SELECT * FROM inventory_transactions WHERE reference = @reference AND kind = 'reserve';

-- name: EndOf :one
SELECT * FROM inventory_transactions WHERE reference = @reference AND kind IN ('release', 'sell', 'expire');

-- name: Transactions :many
SELECT * FROM inventory_transactions WHERE size_id = @size_id AND seq < @before_seq
ORDER BY seq DESC LIMIT @most;
