package journal

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
)

// What Decode refuses.
var (
	ErrVersion = errors.New("journal: unknown layout version")
	ErrDamaged = errors.New("journal: damaged row")
)

// Decode unpacks a row's body. A layout this program does not know is
// ErrVersion, anything that cannot be a body is ErrDamaged.
func Decode(body []byte) ([]model.Entry, error) {
	n, err := survey(body)
	if err != nil {
		return nil, err
	}
	entries := make([]model.Entry, 0, n)
	u := unpacker{buf: body}
	for f, ok := u.next(); ok; f, ok = u.next() {
		if f.number != 2 {
			continue
		}
		entries = append(entries, model.Entry{})
		if err := decodeEntry(&entries[len(entries)-1], u.message(f)); err != nil {
			return nil, fmt.Errorf("entry %d: %w", len(entries)-1, err)
		}
	}
	return entries, u.err
}

// survey counts a body's entries, and refuses a layout that this program does not know.
func survey(body []byte) (entries int, err error) {
	u, version := unpacker{buf: body}, int64(0)
	for f, ok := u.next(); ok; f, ok = u.next() {
		switch f.number {
		case 1:
			version = u.number(f)
		case 2:
			entries++
		}
	}
	if u.err == nil && version != Version {
		return 0, fmt.Errorf("%w %d, this program reads %d", ErrVersion, version, Version)
	}
	return entries, u.err
}

// DecodeCommand unpacks what EncodeCommand has packed. Errors: ErrDamaged.
func DecodeCommand(packed []byte) (model.Command, error) {
	var e model.Entry
	err := decodeEntry(&e, packed)
	return e.Command, err
}

func decodeEntry(e *model.Entry, packed []byte) error {
	e.Events = make([]model.Event, 0, occurs(packed, eventField))
	u := unpacker{buf: packed}
	var err error
	for f, ok := u.next(); ok && err == nil; f, ok = u.next() {
		switch f.number {
		case 1:
			e.Command.Market = u.uuid(f)
		case eventField:
			e.Events = append(e.Events, model.Event{})
			if err = decodeEvent(&e.Events[len(e.Events)-1], u.message(f)); err != nil {
				err = fmt.Errorf("event %d: %w", len(e.Events)-1, err)
			}
		case 16:
			e.FeedSeq = u.number(f)
		case 17:
			err = decodeOutcome(&e.Outcome, u.message(f))
		default:
			if e.Command.Kind != 0 {
				u.damage("an entry with two commands")
			}
			err = decodeCommand(&e.Command, f.number, u.message(f))
		}
	}
	u.needs(1)
	switch {
	case err != nil:
		return err
	case u.err != nil:
		return u.err
	case e.Command.Kind == 0:
		return fmt.Errorf("%w: an entry without a command", ErrDamaged)
	case e.Outcome.Order != 0:
		e.Outcome.Side = e.Command.Side
	}
	if e.Command.Reversal != nil {
		e.Command.Reversal.Match.Market = e.Command.Market
	}
	return nil
}

// eventField is the number of an entry's events.
const eventField = 15

// occurs counts a field of a message.
func occurs(packed []byte, number int32) (n int) {
	u := unpacker{buf: packed}
	for f, ok := u.next(); ok; f, ok = u.next() {
		if f.number == number {
			n++
		}
	}
	return n
}

func decodeOutcome(o *model.Outcome, packed []byte) error {
	u := unpacker{buf: packed}
	for f, ok := u.next(); ok; f, ok = u.next() {
		switch f.number {
		case 1:
			o.Order = model.OrderID(u.number(f))
		case 2:
			o.Status = small[model.Status](&u.reader, u.number(f))
		case 3:
			o.Reason = model.Reason(u.text(f))
		case 4:
			o.Qty = count[model.Qty](&u, f)
		case 5:
			o.Open = count[model.Qty](&u, f)
		case 6:
			o.Expires = model.Instant(u.number(f))
		case 7:
			o.Kept = u.number(f) != 0
		}
	}
	if u.needs(1); u.err == nil && o.Order == 0 {
		return fmt.Errorf("%w: an outcome without an order", ErrDamaged)
	}
	return u.err
}

// decodeCommand reads the command that a field of an entry is. Those that come by the
// thousand are read here; the others by the generated code. A field that is no command
// says nothing.
func decodeCommand(c *model.Command, number int32, packed []byte) error {
	switch number {
	case 2:
		return decodePlace(c, packed)
	case 3:
		return decodeCancel(c, packed)
	case 5:
		return decodeReplace(c, packed)
	}
	var p journalv1.Entry
	alone := protowire.AppendBytes(protowire.AppendTag(nil, protowire.Number(number), protowire.BytesType), packed)
	if err := proto.Unmarshal(alone, &p); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return decodeRare(c, &p)
}

func decodePlace(c *model.Command, packed []byte) error {
	c.Kind = model.Place
	u := unpacker{buf: packed}
	for f, ok := u.next(); ok; f, ok = u.next() {
		switch f.number {
		case 1:
			c.Account = u.uuid(f)
		case 2:
			c.Side = small[model.Side](&u.reader, u.number(f))
		case 3:
			c.Type = small[model.OrderType](&u.reader, u.number(f))
		case 4:
			c.SelfTrade = small[model.SelfTrade](&u.reader, u.number(f))
		case 5:
			c.Price = money.Minor(u.number(f))
		case 6:
			c.Qty = count[model.Qty](&u, f)
		case 7:
			c.Life = u.number(f)
		case 8:
			c.ClientOrderID = u.text(f)
		case 9:
			c.Content = u.fixed(f)
		case 10:
			c.Stock = u.uuid(f)
		}
	}
	u.needs(1)
	return u.err
}

func decodeCancel(c *model.Command, packed []byte) error {
	c.Kind = model.Cancel
	u := unpacker{buf: packed}
	for f, ok := u.next(); ok; f, ok = u.next() {
		switch f.number {
		case 1:
			c.Account = u.uuid(f)
		case 2:
			c.Order = model.OrderID(u.number(f))
		case 3:
			c.Side = small[model.Side](&u.reader, u.number(f))
		}
	}
	u.needs(1)
	return u.err
}

func decodeReplace(c *model.Command, packed []byte) error {
	c.Kind = model.Replace
	u := unpacker{buf: packed}
	for f, ok := u.next(); ok; f, ok = u.next() {
		switch f.number {
		case 1:
			c.Account = u.uuid(f)
		case 2:
			c.Order = model.OrderID(u.number(f))
		case 3:
			c.Price = money.Minor(u.number(f))
		case 4:
			c.Qty = count[model.Qty](&u, f)
		case 5:
			c.ClientOrderID = u.text(f)
		case 6:
			c.Content = u.fixed(f)
		case 7:
			c.Side = small[model.Side](&u.reader, u.number(f))
		}
	}
	u.needs(1)
	return u.err
}
