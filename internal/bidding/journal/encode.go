package journal

import (
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
)

// Version is the layout that Encode writes.
const Version = 1

// Encode packs a batch's entries into a row's body.
func Encode(entries []model.Entry) ([]byte, error) {
	b := &journalv1.Batch{Version: Version, Entries: make([]*journalv1.Entry, len(entries))}
	for i := range entries {
		b.Entries[i] = encodeEntry(&entries[i])
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(b)
}

func encodeEntry(e *model.Entry) *journalv1.Entry {
	p := &journalv1.Entry{Market: e.Command.Market[:], FeedSeq: e.FeedSeq}
	encodeCommand(p, &e.Command)
	if o := e.Outcome; o.Order != 0 {
		p.Outcome = &journalv1.Outcome{
			Order: int64(o.Order), Status: int32(o.Status), Reason: string(o.Reason),
			Quantity: int32(o.Qty), Open: int32(o.Open), ExpiresAt: int64(o.Expires), Kept: o.Kept,
		}
	}
	p.Events = make([]*journalv1.Event, len(e.Events))
	for i := range e.Events {
		p.Events[i] = encodeEvent(&e.Events[i])
	}
	return p
}

func encodeCommand(p *journalv1.Entry, c *model.Command) {
	switch c.Kind {
	case model.Place:
		p.Command = &journalv1.Entry_Place{Place: &journalv1.Place{
			Account: c.Account[:], Side: int32(c.Side), Type: int32(c.Type), SelfTrade: int32(c.SelfTrade),
			Price: int64(c.Price), Quantity: int32(c.Qty), Life: c.Life, ClientOrderId: c.ClientOrderID, Content: c.Content,
		}}
	case model.Cancel:
		p.Command = &journalv1.Entry_Cancel{Cancel: &journalv1.Cancel{
			Account: c.Account[:], Order: int64(c.Order), Side: int32(c.Side),
		}}
	case model.CancelAll:
		p.Command = &journalv1.Entry_CancelAll{CancelAll: &journalv1.CancelAll{
			Account: c.Account[:], Side: int32(c.Side), Reason: string(c.Reason),
		}}
	case model.Replace:
		p.Command = &journalv1.Entry_Replace{Replace: &journalv1.Replace{
			Account: c.Account[:], Order: int64(c.Order), Side: int32(c.Side), Price: int64(c.Price),
			Quantity: int32(c.Qty), ClientOrderId: c.ClientOrderID, Content: c.Content,
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
	}
}

func encodeSettings(c *model.Command) *journalv1.Settings {
	s := c.Settings
	return &journalv1.Settings{
		Tick: int64(s.Tick), MaxPrice: int64(s.MaxPrice), PriceRule: int32(s.PriceRule),
		State: int32(s.State), Version: s.Version, Actor: c.Actor[:],
	}
}

func encodeEvent(e *model.Event) *journalv1.Event {
	p := &journalv1.Event{N: e.N}
	switch e.Kind {
	case model.OrderAccepted:
		p.Event = &journalv1.Event_Accepted{Accepted: &journalv1.Accepted{
			Order: int64(e.Order), Priority: e.Priority, Account: e.Account[:], Side: int32(e.Side), Type: int32(e.Type),
			SelfTrade: int32(e.Self), Price: int64(e.Price), Quantity: int32(e.Qty), ExpiresAt: int64(e.Expires),
			Replaces: int64(e.Replaces),
		}}
	case model.OrderMatched:
		p.Event = &journalv1.Event_Matched{Matched: &journalv1.Matched{
			Match: int64(e.Match), Bid: int64(e.Bid), Ask: int64(e.Ask), Price: int64(e.Price), BidPrice: int64(e.BidPrice),
			Quantity: int32(e.Qty), Taker: int32(e.Side), Buyer: e.Buyer[:], Seller: e.Seller[:],
			BidOpen: int32(e.BidOpen), AskOpen: int32(e.AskOpen), PriceRule: int32(e.PriceRule),
		}}
	case model.OrderClosed:
		p.Event = &journalv1.Event_Closed{Closed: &journalv1.Closed{
			Order: int64(e.Order), Side: int32(e.Side), Status: int32(e.Status), Reason: string(e.Reason),
			Open: int32(e.Open), Account: e.Account[:], Price: int64(e.Price),
		}}
	case model.OrderReduced:
		p.Event = &journalv1.Event_Reduced{Reduced: &journalv1.Reduced{
			Order: int64(e.Order), Side: int32(e.Side), Quantity: int32(e.Qty), Open: int32(e.Open),
			Account: e.Account[:], Price: int64(e.Price),
		}}
	}
	return p
}
