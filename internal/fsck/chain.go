package fsck

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// chainChecks are what the journal can be asked by itself, without the tables.
var chainChecks = append(journalChecks[:5:5],
	check{"J00", "a row that was noted down earlier is still there, with the hash it had", ""})

// Anchor is a row of the journal as it was noted down earlier, outside the database.
// Whoever changes a row and seals all that follow again is found by it.
type Anchor struct {
	Shard int16
	Seq   int64
	Hash  []byte
}

// ParseAnchor reads "shard:seq:hash", the hash in hexadecimal, as Chain prints it.
func ParseAnchor(text string) (Anchor, error) {
	parts := strings.Split(text, ":")
	if len(parts) == 3 {
		shard, err1 := strconv.ParseUint(parts[0], 10, 8)
		seq, err2 := strconv.ParseInt(parts[1], 10, 64)
		sum, err3 := hex.DecodeString(parts[2])
		if err1 == nil && err2 == nil && err3 == nil && seq > 0 && len(sum) == len(hash{}) {
			return Anchor{int16(shard), seq, sum}, nil
		}
	}
	return Anchor{}, fmt.Errorf("anchor %q: must be shard:seq:hash, such as 0:12:%s", text, strings.Repeat("ab", len(hash{})))
}

// Chain is what verifying the journal found.
type Chain struct {
	Shards []ShardHead
	Report Report // of J00 to J05
}

// ShardHead is the last row of a shard's journal.
type ShardHead struct {
	Shard int16
	Rows  int64
	Seq   int64
	N     int64 // the last number given
	Hash  []byte
}

// Verification is how a journal is verified.
type Verification struct {
	Anchors []Anchor
	Archive string           // folder with the rows that are not in the database any more; blank: they are left out
	Told    func(rows int64) // hears now and then how many rows were read
}

// VerifyJournal reads every row of the journal at url, in one read-only snapshot, and
// checks that the rows of each shard are one chain that ends at the shard's head, that
// each can be read and that its events are numbered on. A shard whose first rows are in an
// archive begins there, or where the archive ends. Errors: of the database or the archive;
// what is found is no error.
func VerifyJournal(ctx context.Context, url string, o Verification) (Chain, error) {
	start := clock.Monotonic()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return Chain{}, fmt.Errorf("verify the journal: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return Chain{}, fmt.Errorf("verify the journal: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it only read
	v := &verification{inspection: inspectionOf(tx, clock.System{}.Now(), chainChecks), anchors: o.Anchors, told: o.Told, last: start}
	if err := v.openArchive(o.Archive); err != nil {
		return Chain{}, fmt.Errorf("verify the journal: %w", err)
	}
	out, err := v.run(ctx)
	if err != nil {
		return Chain{}, fmt.Errorf("verify the journal: %w", err)
	}
	out.Report.Seconds = seconds(clock.Since(start))
	return out, nil
}

// verification is one reading of the journal.
type verification struct {
	*inspection
	anchors []Anchor
	told    func(rows int64)
	last    time.Time // when it was told last
	rows    int64
}

func (v *verification) run(ctx context.Context) (Chain, error) {
	var out Chain
	numbers, err := v.shards(ctx)
	if err != nil {
		return out, err
	}
	for _, number := range numbers {
		head, err := v.shard(ctx, newShard(&exchange{inspection: v.inspection}, number))
		if err != nil {
			return out, fmt.Errorf("shard %d: %w", number, err)
		}
		out.Shards = append(out.Shards, head)
	}
	for _, a := range v.anchors {
		v.found("J00", "shard=%d seq=%d hash=none noted_down=%x", a.Shard, a.Seq, a.Hash)
	}
	out.Report = v.report()
	return out, nil
}

// shard follows the rows of one shard from the first to the last.
func (v *verification) shard(ctx context.Context, s *shard) (ShardHead, error) {
	head := ShardHead{Shard: s.number}
	if err := s.begin(ctx); err != nil {
		return head, err
	}
	v.noted(&s.last)
	for {
		page, err := s.page(ctx)
		if err != nil {
			return head, err
		}
		for i := range page {
			s.follows(&page[i])
			v.numbered(s, &page[i])
			v.noted(&page[i])
			s.last, s.last.body = page[i], nil
		}
		head.Rows += int64(len(page))
		v.progress(int64(len(page)))
		if len(page) == 0 {
			break
		}
	}
	head.Seq, head.N, head.Hash = s.last.seq, s.last.n, s.last.hash
	return head, s.head(ctx)
}

// numbered reads a row's entries and checks that their events go on from the row before
// and end where the row says.
func (v *verification) numbered(s *shard, r *row) {
	entries, err := r.entries()
	if err != nil {
		v.found("J05", "shard=%d seq=%d: %v", r.shard, r.seq, err)
		return
	}
	n := s.last.n
	for _, e := range entries {
		for _, ev := range e.GetEvents() {
			if n++; ev.GetN() != n {
				v.found("J04", "shard=%d seq=%d event=%d after=%d", r.shard, r.seq, ev.GetN(), n-1)
				n = ev.GetN()
			}
		}
	}
	if n != r.n {
		v.found("J04", "shard=%d seq=%d n=%d last_event=%d", r.shard, r.seq, r.n, n)
	}
}

// noted compares a row with what was noted down of it.
func (v *verification) noted(r *row) {
	v.anchors = slices.DeleteFunc(slices.Clone(v.anchors), func(a Anchor) bool {
		if a.Shard != r.shard || a.Seq != r.seq {
			return false
		}
		if !bytes.Equal(r.hash, a.Hash) {
			v.found("J00", "shard=%d seq=%d hash=%x noted_down=%x", a.Shard, a.Seq, r.hash, a.Hash)
		}
		return true
	})
}

// progressEvery is how often somebody who waits is told.
const progressEvery = 2 * time.Second

func (v *verification) progress(rows int64) {
	v.rows += rows
	if v.told != nil && clock.Since(v.last) >= progressEvery {
		v.last = clock.Monotonic()
		v.told(v.rows)
	}
}

// Clean reports whether nothing was found.
func (c Chain) Clean() bool { return c.Report.Clean() }

// Print writes each check with what it found, the head of each shard as an anchor for later, and a line
// for programs last.
func (c Chain) Print(w io.Writer) error {
	if err := c.Report.printChecks(w); err != nil {
		return err
	}
	var b strings.Builder
	var rows int64
	for _, s := range c.Shards {
		rows += s.Rows
		if s.Rows > 0 {
			fmt.Fprintf(&b, "shard %d: %d rows, %d numbers; anchor %d:%d:%x\n", s.Shard, s.Rows, s.N, s.Shard, s.Seq, s.Hash)
		}
	}
	fmt.Fprintf(&b, "journal shards=%d rows=%d violations=%d seconds=%s\n", len(c.Shards), rows, c.Report.Violations, c.Report.Seconds)
	_, err := io.WriteString(w, b.String())
	return err
}
