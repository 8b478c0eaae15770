package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/sneakers-marketplace/marketplace/internal/lab"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// exchange is a marketplace with its clock in our hands.
type exchange struct {
	*lab.Lab
	clock *clock.Fake
}

// liveMarket plays a scenario through gRPC, in a market of its own.
type liveMarket struct {
	*exchange
	market   string
	begin    time.Time
	accounts map[string]id.UUID
	refs     map[string]order
	names    map[int64]string
	gone     map[string]bool // closed by self-trade prevention, and said so
}

// order is a bid or ask that was given an id.
type order struct {
	id   int64
	side string
	user string
}

func (x *exchange) newMarket(v vector) (market, error) {
	sizes, err := x.Sizes(1, 0)
	if err != nil {
		return nil, err
	}
	m := &liveMarket{
		exchange: x, market: sizes[0], begin: x.clock.Now(),
		accounts: map[string]id.UUID{}, refs: map[string]order{}, names: map[int64]string{}, gone: map[string]bool{},
	}
	_, err = x.Bidding.UpdateMarketSettings(x.As(id.New(), auth.RoleOwner), &biddingv1.UpdateMarketSettingsRequest{
		Settings: &biddingv1.MarketSettings{
			MarketId: m.market, Tick: v.Market.Tick,
			PriceRule: biddingv1.PriceRule(biddingv1.PriceRule_value[strings.ToUpper(v.Market.PriceRule)]),
		},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"tick", "price_rule"}},
	})
	return m, err
}

// trader signs a user in for the moment: time may leap between two steps.
func (m *liveMarket) trader(user string) context.Context {
	if _, ok := m.accounts[user]; !ok {
		m.accounts[user] = id.New()
	}
	return m.As(m.accounts[user], auth.RoleSeller)
}

func (m *liveMarket) do(at int64, s step) (answer, error) {
	m.clock.Set(m.begin.Add(time.Duration(at) * time.Second))
	a, err := m.call(s)
	if err != nil {
		return m.refused(s, err)
	}
	if a.Status == "cancelled" { // the one that came in gave way itself, or found nothing to take
		m.gone[s.Ref], m.gone[s.New] = true, true
	}
	if s.Op == "place" && s.STP != "" {
		a.Cancelled, err = m.gaveWay(s)
	}
	return a, err
}

