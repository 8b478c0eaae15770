package cluster

import (
	"context"
	"errors"
	"fmt"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/journal"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

func packCommands(commands []model.Command) ([]*biddingv1.NodeCommand, error) {
	out := make([]*biddingv1.NodeCommand, len(commands))
	for i := range commands {
		entry, err := journal.EncodeCommand(&commands[i])
		if err != nil {
			return nil, err
		}
		out[i] = &biddingv1.NodeCommand{Entry: entry, Confirmed: commands[i].Confirmed}
	}
	return out, nil
}

func unpackCommands(packed []*biddingv1.NodeCommand) ([]model.Command, error) {
	out := make([]model.Command, len(packed))
	for i, p := range packed {
		c, err := journal.DecodeCommand(p.GetEntry())
		if err != nil {
			return nil, fmt.Errorf("command %d: %w", i, err)
		}
		c.Confirmed = p.GetConfirmed()
		out[i] = c
	}
	return out, nil
}

func packResults(ctx context.Context, results []engine.Result) []*biddingv1.NodeResult {
	out := make([]*biddingv1.NodeResult, len(results))
	for i := range results {
		out[i] = packResult(ctx, &results[i])
	}
	return out
}

func packResult(ctx context.Context, r *engine.Result) *biddingv1.NodeResult {
	if r.Err != nil {
		text, err := proto.Marshal(rpc.Status(ctx, r.Err).Proto())
		if err != nil { // its text is clean; and a refusal must stay one
			text, _ = proto.Marshal(rpc.Status(ctx, model.ErrUnavailable).Proto())
		}
		return &biddingv1.NodeResult{Status: text}
	}
	p := &r.Reply
	out := &biddingv1.NodeResult{Order: packOrder(&p.Order), Kept: p.Kept, Repeat: p.Repeat}
	for i := range p.Matches {
		out.Matches = append(out.Matches, packMatch(&p.Matches[i]))
	}
	for i := range p.Closed {
		out.Closed = append(out.Closed, packOrder(&p.Closed[i]))
	}
	if p.Market != nil {
		out.Market = packMarket(p.Market)
	}
	return out
}

var errAnswer = errors.New("cluster: an answer that does not fit its question")

// unpackResults reads the answers to n commands. One that cannot be read leaves the
// outcome unknown.
func unpackResults(packed []*biddingv1.NodeResult, n int) []engine.Result {
	if len(packed) != n {
		return all(n, model.ErrUnavailable.Because(errAnswer))
	}
	out := make([]engine.Result, n)
	for i, p := range packed {
		var err error
		if out[i].Reply, err = unpackResult(p); err != nil {
			out[i] = engine.Result{Err: err}
		}
	}
	return out
}

func unpackResult(p *biddingv1.NodeResult) (engine.Reply, error) {
	if len(p.GetStatus()) > 0 {
		var st spb.Status
		if err := proto.Unmarshal(p.GetStatus(), &st); err != nil {
			return engine.Reply{}, model.ErrUnavailable.Because(err)
		}
		return engine.Reply{}, rpc.FromStatus(status.ErrorProto(&st))
	}
	var u unpacker
	r := engine.Reply{Order: u.order(p.GetOrder()), Kept: p.GetKept(), Repeat: p.GetRepeat()}
	for _, m := range p.GetMatches() {
		r.Matches = append(r.Matches, u.match(m))
	}
	for _, o := range p.GetClosed() {
		r.Closed = append(r.Closed, u.order(o))
	}
	if p.GetMarket() != nil {
		r.Market = new(u.market(p.GetMarket()))
	}
	if u.err != nil {
		return engine.Reply{}, model.ErrUnavailable.Because(u.err)
	}
	return r, nil
}

func packOrder(o *model.LimitOrder) *biddingv1.NodeOrder {
	return &biddingv1.NodeOrder{
		Id: int64(o.ID), Market: o.Market[:], Account: o.Account[:], Side: uint32(o.Side), Type: uint32(o.Type), SelfTrade: uint32(o.SelfTrade),
		Price: int64(o.Price), Quantity: int32(o.Qty), Open: int32(o.Open), Status: uint32(o.Status), Reason: string(o.Reason),
		Priority: o.Priority, ClientOrderId: o.ClientOrderID, CreatedAt: int64(o.CreatedAt), ExpiresAt: int64(o.ExpiresAt),
		ClosedAt: int64(o.ClosedAt), Replaces: int64(o.Replaces), Version: o.Version, Currency: string(o.Currency),
		Reinstates: int64(o.Reinstates), Warned: o.Warned, Stock: o.Stock[:],
	}
}

func packMatch(m *model.Match) *biddingv1.NodeMatch {
	return &biddingv1.NodeMatch{
		Id: int64(m.ID), Market: m.Market[:], Bid: int64(m.Bid), Ask: int64(m.Ask), Buyer: m.Buyer[:], Seller: m.Seller[:],
		Price: int64(m.Price), BidPrice: int64(m.BidPrice), Quantity: int32(m.Qty), Taker: uint32(m.Taker), PriceRule: uint32(m.PriceRule),
		CreatedAt: int64(m.CreatedAt), Currency: string(m.Currency),
		ReversedAt: int64(m.ReversedAt), Reversal: string(m.Reversal), Reinstated: int64(m.Reinstated),
	}
}

func packMarket(m *model.Market) *biddingv1.NodeMarket {
	return &biddingv1.NodeMarket{
		Id: m.ID[:], Product: m.Listing.Product[:], ProductName: m.Listing.ProductName, Sku: m.Listing.SKU, SizeLabel: m.Listing.SizeLabel,
		Currency: string(m.Listing.Currency), ProductVersion: m.Listing.Version, Delisted: m.Listing.Delisted,
		Tick: int64(m.Settings.Tick), MaxPrice: int64(m.Settings.MaxPrice), PriceRule: uint32(m.Settings.PriceRule),
		State: uint32(m.Settings.State), Version: m.Settings.Version, FeedSeq: m.FeedSeq,
		LastMatch: int64(m.LastSale.Match), LastPrice: int64(m.LastSale.Price), LastQuantity: int32(m.LastSale.Qty), LastAt: int64(m.LastSale.At),
	}
}

func packView(v *engine.View, p *model.MarketPrice) *biddingv1.LookResponse {
	return &biddingv1.LookResponse{
		Market: packMarket(&v.Market), Bids: packLevels(v.Bids), Asks: packLevels(v.Asks), OpenBids: v.OpenBids, OpenAsks: v.OpenAsks,
		Day: packVolume(p.Day), ThreeDays: packVolume(p.ThreeDays),
	}
}

func packLevels(levels []model.Level) []*biddingv1.NodeLevel {
	if len(levels) == 0 {
		return nil
	}
	out := make([]*biddingv1.NodeLevel, len(levels))
	for i, l := range levels {
		out[i] = &biddingv1.NodeLevel{Price: int64(l.Price), Quantity: l.Qty}
	}
	return out
}

func packVolume(v model.Volume) *biddingv1.NodeVolume {
	return &biddingv1.NodeVolume{Value: int64(v.Value), Sales: v.Sales}
}

func packUpdate(u *model.FeedUpdate) *biddingv1.WatchResponse {
	out := &biddingv1.WatchResponse{
		Snapshot: u.Snapshot, PrevSeq: u.PrevSeq, Seq: u.Seq, Checksum: u.Checksum, Missed: u.Missed,
		BestBid: packLevels([]model.Level{u.Price.BestBid})[0], BestAsk: packLevels([]model.Level{u.Price.BestAsk})[0],
		Look: packView(&engine.View{
			Market: u.Price.Market, Bids: u.Bids, Asks: u.Asks, OpenBids: u.Price.OpenBids, OpenAsks: u.Price.OpenAsks,
		}, &u.Price),
	}
	for _, s := range u.Trades {
		out.Trades = append(out.Trades, &biddingv1.NodeSale{Match: int64(s.Match), Price: int64(s.Price), Quantity: int32(s.Qty), At: int64(s.At)})
	}
	for _, m := range u.Undone {
		out.Undone = append(out.Undone, int64(m))
	}
	return out
}

// updateOf reads what another node tells of a market.
func updateOf(r *biddingv1.WatchResponse) (*model.FeedUpdate, error) {
	price, err := priceOf(r.GetLook())
	if err != nil {
		return nil, err
	}
	u := &model.FeedUpdate{
		Snapshot: r.GetSnapshot(), PrevSeq: r.GetPrevSeq(), Seq: r.GetSeq(), Checksum: r.GetChecksum(), Missed: r.GetMissed(),
		Bids: unpackLevels(r.GetLook().GetBids()), Asks: unpackLevels(r.GetLook().GetAsks()), Price: price,
	}
	best := unpackLevels([]*biddingv1.NodeLevel{r.GetBestBid(), r.GetBestAsk()})
	u.Price.BestBid, u.Price.BestAsk = best[0], best[1]
	for _, s := range r.GetTrades() {
		u.Trades = append(u.Trades, model.Sale{
			Match: model.MatchID(s.GetMatch()), Price: money.Minor(s.GetPrice()), Qty: model.Qty(s.GetQuantity()), At: model.Instant(s.GetAt()),
		})
	}
	for _, m := range r.GetUndone() {
		u.Undone = append(u.Undone, model.MatchID(m))
	}
	return u, nil
}

// viewOf reads another node's view of a market.
func viewOf(r *biddingv1.LookResponse) (*engine.View, error) {
	var u unpacker
	v := &engine.View{
		Market: u.market(r.GetMarket()), Bids: unpackLevels(r.GetBids()), Asks: unpackLevels(r.GetAsks()),
		OpenBids: r.GetOpenBids(), OpenAsks: r.GetOpenAsks(),
	}
	return v, u.err
}

// priceOf reads what another node's market looks like.
func priceOf(r *biddingv1.LookResponse) (model.MarketPrice, error) {
	v, err := viewOf(r)
	if err != nil {
		return model.MarketPrice{}, err
	}
	return model.MarketPrice{
		Market: v.Market, BestBid: v.BestBid(), BestAsk: v.BestAsk(), OpenBids: v.OpenBids, OpenAsks: v.OpenAsks,
		Day: unpackVolume(r.GetDay()), ThreeDays: unpackVolume(r.GetThreeDays()),
	}, nil
}

func unpackLevels(packed []*biddingv1.NodeLevel) []model.Level {
	out := make([]model.Level, len(packed))
	for i, l := range packed {
		out[i] = model.Level{Price: money.Minor(l.GetPrice()), Qty: l.GetQuantity()}
	}
	return out
}

func unpackVolume(v *biddingv1.NodeVolume) model.Volume {
	return model.Volume{Value: money.Minor(v.GetValue()), Sales: v.GetSales()}
}

// unpacker remembers the first field that cannot be.
type unpacker struct{ err error }

func (u *unpacker) uuid(b []byte) id.UUID {
	out, err := id.FromBytes(b)
	if err != nil && u.err == nil {
		u.err = err
	}
	return out
}

// small reads one of the enumerations, which have a byte.
func small[T ~uint8](u *unpacker, v uint32) T {
	if v > 255 && u.err == nil {
		u.err = fmt.Errorf("%d is no enumeration", v)
	}
	return T(v)
}

func (u *unpacker) order(o *biddingv1.NodeOrder) model.LimitOrder {
	return model.LimitOrder{
		ID: model.OrderID(o.GetId()), Market: u.uuid(o.GetMarket()), Account: u.uuid(o.GetAccount()),
		Side: small[model.Side](u, o.GetSide()), Type: small[model.OrderType](u, o.GetType()), SelfTrade: small[model.SelfTrade](u, o.GetSelfTrade()),
		Price: money.Minor(o.GetPrice()), Qty: model.Qty(o.GetQuantity()), Open: model.Qty(o.GetOpen()),
		Status: small[model.Status](u, o.GetStatus()), Reason: model.Reason(o.GetReason()), Priority: o.GetPriority(),
		ClientOrderID: o.GetClientOrderId(), CreatedAt: model.Instant(o.GetCreatedAt()), ExpiresAt: model.Instant(o.GetExpiresAt()),
		ClosedAt: model.Instant(o.GetClosedAt()), Replaces: model.OrderID(o.GetReplaces()), Version: o.GetVersion(),
		Currency: money.Currency(o.GetCurrency()), Reinstates: model.OrderID(o.GetReinstates()),
		Warned: o.GetWarned(), Stock: u.uuid(o.GetStock()),
	}
}

func (u *unpacker) match(m *biddingv1.NodeMatch) model.Match {
	return model.Match{
		ID: model.MatchID(m.GetId()), Market: u.uuid(m.GetMarket()), Bid: model.OrderID(m.GetBid()), Ask: model.OrderID(m.GetAsk()),
		Buyer: u.uuid(m.GetBuyer()), Seller: u.uuid(m.GetSeller()), Price: money.Minor(m.GetPrice()), BidPrice: money.Minor(m.GetBidPrice()),
		Qty: model.Qty(m.GetQuantity()), Taker: small[model.Side](u, m.GetTaker()), PriceRule: small[model.PriceRule](u, m.GetPriceRule()),
		CreatedAt: model.Instant(m.GetCreatedAt()), Currency: money.Currency(m.GetCurrency()),
		ReversedAt: model.Instant(m.GetReversedAt()), Reversal: model.Reason(m.GetReversal()), Reinstated: model.OrderID(m.GetReinstated()),
	}
}

func (u *unpacker) market(m *biddingv1.NodeMarket) model.Market {
	return model.Market{
		ID: u.uuid(m.GetId()), FeedSeq: m.GetFeedSeq(),
		Listing: model.Listing{
			Product: u.uuid(m.GetProduct()), ProductName: m.GetProductName(), SKU: m.GetSku(), SizeLabel: m.GetSizeLabel(),
			Currency: money.Currency(m.GetCurrency()), Version: m.GetProductVersion(), Delisted: m.GetDelisted(),
		},
		Settings: model.Settings{
			Tick: money.Minor(m.GetTick()), MaxPrice: money.Minor(m.GetMaxPrice()), PriceRule: small[model.PriceRule](u, m.GetPriceRule()),
			State: small[model.MarketState](u, m.GetState()), Version: m.GetVersion(),
		},
		LastSale: model.Sale{
			Match: model.MatchID(m.GetLastMatch()), Price: money.Minor(m.GetLastPrice()),
			Qty: model.Qty(m.GetLastQuantity()), At: model.Instant(m.GetLastAt()),
		},
	}
}
