package journal

import (
	"fmt"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// decodeEvent unpacks an event.
func decodeEvent(e *model.Event, packed []byte) error {
	u := unpacker{buf: packed}
	for f, ok := u.next(); ok; f, ok = u.next() {
		if f.number == 1 {
			e.N = u.number(f)
			continue
		}
		if e.Kind != 0 {
			u.damage("an event with two contents")
		}
		if err := decodeContent(e, f.number, u.message(f)); err != nil {
			return err
		}
	}
	if u.err == nil && e.Kind == 0 {
		return fmt.Errorf("%w: an event without content", ErrDamaged)
	}
	return u.err
}

// decodeContent reads what a field of an event says; one that is unknown says nothing.
func decodeContent(e *model.Event, number int32, packed []byte) error {
	switch number {
	case 2:
		return decodeAccepted(e, packed)
	case 3:
		return decodeMatched(e, packed)
	case 4:
		return decodeClosed(e, packed)
	case 5:
		return decodeStanding(e, model.OrderReduced, packed)
	case 6:
		return decodeReversed(e, packed)
	case 7:
		return decodeStanding(e, model.OrderExpiring, packed)
	}
	return nil
}

func decodeAccepted(e *model.Event, packed []byte) error {
	e.Kind = model.OrderAccepted
	u := unpacker{buf: packed}
	for f, ok := u.next(); ok; f, ok = u.next() {
		switch f.number {
		case 1:
			e.Order = model.OrderID(u.number(f))
		case 2:
			e.Priority = u.number(f)
		case 3:
			e.Account = u.uuid(f)
		case 4:
			e.Side = small[model.Side](&u.reader, u.number(f))
		case 5:
			e.Type = small[model.OrderType](&u.reader, u.number(f))
		case 6:
			e.Self = small[model.SelfTrade](&u.reader, u.number(f))
		case 7:
			e.Price = money.Minor(u.number(f))
		case 8:
			e.Qty = count[model.Qty](&u, f)
			e.Open = e.Qty
		case 9:
			e.Expires = model.Instant(u.number(f))
		case 10:
			e.Replaces = model.OrderID(u.number(f))
		}
	}
	u.needs(3)
	return u.err
}

func decodeMatched(e *model.Event, packed []byte) error {
	e.Kind = model.OrderMatched
	u := unpacker{buf: packed}
	for f, ok := u.next(); ok; f, ok = u.next() {
		switch f.number {
		case 1:
			e.Match = model.MatchID(u.number(f))
		case 2:
			e.Bid = model.OrderID(u.number(f))
		case 3:
			e.Ask = model.OrderID(u.number(f))
		case 4:
			e.Price = money.Minor(u.number(f))
		case 5:
			e.Qty = count[model.Qty](&u, f)
		case 6:
			e.Side = small[model.Side](&u.reader, u.number(f))
		case 7:
			e.Buyer = u.uuid(f)
		case 8:
			e.Seller = u.uuid(f)
		case 9:
			e.BidPrice = money.Minor(u.number(f))
		case 10:
			e.BidOpen = count[model.Qty](&u, f)
		case 11:
			e.AskOpen = count[model.Qty](&u, f)
		case 12:
			e.PriceRule = small[model.PriceRule](&u.reader, u.number(f))
		}
	}
	u.needs(7, 8)
	return u.err
}

func decodeClosed(e *model.Event, packed []byte) error {
	e.Kind = model.OrderClosed
	u := unpacker{buf: packed}
	for f, ok := u.next(); ok; f, ok = u.next() {
		switch f.number {
		case 1:
			e.Order = model.OrderID(u.number(f))
		case 2:
			e.Side = small[model.Side](&u.reader, u.number(f))
		case 3:
			e.Status = small[model.Status](&u.reader, u.number(f))
		case 4:
			e.Reason = model.Reason(u.text(f))
		case 5:
			e.Open = count[model.Qty](&u, f)
		case 6:
			e.Account = u.uuid(f)
		case 7:
			e.Price = money.Minor(u.number(f))
		}
	}
	u.needs(6)
	return u.err
}

// decodeStanding reads what an order is now: Reduced and, with its end, Expiring.
func decodeStanding(e *model.Event, kind model.EventKind, packed []byte) error {
	e.Kind = kind
	u := unpacker{buf: packed}
	for f, ok := u.next(); ok; f, ok = u.next() {
		switch f.number {
		case 1:
			e.Order = model.OrderID(u.number(f))
		case 2:
			e.Side = small[model.Side](&u.reader, u.number(f))
		case 3:
			e.Qty = count[model.Qty](&u, f)
		case 4:
			e.Open = count[model.Qty](&u, f)
		case 5:
			e.Account = u.uuid(f)
		case 6:
			e.Price = money.Minor(u.number(f))
		case 7:
			e.Expires = model.Instant(u.number(f))
		}
	}
	u.needs(5)
	return u.err
}

func decodeReversed(e *model.Event, packed []byte) error {
	e.Kind, e.LastSale = model.MatchReversed, &model.Sale{}
	u := unpacker{buf: packed}
	for f, ok := u.next(); ok; f, ok = u.next() {
		switch f.number {
		case 1:
			e.Match = model.MatchID(u.number(f))
		case 2:
			e.Bid = model.OrderID(u.number(f))
		case 3:
			e.Ask = model.OrderID(u.number(f))
		case 4:
			e.Price = money.Minor(u.number(f))
		case 5:
			e.Qty = count[model.Qty](&u, f)
		case 6:
			e.Buyer = u.uuid(f)
		case 7:
			e.Seller = u.uuid(f)
		case 8:
			if err := decodeSale(e.LastSale, u.message(f)); err != nil {
				return err
			}
		}
	}
	u.needs(6, 7)
	return u.err
}

func decodeSale(s *model.Sale, packed []byte) error {
	u := unpacker{buf: packed}
	for f, ok := u.next(); ok; f, ok = u.next() {
		switch f.number {
		case 1:
			s.Match = model.MatchID(u.number(f))
		case 2:
			s.Price = money.Minor(u.number(f))
		case 3:
			s.Qty = count[model.Qty](&u, f)
		case 4:
			s.At = model.Instant(u.number(f))
		}
	}
	return u.err
}
