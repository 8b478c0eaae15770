package journal

import (
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
)

// decodeRare takes a command out of the message that the generated code has read.
func decodeRare(c *model.Command, p *journalv1.Entry) error {
	r := reader{}
	switch v := p.Command.(type) {
	case *journalv1.Entry_CancelAll:
		c.Kind, c.Account, c.Side = model.CancelAll, r.uuid(v.CancelAll.Account), small[model.Side](&r, int64(v.CancelAll.Side))
		c.Reason = model.Reason(v.CancelAll.Reason)
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
		c.Kind, c.Side, c.Reversal = model.ReverseMatch, model.Ask, r.reversal(v.ReverseMatch)
	default: // of a field that this program does not know
	}
	return r.err
}

// optional reads an id that may be absent.
func (r *reader) optional(b []byte) (u id.UUID) {
	if len(b) == 0 {
		return u
	}
	return r.uuid(b)
}

func (r *reader) settings(c *model.Command, s *journalv1.Settings) {
	c.Actor = r.uuid(s.GetActor())
	c.Settings = &model.Settings{
		Tick: money.Minor(s.GetTick()), MaxPrice: money.Minor(s.GetMaxPrice()), PriceRule: small[model.PriceRule](r, int64(s.GetPriceRule())),
		State: small[model.MarketState](r, int64(s.GetState())), Version: s.GetVersion(),
	}
}

func (r *reader) reversal(x *journalv1.ReverseMatch) *model.Reversal {
	out := &model.Reversal{
		Match: model.Match{
			ID: model.MatchID(x.Match), Bid: model.OrderID(x.Bid), Ask: model.OrderID(x.Ask),
			Buyer: r.uuid(x.Buyer), Seller: r.uuid(x.Seller), Price: money.Minor(x.Price), BidPrice: money.Minor(x.BidPrice),
			Qty: model.Qty(x.Quantity), Taker: small[model.Side](r, int64(x.Taker)), PriceRule: small[model.PriceRule](r, int64(x.PriceRule)),
			CreatedAt: model.Instant(x.SoldAt),
		},
		Why: model.Reason(x.Reason), Previous: saleOf(x.Previous),
	}
	if a := x.Returning; a != nil {
		out.Ask = &model.LimitOrder{
			Price: money.Minor(a.Price), Priority: a.Priority, ExpiresAt: model.Instant(a.ExpiresAt), Status: small[model.Status](r, int64(a.Status)),
			Stock: r.optional(a.Stock),
		}
	}
	return out
}

func saleOf(s *journalv1.Sale) model.Sale {
	return model.Sale{Match: model.MatchID(s.GetMatch()), Price: money.Minor(s.GetPrice()), Qty: model.Qty(s.GetQuantity()), At: model.Instant(s.GetAt())}
}
