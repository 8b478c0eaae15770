package journal

import (
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
)

// Version is the layout that Encode writes.
const Version = 1

// entryBytes is about what an entry takes: an order that comes in and matches.
const entryBytes = 320

// Encode packs a batch's entries into a row's body. Errors: text that is not UTF-8.
func Encode(entries []model.Entry) ([]byte, error) {
	p := packer{buf: make([]byte, 0, 16+len(entries)*entryBytes)}
	p.number(1, Version)
	for i := range entries {
		start := p.open(2)
		p.entry(&entries[i])
		p.close(start)
	}
	return p.buf, p.err
}

// EncodeCommand packs a command alone, as an entry without effects. Confirmed is not
// part of it: what was confirmed counts once. Errors: text that is not UTF-8.
func EncodeCommand(c *model.Command) ([]byte, error) {
	var p packer
	p.uuid(1, c.Market)
	p.command(c)
	return p.buf, p.err
}

func (p *packer) entry(e *model.Entry) {
	p.uuid(1, e.Command.Market)
	p.command(&e.Command)
	for i := range e.Events {
		start := p.open(15)
		p.event(&e.Events[i])
		p.close(start)
	}
	p.number(16, e.FeedSeq)
	if e.Outcome.Order != 0 {
		start := p.open(17)
		p.outcome(&e.Outcome)
		p.close(start)
	}
}

func (p *packer) outcome(o *model.Outcome) {
	p.number(1, int64(o.Order))
	p.number(2, int64(o.Status))
	p.text(3, string(o.Reason))
	p.number(4, int64(o.Qty))
	p.number(5, int64(o.Open))
	p.number(6, int64(o.Expires))
	p.flag(7, o.Kept)
}

// command writes the commands that come by the thousand; of the others it takes the
// bytes of the generated code.
func (p *packer) command(c *model.Command) {
	switch c.Kind {
	case model.Place:
		start := p.open(2)
		p.uuid(1, c.Account)
		p.number(2, int64(c.Side))
		p.number(3, int64(c.Type))
		p.number(4, int64(c.SelfTrade))
		p.number(5, int64(c.Price))
		p.number(6, int64(c.Qty))
		p.number(7, c.Life)
		p.text(8, c.ClientOrderID)
		p.fixed(9, c.Content)
		if c.Stock != id.None {
			p.uuid(10, c.Stock)
		}
		p.close(start)
	case model.Cancel:
		start := p.open(3)
		p.uuid(1, c.Account)
		p.number(2, int64(c.Order))
		p.number(3, int64(c.Side))
		p.close(start)
	case model.Replace:
		start := p.open(5)
		p.uuid(1, c.Account)
		p.number(2, int64(c.Order))
		p.number(3, int64(c.Price))
		p.number(4, int64(c.Qty))
		p.text(5, c.ClientOrderID)
		p.fixed(6, c.Content)
		p.number(7, int64(c.Side))
		p.close(start)
	default:
		var e journalv1.Entry
		encodeCommand(&e, c)
		out, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(p.buf, &e)
		if err != nil {
			p.err = err
			return
		}
		p.buf = out
	}
}

func (p *packer) event(e *model.Event) {
	p.number(1, e.N)
	switch e.Kind {
	case model.OrderAccepted:
		start := p.open(2)
		p.number(1, int64(e.Order))
		p.number(2, e.Priority)
		p.uuid(3, e.Account)
		p.number(4, int64(e.Side))
		p.number(5, int64(e.Type))
		p.number(6, int64(e.Self))
		p.number(7, int64(e.Price))
		p.number(8, int64(e.Qty))
		p.number(9, int64(e.Expires))
		p.number(10, int64(e.Replaces))
		p.close(start)
	case model.OrderMatched:
		start := p.open(3)
		p.number(1, int64(e.Match))
		p.number(2, int64(e.Bid))
		p.number(3, int64(e.Ask))
		p.number(4, int64(e.Price))
		p.number(5, int64(e.Qty))
		p.number(6, int64(e.Side))
		p.uuid(7, e.Buyer)
		p.uuid(8, e.Seller)
		p.number(9, int64(e.BidPrice))
		p.number(10, int64(e.BidOpen))
		p.number(11, int64(e.AskOpen))
		p.number(12, int64(e.PriceRule))
		p.close(start)
	case model.OrderClosed:
		start := p.open(4)
		p.number(1, int64(e.Order))
		p.number(2, int64(e.Side))
		p.number(3, int64(e.Status))
		p.text(4, string(e.Reason))
		p.number(5, int64(e.Open))
		p.uuid(6, e.Account)
		p.number(7, int64(e.Price))
		p.close(start)
	case model.OrderReduced:
		start := p.open(5)
		p.standing(e)
		p.close(start)
	case model.OrderExpiring:
		start := p.open(7)
		p.standing(e)
		p.number(7, int64(e.Expires))
		p.close(start)
	case model.MatchReversed:
		start := p.open(6)
		p.number(1, int64(e.Match))
		p.number(2, int64(e.Bid))
		p.number(3, int64(e.Ask))
		p.number(4, int64(e.Price))
		p.number(5, int64(e.Qty))
		p.uuid(6, e.Buyer)
		p.uuid(7, e.Seller)
		if e.LastSale != nil && e.LastSale.Match != 0 {
			last := p.open(8)
			p.sale(e.LastSale)
			p.close(last)
		}
		p.close(start)
	}
}

