// Package book is a pure limit order book: price levels, first in first out
// within a level, matching, self-trade prevention and expiry. It reads no
// clock, database or context: the same commands give the same book, the same
// events and the same hash.
package book

import (
	"hash/maphash"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

// Book is the open bids and asks of one market. One goroutine owns it.
type Book struct {
	settings model.Settings
	delisted bool // nothing can be placed (MKT-002)
	seq      *Sequence
	ladders  [3]ladder // by model.Side; 0 is unused
	orders   slab
	index    index
	accounts accounts
	expiries expiryHeap
	at       model.Instant // of the command at hand
	events   []model.Event // of the command at hand; reused
	doomed   []int32       // slots that a command cancels; reused
}

// Effects say what a command did. Events are valid until the next Submit.
type Effects struct {
	// Refusal is nil when the command was carried out. A rejected order (MATCH-008)
	// has both: a refusal for the caller and events for the record.
	Refusal *errs.Error
	Outcome model.Outcome
	Events  []model.Event
}

// New returns an empty book that numbers its events from seq.
func New(seq *Sequence, settings model.Settings) *Book {
	seed := maphash.MakeSeed() // that ids are found fast whoever chose them; it decides nothing else
	return &Book{
		settings: settings,
		seq:      seq,
		ladders:  [3]ladder{model.Bid: {side: model.Bid}, model.Ask: {side: model.Ask}},
		orders:   newSlab(),
		index:    newIndex(seed),
		accounts: newAccounts(seed),
	}
}

// Settings returns what governs the book.
func (b *Book) Settings() model.Settings { return b.settings }

// Submit applies one command at logical time at and says what changed. What has
// expired by then leaves the book first, so it can never fill (MATCH-009).
func (b *Book) Submit(at model.Instant, c *model.Command) (e Effects) {
	b.events, b.at = b.events[:0], at
	b.expire(at)
	switch c.Kind {
	case model.Place:
		b.place(at, c, &e)
	case model.Cancel:
		b.cancel(c, &e)
	case model.CancelAll:
		b.cancelAll(c)
	case model.Replace:
		b.replace(c, &e)
	case model.ChangeSettings:
		e.Refusal = b.change(*c.Settings)
	case model.ChangeListing:
		b.Delist(c.Listing.Delisted)
		if b.delisted {
			b.clear()
		}
	case model.ReverseMatch:
		b.reverse(at, c.Reversal, &e)
	case model.Expire, model.OpenMarket, model.ChangeLimits, model.ChangeBan, model.SetDeadMan: // nothing more to do to a book
	}
	e.Events = b.events
	return e
}

// Delist says whether the product has left the catalogue.
func (b *Book) Delist(delisted bool) { b.delisted = delisted }

// change takes new settings when every resting price fits them (MKT-001).
func (b *Book) change(s model.Settings) *errs.Error {
	for _, side := range []model.Side{model.Bid, model.Ask} {
		for _, l := range b.ladders[side].levels {
			if l.price%s.Tick != 0 || l.price > s.MaxPrice {
				return model.ErrSettingsConflict
			}
		}
	}
	b.settings = s
	return nil
}
