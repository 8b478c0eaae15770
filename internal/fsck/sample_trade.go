package fsck

import (
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

const (
	buy  = biddingv1.Side_BID
	sell = biddingv1.Side_ASK
)

// settings gives one account limits, one market another price rule, and takes a
// third through its states.
func (d *sample) settings() {
	_, err := d.bidding.SetAccountLimits(d.as("owner"), &biddingv1.SetAccountLimitsRequest{
		Limits: &biddingv1.AccountLimits{AccountId: d.ids["ben"], MaxOpenPerMarket: 20, MaxOpenTotal: 200},
	})
	d.do("limits", err)
	d.change(1, &biddingv1.MarketSettings{PriceRule: biddingv1.PriceRule_RESTING}, "price_rule")
	d.change(2, &biddingv1.MarketSettings{State: biddingv1.MarketState_MARKET_POST_ONLY}, "state")
	d.ask("sam", 2, 100, 2)
	d.placeRefused("anna", buy, d.request(2, 100, 1))
	d.bid("anna", 2, 90, 1)
	d.change(2, &biddingv1.MarketSettings{State: biddingv1.MarketState_MARKET_HALTED}, "state")
	d.placeRefused("ben", buy, d.request(2, 100, 1))
	d.change(2, &biddingv1.MarketSettings{State: biddingv1.MarketState_MARKET_OPEN}, "state")
	d.bid("ben", 2, 100, 1)
}

func (d *sample) change(market int, s *biddingv1.MarketSettings, field string) {
	if d.err != nil {
		return
	}
	now, err := d.bidding.GetMarketSettings(d.as("owner"), &biddingv1.GetMarketSettingsRequest{MarketId: d.sizes[market]})
	d.do("settings", err)
	s.MarketId, s.Version = d.sizes[market], now.GetSettings().GetVersion()
	_, err = d.bidding.UpdateMarketSettings(d.as("owner"), &biddingv1.UpdateMarketSettingsRequest{
		Settings: s, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{field}},
	})
	d.do("settings", err)
}

// trade fills markets: whole and partial fills, several makers, queues at a price.
func (d *sample) trade() {
	for _, market := range []int{0, 3, 6, 7} {
		d.ask("sam", market, 100, 3)
		d.ask("carl", market, 100, 1)
		d.ask("carl", market, 101, 1)
		d.bid("anna", market, 100, 1)
		d.bid("ben", market, 102, 4)
		d.bid("anna", market, 95, 2)
		d.bid("ben", market, 96, 2)
		d.ask("sam", market, 94, 1)
		d.bid("ben", market, 90, 1)
		d.ask("sam", market, 120, 2)
	}
}

// types uses every order type, and client_order_ids.
func (d *sample) types() {
	const market = 4
	named := d.request(market, 95, 2)
	named.ClientOrderId = "first"
	d.place("anna", buy, named)
	d.place("anna", buy, named) // a repeat, answered with the first
	other := d.request(market, 94, 1)
	other.ClientOrderId = "second"
	d.place("anna", buy, other)
	for _, t := range []struct {
		kind     biddingv1.OrderType
		price    int64
		quantity int32
		refused  bool
	}{
		{biddingv1.OrderType_IOC, 95, 1, false},
		{biddingv1.OrderType_IOC, 94, 9, false},
		{biddingv1.OrderType_FOK, 94, 9, true},
		{biddingv1.OrderType_POST_ONLY, 110, 2, false},
	} {
		r := d.request(market, t.price, t.quantity)
		r.OrderType = t.kind
		if t.refused {
			d.placeRefused("sam", sell, r)
		} else {
			d.place("sam", sell, r)
		}
	}
	crossing := d.request(market, 110, 1)
	crossing.OrderType = biddingv1.OrderType_POST_ONLY
	d.placeRefused("ben", buy, crossing)
	whole := d.request(market, 110, 2)
	whole.OrderType = biddingv1.OrderType_FOK
	d.place("ben", buy, whole)
	d.bid("dora", market, 90, 1)
	fleeting := d.request(market, 89, 1)
	fleeting.ExpiresIn = 1
	d.fleeting = d.place("anna", buy, fleeting)
}

// ownOrders lets somebody meet his own orders in each mode.
func (d *sample) ownOrders() {
	const market = 5
	d.ask("carl", market, 97, 1)
	d.placeRefused("carl", buy, d.request(market, 97, 1))
	oldest := d.request(market, 97, 2)
	oldest.SelfTrade = biddingv1.SelfTrade_CANCEL_OLDEST
	d.place("carl", buy, oldest)
	both := d.request(market, 97, 1)
	both.SelfTrade = biddingv1.SelfTrade_CANCEL_BOTH
	d.place("carl", sell, both)
}