// standing writes what an order is now: what Reduced and Expiring begin with.
func (p *packer) standing(e *model.Event) {
	p.number(1, int64(e.Order))
	p.number(2, int64(e.Side))
	p.number(3, int64(e.Qty))
	p.number(4, int64(e.Open))
	p.uuid(5, e.Account)
	p.number(6, int64(e.Price))
}

func (p *packer) sale(s *model.Sale) {
	p.number(1, int64(s.Match))
	p.number(2, int64(s.Price))
	p.number(3, int64(s.Qty))
	p.number(4, int64(s.At))
}

// encodeCommand makes the message of a command that is rare.
func encodeCommand(p *journalv1.Entry, c *model.Command) {
	switch c.Kind {
	case model.CancelAll:
		p.Command = &journalv1.Entry_CancelAll{CancelAll: &journalv1.CancelAll{
			Account: c.Account[:], Side: int32(c.Side), Reason: string(c.Reason),
		}}
	case model.Expire:
		p.Command = &journalv1.Entry_Expire{Expire: &journalv1.Expire{}}
	case model.OpenMarket:
		l := c.Listing
		p.Command = &journalv1.Entry_OpenMarket{OpenMarket: &journalv1.OpenMarket{
			Product: l.Product[:], ProductName: l.ProductName, Sku: l.SKU, SizeLabel: l.SizeLabel,
			Currency: string(l.Currency), Settings: encodeSettings(c), Version: l.Version, Delisted: l.Delisted,
		}}
	case model.ChangeSettings:
		p.Command = &journalv1.Entry_Settings{Settings: encodeSettings(c)}
	case model.ChangeLimits:
		p.Command = &journalv1.Entry_Limits{Limits: &journalv1.Limits{
			Account: c.Account[:], MaxOpenPerMarket: c.Limits.PerMarket, MaxOpenTotal: c.Limits.Total, Actor: c.Actor[:],
		}}
	case model.ChangeListing:
		l := c.Listing
		p.Command = &journalv1.Entry_ChangeListing{ChangeListing: &journalv1.ChangeListing{
			ProductName: l.ProductName, Sku: l.SKU, Version: l.Version, Delisted: l.Delisted,
		}}
	case model.ChangeBan:
		p.Command = &journalv1.Entry_Ban{Ban: &journalv1.Ban{Account: c.Account[:], Lifted: c.Ban.Lifted, Version: c.Ban.Version}}
	case model.SetDeadMan:
		p.Command = &journalv1.Entry_DeadMan{DeadMan: &journalv1.DeadMan{
			Account: c.Account[:], EndsAt: int64(c.Ends), Reason: string(c.Reason), Life: c.Life,
		}}
	case model.ReverseMatch:
		p.Command = &journalv1.Entry_ReverseMatch{ReverseMatch: encodeReversal(c.Reversal)}
	default: // packed without a message
	}
}

func encodeReversal(r *model.Reversal) *journalv1.ReverseMatch {
	m := &r.Match
	out := &journalv1.ReverseMatch{
		Match: int64(m.ID), Bid: int64(m.Bid), Ask: int64(m.Ask), Buyer: m.Buyer[:], Seller: m.Seller[:], Price: int64(m.Price),
		BidPrice: int64(m.BidPrice), Quantity: int32(m.Qty), Taker: int32(m.Taker), PriceRule: int32(m.PriceRule),
		SoldAt: int64(m.CreatedAt), Reason: string(r.Why),
	}
	if s := r.Previous; s.Match != 0 {
		out.Previous = &journalv1.Sale{Match: int64(s.Match), Price: int64(s.Price), Quantity: int32(s.Qty), At: int64(s.At)}
	}
	if a := r.Ask; a != nil {
		out.Returning = &journalv1.ReturningAsk{
			Price: int64(a.Price), Priority: a.Priority, ExpiresAt: int64(a.ExpiresAt), Status: int32(a.Status),
		}
		if a.Stock != id.None {
			out.Returning.Stock = a.Stock[:]
		}
	}
	return out
}

func encodeSettings(c *model.Command) *journalv1.Settings {
	s := c.Settings
	return &journalv1.Settings{
		Tick: int64(s.Tick), MaxPrice: int64(s.MaxPrice), PriceRule: int32(s.PriceRule),
		State: int32(s.State), Version: s.Version, Actor: c.Actor[:],
	}
}
