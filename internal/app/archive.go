package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/segment"
)

// segmentRows is how many rows of a journal one file of the archive has at most.
const segmentRows = 50_000

// Archived is what became of one shard's journal.
type Archived struct {
	Shard      int16
	Rows, Last int64 // how many rows were moved, and the last that ever was
	Left       int64 // rows that are still in the database
}

// ArchiveJournal moves the rows of the exchange's journal that are older than a time from
// the database at url to files of dir, those alone that the tables show and that every other
// service of the database has heard of. A row leaves the database once its file is on the
// disk, was read back, and follows from the row before. An archive that was cut off is
// taken up where it was. The exchange may trade meanwhile.
func ArchiveJournal(ctx context.Context, url, dir string, before time.Time, told func(Archived)) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // what it did is committed
	shards, err := shardsOf(ctx, conn)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	for _, shard := range shards {
		a := &archiving{conn: conn, dir: dir, shard: shard}
		if err := a.run(ctx, before); err != nil {
			return fmt.Errorf("archive shard %d: %w", shard, err)
		}
		told(a.report)
	}
	return nil
}

func shardsOf(ctx context.Context, conn *pgx.Conn) ([]int16, error) {
	rows, err := conn.Query(ctx, `SELECT shard FROM bidding_shards ORDER BY shard`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int16])
}

// archiving is one shard on its way to the archive.
type archiving struct {
	conn   *pgx.Conn
	dir    string
	shard  int16
	report Archived
}

func (a *archiving) run(ctx context.Context, before time.Time) error {
	a.report.Shard = a.shard
	// What listeners have heard is kept from the row on that they are at.
	const bounds = `SELECT coalesce((SELECT seq FROM bidding_archive WHERE shard = $1), 0),
		least((SELECT seq FROM bidding_projection WHERE shard = $1) - 1,
			(SELECT min(seq) - 1 FROM product_positions WHERE source = 'bidding' AND partition = $1),
			(SELECT max(seq) FROM bidding_journal WHERE shard = $1 AND at < $2))`
	var done int64
	var last *int64
	if err := a.conn.QueryRow(ctx, bounds, a.shard, before).Scan(&done, &last); err != nil {
		return err
	}
	if err := a.forget(done); err != nil {
		return err
	}
	for last != nil && done < *last {
		next := min(done+segmentRows, *last)
		if err := a.move(ctx, done, next); err != nil {
			return err
		}
		a.report.Rows += next - done
		done = next
	}
	a.report.Last = done
	return a.conn.QueryRow(ctx, `SELECT count(*) FROM bidding_journal WHERE shard = $1`, a.shard).Scan(&a.report.Left)
}

// forget removes files of rows that are still in the database: somebody was cut off.
func (a *archiving) forget(done int64) error {
	files, err := segment.List(a.dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Shard == a.shard && f.First > done {
			if err := os.Remove(f.Path); err != nil {
				return err
			}
		}
	}
	return nil
}

