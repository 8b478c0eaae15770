package repository

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
)

const lockNotAvailable = "55P03"

// Topology implements engine.Ownership.
func (r *Repository) Topology(ctx context.Context) (engine.Topology, error) {
	var t engine.Topology
	rows, err := r.pool.Query(ctx, `SELECT slot, shard FROM bidding_slots`)
	if err != nil {
		return t, fmt.Errorf("read slots: %w", err)
	}
	var slot, shard int16
	if _, err := pgx.ForEachRow(rows, []any{&slot, &shard}, func() error {
		t.ShardOf[slot] = uint8(shard)
		return nil
	}); err != nil {
		return t, fmt.Errorf("read slots: %w", err)
	}
	rows, err = r.pool.Query(ctx, `SELECT shard FROM bidding_shards ORDER BY shard`)
	if err != nil {
		return t, fmt.Errorf("read shards: %w", err)
	}
	if _, err := pgx.ForEachRow(rows, []any{&shard}, func() error {
		t.Shards = append(t.Shards, uint8(shard))
		return nil
	}); err != nil {
		return t, fmt.Errorf("read shards: %w", err)
	}
	return t, nil
}

// Landscape implements engine.Ownership.
func (r *Repository) Landscape(ctx context.Context, term time.Duration) (engine.Landscape, error) {
	l := engine.Landscape{Shards: make(map[uint8]engine.Holding), Nodes: make(map[string]bool)}
	rows, err := r.pool.Query(ctx, `SELECT shard, owner, addr, epoch, clock_timestamp(), clock_timestamp() - expires_at FROM bidding_shards`)
	if err != nil {
		return l, fmt.Errorf("read who holds the shards: %w", err)
	}
	var shard int16
	var h engine.Holding
	if _, err := pgx.ForEachRow(rows, []any{&shard, &h.Owner.Name, &h.Owner.Addr, &h.Epoch, &l.Now, &h.FreeFor}, func() error {
		l.Shards[uint8(shard)] = h
		return nil
	}); err != nil {
		return l, fmt.Errorf("read who holds the shards: %w", err)
	}
	rows, err = r.pool.Query(ctx, `SELECT node FROM bidding_nodes WHERE seen_at > clock_timestamp() - $1::interval`, term)
	if err != nil {
		return l, fmt.Errorf("read which nodes are alive: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return l, fmt.Errorf("read which nodes are alive: %w", err)
	}
	for _, name := range names {
		l.Nodes[name] = true
	}
	return l, nil
}

// Announce implements engine.Ownership. Nodes that nobody has seen for a day are forgotten.
func (r *Repository) Announce(ctx context.Context, node engine.Node) error {
	_, err := r.pool.Exec(ctx, `WITH forgotten AS (DELETE FROM bidding_nodes WHERE seen_at < clock_timestamp() - interval '1 day')
		INSERT INTO bidding_nodes (node, addr, seen_at) VALUES ($1, $2, clock_timestamp())
		ON CONFLICT (node) DO UPDATE SET addr = excluded.addr, seen_at = excluded.seen_at`, node.Name, node.Addr)
	if err != nil {
		return fmt.Errorf("say that this node is alive: %w", err)
	}
	return nil
}

// Withdraw implements engine.Ownership.
func (r *Repository) Withdraw(ctx context.Context, node engine.Node) error {
	if _, err := r.pool.Exec(ctx, `DELETE FROM bidding_nodes WHERE node = $1`, node.Name); err != nil {
		return fmt.Errorf("take back that this node is alive: %w", err)
	}
	return nil
}

// Claim implements engine.Ownership. A transaction that holds the shard's row, or that of
// its tables' position, for more than 500 ms belongs to a node that hangs or sleeps; its
// connection is ended.
func (r *Repository) Claim(ctx context.Context, node engine.Node, shard uint8, term time.Duration) (engine.Lease, bool, error) {
	lease := engine.Lease{Shard: shard}
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '500ms'`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT FROM bidding_projection WHERE shard = $1 FOR UPDATE`, int16(shard)); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `UPDATE bidding_shards
			SET epoch = epoch + 1, owner = $2, addr = $3, expires_at = clock_timestamp() + $4
			WHERE shard = $1 AND (owner = $2 OR owner = '' OR expires_at < clock_timestamp())
			RETURNING epoch`, int16(shard), node.Name, node.Addr, term).Scan(&lease.Epoch)
	})
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return lease, true, nil
	case errors.Is(err, pgx.ErrNoRows):
		return lease, false, nil
	case errors.As(err, &pg) && pg.Code == lockNotAvailable:
		return lease, false, errors.Join(fmt.Errorf("claim shard %d: a connection hangs that writes it; it is ended", shard), r.endBlocker(ctx))
	}
	return lease, false, fmt.Errorf("claim shard %d: %w", shard, err)
}

// endBlocker ends connections that have held a row of the shards or of their positions for
// too long.
func (r *Repository) endBlocker(ctx context.Context) error {
	_, err := r.pool.Exec(ctx, `SELECT pg_terminate_backend(a.pid)
		FROM pg_locks l JOIN pg_stat_activity a USING (pid)
		WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		  AND l.relation IN ('bidding_shards'::regclass, 'bidding_projection'::regclass) AND l.mode = 'RowExclusiveLock' AND l.granted
		  AND a.pid <> pg_backend_pid() AND a.xact_start < clock_timestamp() - interval '500 ms'`)
	if err != nil {
		return fmt.Errorf("end the connection that blocks a shard: %w", err)
	}
	return nil
}

// Renew implements engine.Ownership.
func (r *Repository) Renew(ctx context.Context, node engine.Node, leases []engine.Lease, term time.Duration) ([]uint8, error) {
	shards, epochs := split(leases)
	rows, err := r.pool.Query(ctx, `UPDATE bidding_shards s SET expires_at = clock_timestamp() + $4
		FROM unnest($1::smallint[], $2::bigint[]) AS l (shard, epoch)
		WHERE s.shard = l.shard AND s.epoch = l.epoch AND s.owner = $3
		RETURNING s.shard`, shards, epochs, node.Name, term)
	if err != nil {
		return nil, fmt.Errorf("renew leases: %w", err)
	}
	held, err := pgx.CollectRows(rows, pgx.RowTo[int16])
	if err != nil {
		return nil, fmt.Errorf("renew leases: %w", err)
	}
	out := make([]uint8, len(held))
	for i, s := range held {
		out[i] = uint8(s)
	}
	return out, nil
}

// Release implements engine.Ownership.
func (r *Repository) Release(ctx context.Context, node engine.Node, leases []engine.Lease) error {
	shards, epochs := split(leases)
	_, err := r.pool.Exec(ctx, `UPDATE bidding_shards s SET owner = '', addr = '', expires_at = clock_timestamp()
		FROM unnest($1::smallint[], $2::bigint[]) AS l (shard, epoch)
		WHERE s.shard = l.shard AND s.epoch = l.epoch AND s.owner = $3`, shards, epochs, node.Name)
	if err != nil {
		return fmt.Errorf("release leases: %w", err)
	}
	return nil
}

func split(leases []engine.Lease) (shards []int16, epochs []int64) {
	for _, l := range leases {
		shards, epochs = append(shards, int16(l.Shard)), append(epochs, l.Epoch)
	}
	return shards, epochs
}