// gaveWay lists the caller's own orders that self-trade prevention has closed since last asked.
func (m *liveMarket) gaveWay(s step) (refs []string, err error) {
	for ref, o := range m.refs {
		if ref == s.Ref || o.user != s.User || o.side == s.Side || m.gone[ref] {
			continue
		}
		st, why, err := m.look(ref)
		if err != nil {
			return nil, err
		}
		if st.Status == "cancelled" && why == "SELF_TRADE" {
			m.gone[ref] = true
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

func (m *liveMarket) call(s step) (answer, error) {
	o, known := m.refs[s.Ref]
	switch {
	case s.Op == "place" && s.Side == "bid":
		r, err := m.Bidding.PlaceBid(m.trader(s.User), &biddingv1.PlaceBidRequest{
			MarketId: m.market, Price: s.Price, Quantity: &s.Qty, ExpiresIn: ttl(s), Confirm: true,
			OrderType: biddingv1.OrderType(biddingv1.OrderType_value[s.Type]), SelfTrade: biddingv1.SelfTrade(biddingv1.SelfTrade_value[s.STP]),
		})
		return m.entered(s.Ref, s, r.GetBid(), r.GetMatches()), err
	case s.Op == "place":
		r, err := m.Bidding.PlaceAsk(m.trader(s.User), &biddingv1.PlaceAskRequest{
			MarketId: m.market, Price: s.Price, Quantity: &s.Qty, ExpiresIn: ttl(s), Confirm: true,
			OrderType: biddingv1.OrderType(biddingv1.OrderType_value[s.Type]), SelfTrade: biddingv1.SelfTrade(biddingv1.SelfTrade_value[s.STP]),
		})
		return m.entered(s.Ref, s, r.GetAsk(), r.GetMatches()), err
	case s.Op == "cancel_all":
		side := biddingv1.Side(biddingv1.Side_value[strings.ToUpper(s.Side)])
		r, err := m.Bidding.CancelAll(m.trader(s.User), &biddingv1.CancelAllRequest{MarketId: m.market, Side: side})
		var a answer
		for _, id := range append(r.GetBidIds(), r.GetAskIds()...) {
			a.Cancelled = append(a.Cancelled, m.names[id])
		}
		return a, err
	case !known:
		o = order{1<<40 | 1, "bid", s.User} // nobody's
	}
	return m.change(s, o)
}

func (m *liveMarket) change(s step, o order) (answer, error) {
	who := m.trader(s.User)
	switch {
	case s.Op == "cancel" && o.side == "bid":
		r, err := m.Bidding.CancelBid(who, &biddingv1.CancelBidRequest{BidId: o.id})
		return answerOf(r.GetBid(), nil), err
	case s.Op == "cancel":
		r, err := m.Bidding.CancelAsk(who, &biddingv1.CancelAskRequest{AskId: o.id})
		return answerOf(r.GetAsk(), nil), err
	case o.side == "bid":
		r, err := m.Bidding.ReplaceBid(who, &biddingv1.ReplaceBidRequest{BidId: o.id, Price: s.Price, Quantity: s.Qty, Confirm: true})
		return m.replaced(s, o, r.GetBid(), r.GetMatches(), r.GetKept()), err
	default:
		r, err := m.Bidding.ReplaceAsk(who, &biddingv1.ReplaceAskRequest{AskId: o.id, Price: s.Price, Quantity: s.Qty, Confirm: true})
		return m.replaced(s, o, r.GetAsk(), r.GetMatches(), r.GetKept()), err
	}
}

func ttl(s step) int64 {
	if s.TTL == nil {
		return 0
	}
	return *s.TTL
}

// limitOrder is what bids and asks have in common.
type limitOrder interface {
	GetId() int64
	GetStatus() biddingv1.Status
	GetReason() string
	GetOpenQuantity() int32
}

func answerOf(o limitOrder, matches []fill) answer {
	return answer{Status: strings.ToLower(o.GetStatus().String()), Open: o.GetOpenQuantity(), Reason: o.GetReason(), Matches: matches}
}

func (m *liveMarket) entered(ref string, s step, o limitOrder, matches []*biddingv1.Match) answer {
	if o.GetId() == 0 {
		return answer{}
	}
	side := s.Side
	if old, ok := m.refs[s.Ref]; ok && s.Op == "replace" {
		side = old.side
	}
	m.refs[ref] = order{o.GetId(), side, s.User}
	m.names[o.GetId()] = ref
	var fills []fill
	for _, x := range matches {
		with := x.GetAskId()
		if with == o.GetId() {
			with = x.GetBidId()
		}
		fills = append(fills, fill{m.names[with], x.GetPrice(), x.GetQuantity()})
	}
	return answerOf(o, fills)
}

func (m *liveMarket) replaced(s step, old order, o limitOrder, matches []*biddingv1.Match, kept bool) answer {
	if o.GetId() == 0 {
		return answer{}
	}
	a := answerOf(o, nil)
	if o.GetId() != old.id {
		a = m.entered(s.New, s, o, matches)
	}
	a.Kept = &kept
	return a
}

// refused turns an error status into an answer; a rejected order keeps a row,
// which is then found as the newest rejected one of its side.
func (m *liveMarket) refused(s step, err error) (answer, error) {
	st := status.Convert(err)
	a := answer{Error: reason(st)}
	switch st.Code() {
	case codes.NotFound:
		a.Error = "NOT_FOUND"
		return a, nil
	case codes.InvalidArgument, codes.FailedPrecondition:
	default:
		return a, err
	}
	ref, side := s.Ref, s.Side
	if s.Op == "replace" {
		ref, side = s.New, m.refs[s.Ref].side
	}
	id, err := m.rejected(s.User, side)
	if err != nil || id == 0 {
		return a, err
	}
	if _, seen := m.names[id]; !seen {
		m.refs[ref], m.names[id] = order{id, side, s.User}, ref
		a.Status = "rejected"
	}
	return a, nil
}

func (m *liveMarket) rejected(user, side string) (int64, error) {
	only := []biddingv1.Status{biddingv1.Status_REJECTED}
	if side == "bid" {
		r, err := m.Bidding.ListMyBids(m.trader(user), &biddingv1.ListMyBidsRequest{MarketId: m.market, Statuses: only, PageSize: 1})
		if err != nil || len(r.GetBids()) == 0 {
			return 0, err
		}
		return r.GetBids()[0].GetId(), nil
	}
	r, err := m.Bidding.ListMyAsks(m.trader(user), &biddingv1.ListMyAsksRequest{MarketId: m.market, Statuses: only, PageSize: 1})
	if err != nil || len(r.GetAsks()) == 0 {
		return 0, err
	}
	return r.GetAsks()[0].GetId(), nil
}

func reason(st *status.Status) string {
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return st.Code().String()
}

func (m *liveMarket) look(ref string) (state, string, error) {
	o := m.refs[ref]
	var got limitOrder
	var err error
	if o.side == "bid" {
		var r *biddingv1.GetBidResponse
		r, err = m.Bidding.GetBid(m.trader(o.user), &biddingv1.GetBidRequest{BidId: o.id})
		got = r.GetBid()
	} else {
		var r *biddingv1.GetAskResponse
		r, err = m.Bidding.GetAsk(m.trader(o.user), &biddingv1.GetAskRequest{AskId: o.id})
		got = r.GetAsk()
	}
	if err != nil {
		return state{}, "", fmt.Errorf("read %s: %w", ref, err)
	}
	return state{strings.ToLower(got.GetStatus().String()), got.GetOpenQuantity()}, got.GetReason(), nil
}

func (m *liveMarket) end(int64) (final, error) {
	// A stranger's empty cancel-all makes the market look at the time.
	if _, err := m.Bidding.CancelAll(m.trader("nobody"), &biddingv1.CancelAllRequest{MarketId: m.market}); err != nil {
		return final{}, err
	}
	d, err := m.Bidding.GetDepth(context.Background(), &biddingv1.GetDepthRequest{MarketId: m.market, Levels: 100})
	if err != nil {
		return final{}, err
	}
	f := final{Orders: map[string]state{}}
	for _, l := range d.GetBids() {
		f.Bids = append(f.Bids, [2]int64{l.GetPrice(), l.GetQuantity()})
	}
	for _, l := range d.GetAsks() {
		f.Asks = append(f.Asks, [2]int64{l.GetPrice(), l.GetQuantity()})
	}
	p, err := m.Bidding.GetMarketPrice(context.Background(), &biddingv1.GetMarketPriceRequest{MarketId: m.market})
	if err != nil {
		return final{}, err
	}
	if sale := p.GetMarketPrice().GetLastSale(); sale != nil {
		f.LastSale = &sale.Price
	}
	for ref := range m.refs {
		st, _, err := m.look(ref)
		if err != nil {
			return final{}, err
		}
		f.Orders[ref] = st
	}
	m.clock.Advance(time.Second) // the next scenario begins later
	return f, nil
}
