package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/migrations"
)

// contents are the tables of the exchange with what is compared of them, row by row.
var contents = map[string]string{
	"bids": "id", "asks": "id", "matches": "id", "bidding_markets": "id", "bidding_account_limits": "account_id",
	"bidding_bans": "shard, account_id", "bidding_dead_men": "shard, account_id", "bidding_projection": "shard",
}

// tablesOf is a fingerprint of every table's rows.
func tablesOf(ctx context.Context, address string) (map[string]string, error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	out := make(map[string]string, len(contents))
	for table, key := range contents {
		var rows int64
		var sum string
		err := conn.QueryRow(ctx, `SELECT count(*), coalesce(md5(string_agg(md5(t::text), '' ORDER BY `+key+`)), '') FROM `+table+` t`).Scan(&rows, &sum)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", table, err)
		}
		out[table] = fmt.Sprintf("%d rows %s", rows, sum)
	}
	return out, nil
}

// builtName is the database that is built anew, beside the one that traded.
const builtName = "built_from_journal"

// copyJournal makes a database that has the journal, the heads and the map of slots and
// nothing else of the exchange.
func copyJournal(ctx context.Context, from string, spoil bool) (address string, err error) {
	u, err := url.Parse(from)
	if err != nil {
		return "", err
	}
	source, err := pgx.Connect(ctx, from)
	if err != nil {
		return "", err
	}
	defer func() { _ = source.Close(context.WithoutCancel(ctx)) }() // it only read
	if _, err := source.Exec(ctx, `CREATE DATABASE `+builtName); err != nil {
		return "", err
	}
	u.Path = "/" + builtName
	if err := migrations.Up(ctx, u.String()); err != nil {
		return "", err
	}
	target, err := pgx.Connect(ctx, u.String())
	if err != nil {
		return "", err
	}
	defer func() { _ = target.Close(context.WithoutCancel(ctx)) }() // what it did is committed
	if _, err := target.Exec(ctx, `TRUNCATE bidding_slots, bidding_shards, bidding_projection, bidding_journal CASCADE`); err != nil {
		return "", err
	}
	for _, table := range []string{
		"bidding_shards (shard, epoch, seq, n, hash, at)", "bidding_slots (slot, shard)",
		"bidding_journal (shard, seq, epoch, at, n, prev_hash, hash, body)",
	} {
		if err := copyRows(ctx, source, target, table); err != nil {
			return "", fmt.Errorf("copy %s: %w", table, err)
		}
	}
	_, err = target.Exec(ctx, `INSERT INTO bidding_projection (shard) SELECT shard FROM bidding_shards`)
	if err == nil && spoil {
		_, err = target.Exec(ctx, spoilt)
	}
	return u.String(), err
}

// spoilt moves the time of a batch in the middle, where orders come in: what they were
// answered depends on it, as what ends by itself at the end does not.
const spoilt = `UPDATE bidding_journal j SET at = at - interval '1 second'
	WHERE (shard, seq) = (SELECT shard, seq FROM bidding_journal WHERE length(body) > 200
		AND seq <= (SELECT max(seq) / 2 FROM bidding_journal) ORDER BY seq DESC LIMIT 1)`

func copyRows(ctx context.Context, from, to *pgx.Conn, table string) error {
	r, w := io.Pipe()
	sent := make(chan error, 1)
	go func() {
		_, err := from.PgConn().CopyTo(ctx, w, "COPY "+table+" TO STDOUT (FORMAT binary)")
		sent <- errors.Join(err, w.CloseWithError(err))
	}()
	_, err := to.PgConn().CopyFrom(ctx, r, "COPY "+table+" FROM STDIN (FORMAT binary)")
	_ = r.CloseWithError(err) // so that the sender never waits for nobody
	return errors.Join(err, <-sent)
}