// move writes the rows behind done up to last to a file, reads it back and takes the rows
// out of the database.
func (a *archiving) move(ctx context.Context, done, last int64) error {
	rows, err := a.conn.Query(ctx, `SELECT seq, epoch, at, n, prev_hash, hash, body FROM bidding_journal
		WHERE shard = $1 AND seq > $2 AND seq <= $3 ORDER BY seq`, a.shard, done, last)
	if err != nil {
		return err
	}
	defer rows.Close()
	path, err := segment.Write(a.dir, a.shard, done+1, last, func() (r segment.Row, err error) {
		if !rows.Next() {
			return r, errors.Join(rows.Err(), io.EOF)
		}
		var at time.Time
		err = rows.Scan(&r.Seq, &r.Epoch, &at, &r.N, &r.Prev, &r.Hash, &r.Body)
		r.Shard, r.At = a.shard, at.UnixMicro()
		return r, err
	})
	rows.Close()
	if err == nil {
		err = rows.Err()
	}
	if err != nil {
		return err
	}
	end, err := a.check(ctx, path, done, last)
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return pgx.BeginFunc(ctx, a.conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO bidding_archive (shard, seq, epoch, at, n, hash) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (shard) DO UPDATE SET seq = excluded.seq, epoch = excluded.epoch, at = excluded.at, n = excluded.n,
			hash = excluded.hash, archived_at = now()`, a.shard, end.Seq, end.Epoch, time.UnixMicro(end.At), end.N, end.Hash)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `DELETE FROM bidding_journal WHERE shard = $1 AND seq <= $2`, a.shard, last)
		if err == nil && tag.RowsAffected() != last-done {
			err = fmt.Errorf("%d rows would leave the journal, %d were written", tag.RowsAffected(), last-done)
		}
		return err
	})
}

var errNotAChain = errors.New("the rows do not follow from each other; nothing was moved")

// check reads a file back: its rows are there without a gap, and each names the hash of the
// one before. It returns the last.
func (a *archiving) check(ctx context.Context, path string, done, last int64) (end segment.Row, err error) {
	end.Seq = done
	if done > 0 {
		if err := a.conn.QueryRow(ctx, `SELECT hash FROM bidding_archive WHERE shard = $1`, a.shard).Scan(&end.Hash); err != nil {
			return end, err
		}
	}
	r, err := segment.Open(path)
	if err != nil {
		return end, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return end, err
		}
		if row.Seq != end.Seq+1 || (end.Seq > 0 && string(row.Prev) != string(end.Hash)) {
			return end, fmt.Errorf("row %d after %d: %w", row.Seq, end.Seq, errNotAChain)
		}
		end = row
	}
	if end.Seq != last {
		return end, fmt.Errorf("row %d is the last, %d was wanted: %w", end.Seq, last, errNotAChain)
	}
	return end, nil
}

// RestoreJournal puts the rows of an archive back into the database, for those who build
// everything from its journal. It returns how many there were.
func RestoreJournal(ctx context.Context, url, dir string) (n int64, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return 0, fmt.Errorf("restore: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // what it did is committed
	files, err := segment.List(dir)
	if err != nil {
		return 0, fmt.Errorf("restore: %w", err)
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, f := range files {
			rows, err := restoreFile(ctx, tx, f)
			if err != nil {
				return fmt.Errorf("%s: %w", f.Path, err)
			}
			n += rows
		}
		var missing int64
		err := tx.QueryRow(ctx, `SELECT count(*) FROM bidding_archive a WHERE a.seq <> (SELECT count(*) FROM bidding_journal j
			WHERE j.shard = a.shard AND j.seq <= a.seq)`).Scan(&missing)
		if err == nil && missing > 0 {
			err = fmt.Errorf("rows of %d shards are not in %s", missing, dir)
		}
		if err == nil {
			_, err = tx.Exec(ctx, `DELETE FROM bidding_archive`)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("restore: %w", err)
	}
	return n, nil
}

// restoreFile copies the rows that were archived; what is behind them is in the database.
func restoreFile(ctx context.Context, tx pgx.Tx, f segment.File) (n int64, err error) {
	var last int64
	if err := tx.QueryRow(ctx, `SELECT coalesce(max(seq), 0) FROM bidding_archive WHERE shard = $1`, f.Shard).Scan(&last); err != nil {
		return 0, err
	}
	r, err := segment.Open(f.Path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	var row segment.Row
	var failed error
	source := pgx.CopyFromFunc(func() ([]any, error) {
		if row, failed = r.Next(); errors.Is(failed, io.EOF) || (failed == nil && row.Seq > last) {
			failed = nil
			return nil, nil
		}
		return []any{row.Shard, row.Seq, row.Epoch, time.UnixMicro(row.At), row.N, row.Prev, row.Hash, row.Body}, failed
	})
	return tx.CopyFrom(ctx, pgx.Identifier{"bidding_journal"}, []string{"shard", "seq", "epoch", "at", "n", "prev_hash", "hash", "body"}, source)
}