// changes replaces and cancels.
func (d *sample) changes() {
	const market = 8
	first := d.bid("anna", market, 95, 3)
	second := d.bid("ben", market, 95, 1)
	third := d.bid("ben", market, 93, 1)
	replace := func(who string, number, price int64, quantity int32) {
		if d.err == nil {
			_, err := d.bidding.ReplaceBid(d.as(who), &biddingv1.ReplaceBidRequest{BidId: number, Price: price * 100, Quantity: quantity, ClientOrderId: ""})
			d.do("replace", err)
		}
	}
	replace("anna", first, 95, 2)
	d.ask("sam", market, 95, 1)
	replace("anna", first, 95, 1)
	replace("ben", second, 96, 1)
	d.ask("sam", market, 98, 1)
	replace("ben", third, 98, 2)
	_, err := d.bidding.CancelBid(d.as("anna"), &biddingv1.CancelBidRequest{BidId: first})
	d.do("cancel", err)
	d.ask("carl", market, 130, 1)
	d.ask("carl", market, 131, 1)
	_, err = d.bidding.CancelAll(d.as("carl"), &biddingv1.CancelAllRequest{MarketId: d.sizes[market]})
	d.do("cancel all", err)
}

// restingRule trades where the resting order's price counts.
func (d *sample) restingRule() {
	const market = 1
	d.ask("sam", market, 200, 1)
	d.bid("anna", market, 210, 1)
	d.bid("ben", market, 205, 2)
	d.ask("sam", market, 203, 1)
	d.ask("sam", market, 220, 1)
}

// reversals undoes sales: the last of a market and one before, with and without the ask
// coming back, and one whose ask matches again at once.
func (d *sample) reversals() {
	back := d.reverse(d.sale("sam", "anna"), true)
	d.reverse(d.sale("carl", "ben"), false)
	d.reverse(d.sale("sam", "anna"), true)
	if d.err == nil && back.GetAsk().GetReinstates() == 0 {
		d.err = errors.New("reversals: no ask came back")
	}
	waiting := d.sale("carl", "ben")
	d.bid("dora", reversed, 97, 1)
	d.reverse(waiting, true)
}

// reversed is the market in which sales are undone.
const reversed = 7

// sale makes a match in it and returns its number.
func (d *sample) sale(seller, buyer string) int64 {
	const price = 97
	d.ask(seller, reversed, price, 1)
	if d.err != nil {
		return 0
	}
	got, err := d.bidding.PlaceBid(d.as(buyer), d.request(reversed, price, 1))
	if err == nil && len(got.GetMatches()) == 0 {
		err = errors.New("nothing matched")
	}
	if d.do("a sale", err); err != nil {
		return 0
	}
	return got.GetMatches()[0].GetId()
}

func (d *sample) reverse(match int64, reinstate bool) *biddingv1.ReverseMatchResponse {
	if d.err != nil {
		return nil
	}
	r, err := biddingv1.NewBiddingServiceClient(d.Orders).ReverseMatch(d.ctx, &biddingv1.ReverseMatchRequest{
		MatchId: match, Reason: "PAYMENT_FAILED", ReinstateAsk: reinstate,
	})
	d.do("reversal", err)
	return r
}

// deadAfter is how soon the switch of the sample's dead man fires.
const deadAfter = 5 * time.Second

// deadMen sets a switch that fires, one that is switched off and one that waits.
func (d *sample) deadMen() {
	const market = 6
	set := func(who string, seconds int32) {
		if d.err == nil {
			_, err := d.bidding.SetDeadManSwitch(d.as(who), &biddingv1.SetDeadManSwitchRequest{Seconds: seconds})
			d.do("switch", err)
		}
	}
	left := d.bid("dora", market, 88, 1)
	d.bid("dora", 3, 88, 2)
	set("ben", 600)
	set("ben", 0)
	set("anna", 3600)
	set("dora", int32(deadAfter/time.Second))
	d.until("a switch has fired", func() (bool, error) {
		got, err := d.bidding.GetBid(d.as("dora"), &biddingv1.GetBidRequest{BidId: left})
		return got.GetBid().GetReason() == ofDeadMan, err
	})
	d.bid("dora", market, 87, 1) // who is alive again trades on
}

// fromStock sells what the platform holds: an ask that waits, one that sold a part before it
// was cancelled.
func (d *sample) fromStock() {
	const market = 2
	if d.err == nil {
		r, err := d.users.AcceptSellerTerms(d.as("owner"), &userv1.AcceptSellerTermsRequest{})
		d.do("terms", err)
		d.tokens["owner"] = r.GetAccessToken()
	}
	ask := func(price int64, quantity int32) (number int64) {
		if d.err == nil {
			r, err := d.bidding.PlaceAsk(d.as("owner"), &biddingv1.PlaceAskRequest{
				MarketId: d.sizes[market], Price: price * 100, Quantity: &quantity, FromStock: true,
			})
			d.do("ask from stock", err)
			number = r.GetAsk().GetId()
		}
		return number
	}
	ask(300, 1)
	part := ask(99, 2)
	d.bid("anna", market, 99, 1)
	if d.err == nil {
		_, err := d.bidding.CancelAsk(d.as("owner"), &biddingv1.CancelAskRequest{AskId: part})
		d.do("cancel", err)
	}
}
