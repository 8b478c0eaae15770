package fsck

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/segment"
)

// journalChecks read every shard's journal from its first row to its last,
// rebuild the exchange from it and compare the tables with that.
var journalChecks = []check{
	{"J01", "a shard's batches are numbered 1, 2, 3 and so on without a gap", ""},
	{"J02", "each row's hash is that of its content and of the row before", ""},
	{"J03", "a shard's head is its last row", ""},
	{"J04", "from row to row neither epoch nor time falls, and events are numbered on without a gap (ID-001)", ""},
	{"J05", "every row can be read", ""},
	{"J06", "events follow from each other: only what is open is matched, reduced or closed (MATCH-006)", ""},
	{"J07", "a command did what it asked for and its caller was told what happened (MATCH-005)", ""},
	{"J08", "every order and match kept to the market's settings and its own type (MKT-001, MATCH-010)", ""},
	{"J09", "what clients see of a market is numbered without a gap (DATA-003)", ""},
	{"J10", "a client_order_id is used once per account and market within its window (MATCH-011)", ""},
	{"J11", "bids and asks are exactly what the journal says", ""},
	{"J12", "matches are exactly what the journal says", ""},
	{"J13", "markets are exactly what the journal says", ""},
	{"J14", "account limits are what the journal says (MATCH-015)", ""},
	{"J15", "bans are what the journal says, and a banned account placed nothing (USER-006)", ""},
	{"J16", "an order was closed by a command that may, for the reason it gives (MATCH-008, MATCH-012)", ""},
	{"J17", "who cancels all, a ban and a delisting leave nothing open (MATCH-012, USER-006, MKT-002)", ""},
	{"J19", "dead men's switches are what the journal says, and fire when they are due (MATCH-013)", ""},
	{"J18", "a shard's tables show its journal up to a row that is there", ""},
}

// hash is a row's fingerprint.
type hash = [sha256.Size]byte

// row is one batch of a shard as it is stored.
type row struct {
	shard         int16
	seq, epoch, n int64
	at            instant
	prev, hash    []byte
	body          []byte
}

// digest computes the hash of a row: SHA-256 over the hash before, the shard as
// one byte, seq, epoch, time (microseconds since 1970) and n as eight bytes each,
// the most significant first, and the body.
func (r *row) digest() hash {
	b := bytes.NewBuffer(nil)
	b.Write(r.prev)
	b.WriteByte(byte(r.shard))
	for _, v := range []int64{r.seq, r.epoch, int64(r.at), r.n} {
		b.Write(binary.BigEndian.AppendUint64(nil, uint64(v)))
	}
	b.Write(r.body)
	return sha256.Sum256(b.Bytes())
}

// layout is the version of the body that this reader knows.
const layout = 1

// entries unpacks the row.
func (r *row) entries() ([]*journalv1.Entry, error) {
	var b journalv1.Batch
	if err := proto.Unmarshal(r.body, &b); err != nil {
		return nil, fmt.Errorf("damaged: %w", err)
	}
	if b.GetVersion() != layout {
		return nil, fmt.Errorf("layout %d, known is %d", b.GetVersion(), layout)
	}
	return b.GetEntries(), nil
}

// journal reads all shards and compares the tables with what they say.
func (i *inspection) journal(ctx context.Context) error {
	shards, err := i.shards(ctx)
	if err != nil {
		return err
	}
	x := newExchange(i)
	for _, number := range shards {
		s := newShard(x, number)
		if err := s.read(ctx); err != nil {
			return fmt.Errorf("shard %d: %w", number, err)
		}
	}
	return x.compare(ctx)
}

// shards lists those that are known or have written.
func (i *inspection) shards(ctx context.Context) ([]int16, error) {
	rows, err := i.tx.Query(ctx, `SELECT shard FROM bidding_shards UNION SELECT DISTINCT shard FROM bidding_journal ORDER BY 1`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int16])
}

// pageRows is how many rows of the journal are in memory at a time.
const pageRows = 200

// shard is one journal on its way from the first row to the last.
type shard struct {
	*exchange
	number int16
	shown  int64 // the row up to which the tables show the journal
	last   row
	cold   row // the last that was archived; seq 0: none was
	reader *segment.Reader
	files  []segment.File   // still to be read
	n      int64            // number of the last event
	open   map[int64]*order // by id
	held   map[holding]int  // open orders
	used   *clientIDs

	stopped map[id.UUID]bool // accounts banned by the batch at hand
	dying   id.UUID          // whose switch has just fired
}

func newShard(x *exchange, number int16) *shard {
	return &shard{
		exchange: x, number: number, last: row{shard: number, prev: make([]byte, sha256.Size), hash: make([]byte, sha256.Size)},
		open: make(map[int64]*order), held: make(map[holding]int), used: newClientIDs(), stopped: make(map[id.UUID]bool),
	}
}

func (s *shard) read(ctx context.Context) error {
	if err := s.tables(ctx); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	if s.last.seq > 0 {
		return fmt.Errorf("its first %d rows are in an archive; say where with --archive", s.last.seq)
	}
	for {
		page, err := s.page(ctx)
		if err != nil {
			return err
		}
		for n := range page {
			if err := s.row(ctx, &page[n]); err != nil {
				return err
			}
		}
		if len(page) == 0 {
			break
		}
	}
	for _, o := range s.open {
		if err := s.settle(ctx, o); err != nil {
			return err
		}
	}
	return s.head(ctx)
}

