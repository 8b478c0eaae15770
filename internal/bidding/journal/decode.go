package journal

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
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
	var b journalv1.Batch
	if err := proto.Unmarshal(body, &b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if b.Version != Version {
		return nil, fmt.Errorf("%w %d, this program reads %d", ErrVersion, b.Version, Version)
	}
	entries := make([]model.Entry, len(b.Entries))
	for i, p := range b.Entries {
		if err := decodeEntry(&entries[i], p); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i, err)
		}
	}
	return entries, nil
}

// DecodeCommand unpacks what EncodeCommand has packed. Errors: ErrDamaged.
func DecodeCommand(packed []byte) (c model.Command, err error) {
	var e journalv1.Entry
	if err := proto.Unmarshal(packed, &e); err != nil {
		return c, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return c, decodeCommand(&c, &e)
}

func decodeEntry(e *model.Entry, p *journalv1.Entry) error {
	if err := decodeCommand(&e.Command, p); err != nil {
		return err
	}
	e.FeedSeq = p.FeedSeq
	r := reader{}
	if o := p.Outcome; o != nil {
		if o.Order == 0 {
			return fmt.Errorf("%w: an outcome without an order", ErrDamaged)
		}
		e.Outcome = model.Outcome{
			Order: model.OrderID(o.Order), Side: e.Command.Side, Status: small[model.Status](&r, o.Status), Reason: model.Reason(o.Reason),
			Qty: model.Qty(o.Quantity), Open: model.Qty(o.Open), Expires: model.Instant(o.ExpiresAt), Kept: o.Kept,
		}
	}
	e.Events = make([]model.Event, len(p.Events))
	for i, ev := range p.Events {
		if err := decodeEvent(&e.Events[i], ev); err != nil {
			return fmt.Errorf("event %d: %w", i, err)
		}
	}
	return r.err
}

func decodeCommand(c *model.Command, p *journalv1.Entry) error {
	r := reader{}
	c.Market = r.uuid(p.Market)
	switch v := p.Command.(type) {
	case *journalv1.Entry_Place:
		x := v.Place
		c.Kind, c.Account, c.Side, c.Type = model.Place, r.uuid(x.Account), small[model.Side](&r, x.Side), small[model.OrderType](&r, x.Type)
		c.SelfTrade, c.Price, c.Qty, c.Life = small[model.SelfTrade](&r, x.SelfTrade), money.Minor(x.Price), model.Qty(x.Quantity), x.Life
		c.ClientOrderID, c.Content, c.Stock = x.ClientOrderId, x.Content, r.optional(x.Stock)
	case *journalv1.Entry_Cancel:
		c.Kind, c.Account, c.Order, c.Side = model.Cancel, r.uuid(v.Cancel.Account), model.OrderID(v.Cancel.Order), small[model.Side](&r, v.Cancel.Side)
	case *journalv1.Entry_CancelAll:
		c.Kind, c.Account, c.Side = model.CancelAll, r.uuid(v.CancelAll.Account), small[model.Side](&r, v.CancelAll.Side)
		c.Reason = model.Reason(v.CancelAll.Reason)
	case *journalv1.Entry_Replace:
		x := v.Replace
		c.Kind, c.Account, c.Order, c.Side = model.Replace, r.uuid(x.Account), model.OrderID(x.Order), small[model.Side](&r, x.Side)
		c.Price, c.Qty, c.ClientOrderID, c.Content = money.Minor(x.Price), model.Qty(x.Quantity), x.ClientOrderId, x.Content
	case *journalv1.Entry_Expire:
		c.Kind = model.Expire
	case *journalv1.Entry_OpenMarket:
		x := v.OpenMarket
		c.Kind = model.OpenMarket
		c.Listing = &model.Listing{
			Product: r.uuid(x.Product), ProductName: x.ProductName, SKU: x.Sku,
			SizeLabel: x.SizeLabel, Currency: money.Currency(x.Currency), Version: x.Version, Delisted: x.Delisted,
		}
		r.settings(c, x.Settings)
	case *journalv1.Entry_Settings:
		c.Kind = model.ChangeSettings
		r.settings(c, v.Settings)
	case *journalv1.Entry_Limits:
		x := v.Limits
		c.Kind, c.Account, c.Actor = model.ChangeLimits, r.uuid(x.Account), r.uuid(x.Actor)
		c.Limits = model.AccountLimits{PerMarket: x.MaxOpenPerMarket, Total: x.MaxOpenTotal}
	case *journalv1.Entry_ChangeListing:
		x := v.ChangeListing
		c.Kind = model.ChangeListing
		c.Listing = &model.Listing{ProductName: x.ProductName, SKU: x.Sku, Version: x.Version, Delisted: x.Delisted}
	case *journalv1.Entry_Ban:
		c.Kind, c.Account = model.ChangeBan, r.uuid(v.Ban.Account)
		c.Ban = model.Ban{Version: v.Ban.Version, Lifted: v.Ban.Lifted}
	case *journalv1.Entry_DeadMan:
		x := v.DeadMan
		c.Kind, c.Account, c.Ends, c.Reason, c.Life = model.SetDeadMan, r.uuid(x.Account), model.Instant(x.EndsAt), model.Reason(x.Reason), x.Life
	case *journalv1.Entry_ReverseMatch:
		c.Kind, c.Side, c.Reversal = model.ReverseMatch, model.Ask, r.reversal(c.Market, v.ReverseMatch)
	default:
		return fmt.Errorf("%w: an entry without a command", ErrDamaged)
	}
	return r.err
}

func decodeEvent(e *model.Event, p *journalv1.Event) error {
	r := reader{}
	e.N = p.N
	switch v := p.Event.(type) {
	case *journalv1.Event_Accepted:
		x := v.Accepted
		e.Kind, e.Order, e.Priority, e.Account = model.OrderAccepted, model.OrderID(x.Order), x.Priority, r.uuid(x.Account)
		e.Side, e.Type, e.Self = small[model.Side](&r, x.Side), small[model.OrderType](&r, x.Type), small[model.SelfTrade](&r, x.SelfTrade)
		e.Price, e.Qty, e.Open = money.Minor(x.Price), model.Qty(x.Quantity), model.Qty(x.Quantity)
		e.Expires, e.Replaces = model.Instant(x.ExpiresAt), model.OrderID(x.Replaces)
	case *journalv1.Event_Matched:
		x := v.Matched
		e.Kind, e.Match, e.Bid, e.Ask = model.OrderMatched, model.MatchID(x.Match), model.OrderID(x.Bid), model.OrderID(x.Ask)
		e.Price, e.BidPrice, e.Qty, e.Side = money.Minor(x.Price), money.Minor(x.BidPrice), model.Qty(x.Quantity), small[model.Side](&r, x.Taker)
		e.Buyer, e.Seller = r.uuid(x.Buyer), r.uuid(x.Seller)
		e.BidOpen, e.AskOpen, e.PriceRule = model.Qty(x.BidOpen), model.Qty(x.AskOpen), small[model.PriceRule](&r, x.PriceRule)
	case *journalv1.Event_Closed:
		x := v.Closed
		e.Kind, e.Order, e.Side, e.Status = model.OrderClosed, model.OrderID(x.Order), small[model.Side](&r, x.Side), small[model.Status](&r, x.Status)
		e.Reason, e.Open, e.Account, e.Price = model.Reason(x.Reason), model.Qty(x.Open), r.uuid(x.Account), money.Minor(x.Price)
	case *journalv1.Event_Reduced:
		x := v.Reduced
		e.Kind, e.Order, e.Side, e.Qty = model.OrderReduced, model.OrderID(x.Order), small[model.Side](&r, x.Side), model.Qty(x.Quantity)
		e.Open, e.Account, e.Price = model.Qty(x.Open), r.uuid(x.Account), money.Minor(x.Price)
	case *journalv1.Event_Expiring:
		x := v.Expiring
		e.Kind, e.Order, e.Side, e.Qty = model.OrderExpiring, model.OrderID(x.Order), small[model.Side](&r, x.Side), model.Qty(x.Quantity)
		e.Open, e.Account, e.Price, e.Expires = model.Qty(x.Open), r.uuid(x.Account), money.Minor(x.Price), model.Instant(x.ExpiresAt)
	case *journalv1.Event_Reversed:
		x := v.Reversed
		e.Kind, e.Match, e.Bid, e.Ask = model.MatchReversed, model.MatchID(x.Match), model.OrderID(x.Bid), model.OrderID(x.Ask)
		e.Price, e.Qty, e.Buyer, e.Seller = money.Minor(x.Price), model.Qty(x.Quantity), r.uuid(x.Buyer), r.uuid(x.Seller)
		e.LastSale = new(saleOf(x.LastSale))
	default:
		return fmt.Errorf("%w: an event without content", ErrDamaged)
	}
	return r.err
}

// reader remembers the first field that cannot be.
type reader struct{ err error }

func (r *reader) uuid(b []byte) (u id.UUID) {
	if len(b) != len(u) {
		if r.err == nil {
			r.err = fmt.Errorf("%w: an id of %d bytes", ErrDamaged, len(b))
		}
		return u
	}
	copy(u[:], b)
	return u
}

// optional reads an id that may be absent.
func (r *reader) optional(b []byte) (u id.UUID) {
	if len(b) == 0 {
		return u
	}
	return r.uuid(b)
}

// small reads one of the enumerations, which have a byte.
func small[T ~uint8](r *reader, v int32) T {
	if v < 0 || v > math.MaxUint8 {
		if r.err == nil {
			r.err = fmt.Errorf("%w: %d is no enumeration", ErrDamaged, v)
		}
		return 0
	}
	return T(v)
}

func (r *reader) settings(c *model.Command, s *journalv1.Settings) {
	c.Actor = r.uuid(s.GetActor())
	c.Settings = &model.Settings{
		Tick: money.Minor(s.GetTick()), MaxPrice: money.Minor(s.GetMaxPrice()), PriceRule: small[model.PriceRule](r, s.GetPriceRule()),
		State: small[model.MarketState](r, s.GetState()), Version: s.GetVersion(),
	}
}

func (r *reader) reversal(market model.MarketID, x *journalv1.ReverseMatch) *model.Reversal {
	out := &model.Reversal{
		Match: model.Match{
			ID: model.MatchID(x.Match), Market: market, Bid: model.OrderID(x.Bid), Ask: model.OrderID(x.Ask),
			Buyer: r.uuid(x.Buyer), Seller: r.uuid(x.Seller), Price: money.Minor(x.Price), BidPrice: money.Minor(x.BidPrice),
			Qty: model.Qty(x.Quantity), Taker: small[model.Side](r, x.Taker), PriceRule: small[model.PriceRule](r, x.PriceRule),
			CreatedAt: model.Instant(x.SoldAt),
		},
		Why: model.Reason(x.Reason), Previous: saleOf(x.Previous),
	}
	if a := x.Returning; a != nil {
		out.Ask = &model.LimitOrder{
			Price: money.Minor(a.Price), Priority: a.Priority, ExpiresAt: model.Instant(a.ExpiresAt), Status: small[model.Status](r, a.Status),
			Stock: r.optional(a.Stock),
		}
	}
	return out
}

func saleOf(s *journalv1.Sale) model.Sale {
	return model.Sale{Match: model.MatchID(s.GetMatch()), Price: money.Minor(s.GetPrice()), Qty: model.Qty(s.GetQuantity()), At: model.Instant(s.GetAt())}
}
