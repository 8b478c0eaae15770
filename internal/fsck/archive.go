package fsck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/segment"
)

// openArchive looks which rows of the journal a folder has; blank is none.
func (i *inspection) openArchive(dir string) (err error) {
	if dir != "" {
		i.archive, err = segment.List(dir)
	}
	return err
}

// archived reads up to which row the shard was archived. With the files reading begins at
// the first row; without them at the first that is in the database.
func (s *shard) archived(ctx context.Context) error {
	var at time.Time
	s.cold = row{shard: s.number}
	err := s.tx.QueryRow(ctx, `SELECT seq, epoch, at, n, hash FROM bidding_archive WHERE shard = $1`, s.number).
		Scan(&s.cold.seq, &s.cold.epoch, &at, &s.cold.n, &s.cold.hash)
	if isNone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	s.cold.at = instantOf(at)
	if s.archive == nil {
		s.last, s.n = s.cold, s.cold.n
		return nil
	}
	s.files = slices.DeleteFunc(slices.Clone(s.archive), func(f segment.File) bool { return f.Shard != s.number || f.First > s.cold.seq })
	return nil
}

// coldPage reads the next rows from the archive, up to the last that was archived, which
// must be what the database remembers of it.
func (s *shard) coldPage() (page []row, err error) {
	for len(page) < pageRows && s.last.seq+int64(len(page)) < s.cold.seq {
		r, err := s.coldRow()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("the archive ends at row %d, it should have %d", s.last.seq+int64(len(page)), s.cold.seq)
		}
		if err != nil {
			return nil, err
		}
		page = append(page, row{
			shard: r.Shard, seq: r.Seq, epoch: r.Epoch, n: r.N, at: instant(r.At), prev: r.Prev, hash: r.Hash, body: r.Body,
		})
	}
	if end := page[len(page)-1]; end.seq == s.cold.seq && (string(end.hash) != string(s.cold.hash) || end.n != s.cold.n) {
		s.found("J02", "shard=%d seq=%d: the archive has hash=%x, it was archived with %x", s.number, end.seq, end.hash, s.cold.hash)
	}
	return page, nil
}

// coldRow is the next row of the files.
func (s *shard) coldRow() (segment.Row, error) {
	for {
		if s.reader == nil {
			if len(s.files) == 0 {
				return segment.Row{}, io.EOF
			}
			var err error
			if s.reader, err = segment.Open(s.files[0].Path); err != nil {
				return segment.Row{}, err
			}
			s.files = s.files[1:]
		}
		r, err := s.reader.Next()
		if !errors.Is(err, io.EOF) {
			return r, err
		}
		err = s.reader.Close()
		if s.reader = nil; err != nil {
			return segment.Row{}, err
		}
	}
}