// tables reads how far the tables show the journal; what comes after is checked by itself.
func (s *shard) tables(ctx context.Context) error {
	var head *int64
	err := s.tx.QueryRow(ctx, `SELECT p.seq, greatest((SELECT max(seq) FROM bidding_journal j WHERE j.shard = p.shard),
			(SELECT seq FROM bidding_archive a WHERE a.shard = p.shard))
		FROM bidding_projection p WHERE p.shard = $1`, s.number).Scan(&s.shown, &head)
	if err != nil && !isNone(err) {
		return err
	}
	if err != nil || s.shown < 0 || (head == nil && s.shown > 0) || (head != nil && s.shown > *head) {
		s.found("J18", "shard=%d shown=%d last_row=%d missing=%t", s.number, s.shown, or(head), err != nil)
	}
	return nil
}

// or is the number at p, 0 when there is none.
func or(p *int64) int64 {
	if p == nil {
		return 0
	}
	return *p
}

// begin starts at the first row, or behind what was archived when nobody said where that
// is. Rows before are found: reading goes on behind them, so that nobody would see them.
func (s *shard) begin(ctx context.Context) error {
	if err := s.archived(ctx); err != nil {
		return err
	}
	rows, err := s.tx.Query(ctx, `SELECT seq FROM bidding_journal WHERE shard = $1 AND seq <= $2 ORDER BY seq`, s.number, s.cold.seq)
	if err != nil {
		return err
	}
	var seq int64
	_, err = pgx.ForEachRow(rows, []any{&seq}, func() error {
		s.found("J01", "shard=%d seq=%d before_the_first=%d", s.number, seq, s.cold.seq+1)
		return nil
	})
	return err
}

func (s *shard) page(ctx context.Context) ([]row, error) {
	if s.last.seq < s.cold.seq {
		return s.coldPage()
	}
	rows, err := s.tx.Query(ctx, `SELECT seq, epoch, at, n, prev_hash, hash, body FROM bidding_journal
		WHERE shard = $1 AND seq > $2 ORDER BY seq LIMIT $3`, s.number, s.last.seq, pageRows)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(c pgx.CollectableRow) (row, error) {
		r := row{shard: s.number}
		var at time.Time
		err := c.Scan(&r.seq, &r.epoch, &at, &r.n, &r.prev, &r.hash, &r.body)
		r.at = instantOf(at)
		return r, err
	})
}

// row checks a row against the one before and carries out what it holds.
func (s *shard) row(ctx context.Context, r *row) error {
	s.follows(r)
	s.last, s.last.body = *r, nil
	entries, err := r.entries()
	if err != nil {
		s.found("J05", "shard=%d seq=%d: %v", r.shard, r.seq, err)
		s.n = r.n
		return nil
	}
	if r.seq > s.shown {
		s.n = r.n
		return nil
	}
	for number, e := range entries {
		if err := s.entry(ctx, r, number, e); err != nil {
			return err
		}
	}
	s.bury(fmt.Sprintf("shard=%d seq=%d", r.shard, r.seq), nil)
	s.bansHeld(r)
	if s.n != r.n {
		s.found("J04", "shard=%d seq=%d n=%d last_event=%d", r.shard, r.seq, r.n, s.n)
		s.n = r.n
	}
	return nil
}

func (s *shard) follows(r *row) {
	if r.seq != s.last.seq+1 {
		s.found("J01", "shard=%d seq=%d after=%d", r.shard, r.seq, s.last.seq)
	}
	if !bytes.Equal(r.prev, s.last.hash) && r.seq == s.last.seq+1 {
		s.found("J02", "shard=%d seq=%d prev_hash=%x before=%x", r.shard, r.seq, r.prev, s.last.hash)
	}
	if d := r.digest(); !bytes.Equal(r.hash, d[:]) {
		s.found("J02", "shard=%d seq=%d hash=%x computed=%x", r.shard, r.seq, r.hash, d)
	}
	if r.epoch < s.last.epoch || r.at < s.last.at {
		s.found("J04", "shard=%d seq=%d epoch=%d at=%s after_epoch=%d after_at=%s", r.shard, r.seq, r.epoch, r.at, s.last.epoch, s.last.at)
	}
}

// head compares the shard's row with the journal's last one.
func (s *shard) head(ctx context.Context) error {
	h := row{shard: s.number}
	var at time.Time
	err := s.tx.QueryRow(ctx, `SELECT seq, epoch, at, n, hash FROM bidding_shards WHERE shard = $1`, s.number).
		Scan(&h.seq, &h.epoch, &at, &h.n, &h.hash)
	if err != nil && !isNone(err) {
		return err
	}
	h.at = instantOf(at)
	l := &s.last
	if err != nil || h.seq != l.seq || h.n != l.n || h.at != l.at || h.epoch < l.epoch || !bytes.Equal(h.hash, l.hash) {
		s.found("J03", "shard=%d seq=%d n=%d epoch=%d at=%s hash=%x last_row: seq=%d n=%d epoch=%d at=%s hash=%x",
			s.number, h.seq, h.n, h.epoch, h.at, h.hash, l.seq, l.n, l.epoch, l.at, l.hash)
	}
	return nil
}
