package fsck

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// Services is a marketplace as its clients see it.
type Services struct {
	Users, Products, Bidding grpc.ClientConnInterface
	Orders                   grpc.ClientConnInterface // to the exchange, as the order service
	OwnerEmail, Password     string                   // the sample's other accounts get the same password
	Clock                    clock.Clock
}

// Sample trades a small day on a new marketplace that has everything the faults
// of the self-test need: each way in which a bid, an ask, a reservation, a session
// or a role can begin and end, and bans and products that come and go while orders
// are open. It is a client of the public APIs and nothing else.
func Sample(ctx context.Context, s Services) error {
	d := &sample{
		Services: s, ctx: ctx, tokens: map[string]string{}, firsts: map[string]string{}, ids: map[string]string{}, products: map[string]string{},
		users: userv1.NewUserServiceClient(s.Users), catalogue: productv1.NewProductServiceClient(s.Products),
		bidding: biddingv1.NewBiddingServiceClient(s.Bidding),
	}
	for _, part := range []func(){
		d.people, d.sessions, d.shop, d.stock, d.settings, d.trade, d.types, d.ownOrders, d.changes, d.restingRule, d.reversals, d.fromStock, d.deadMen,
		d.listings, d.govern, d.expiry,
	} {
		if part(); d.err != nil {
			return fmt.Errorf("sample: %w", d.err)
		}
	}
	return nil
}

// sample is a day as it goes on; after the first error nothing more happens.
type sample struct {
	Services
	ctx       context.Context //nolint:containedctx // a sample is one call
	err       error
	users     userv1.UserServiceClient
	catalogue productv1.ProductServiceClient
	bidding   biddingv1.BiddingServiceClient
	tokens    map[string]string // by account
	firsts    map[string]string // the refresh token it began with, by account
	ids       map[string]string // by account
	products  map[string]string // ids, by SKU
	sizes     []string          // markets
	fleeting  int64             // a bid that expires soon
}

// as is a context in which an account's calls are made.
func (d *sample) as(who string) context.Context {
	return metadata.AppendToOutgoingContext(d.ctx, "authorization", "Bearer "+d.tokens[who])
}

// do keeps the first error.
func (d *sample) do(what string, err error) {
	if err != nil && d.err == nil {
		d.err = fmt.Errorf("%s: %w", what, err)
	}
}

// refused expects a "no" of a kind.
func (d *sample) refused(what string, no codes.Code, err error) {
	if c := status.Code(err); c != no && d.err == nil {
		d.err = fmt.Errorf("%s: %w: should have been refused as %s", what, err, no)
	}
}

// order places a bid or an ask and returns its id.
func (d *sample) order(who string, side biddingv1.Side, r *biddingv1.PlaceBidRequest) (int64, error) {
	if d.err != nil {
		return 0, d.err
	}
	if side == biddingv1.Side_BID {
		got, err := d.bidding.PlaceBid(d.as(who), r)
		return got.GetBid().GetId(), err
	}
	got, err := d.bidding.PlaceAsk(d.as(who), &biddingv1.PlaceAskRequest{
		MarketId: r.GetMarketId(), Price: r.GetPrice(), Quantity: r.Quantity, ExpiresIn: r.GetExpiresIn(), OrderType: r.GetOrderType(),
		SelfTrade: r.GetSelfTrade(), ClientOrderId: r.GetClientOrderId(),
	})
	return got.GetAsk().GetId(), err
}

func (d *sample) bid(who string, market int, price int64, quantity int32) int64 {
	return d.place(who, biddingv1.Side_BID, d.request(market, price, quantity))
}

func (d *sample) ask(who string, market int, price int64, quantity int32) {
	d.place(who, biddingv1.Side_ASK, d.request(market, price, quantity))
}

// request is an order at a price in whole dollars.
func (d *sample) request(market int, price int64, quantity int32) *biddingv1.PlaceBidRequest {
	return &biddingv1.PlaceBidRequest{MarketId: d.sizes[market], Price: price * 100, Quantity: &quantity}
}

func (d *sample) place(who string, side biddingv1.Side, r *biddingv1.PlaceBidRequest) int64 {
	number, err := d.order(who, side, r)
	d.do(fmt.Sprintf("%s's %s at %d", who, side, r.GetPrice()), err)
	return number
}

// placeRefused places an order that is rejected.
func (d *sample) placeRefused(who string, side biddingv1.Side, r *biddingv1.PlaceBidRequest) {
	if d.err == nil {
		_, err := d.order(who, side, r)
		d.refused(fmt.Sprintf("%s's %s at %d", who, side, r.GetPrice()), codes.FailedPrecondition, err)
	}
}

// until asks again and again until the answer is yes: for what the marketplace does by itself.
func (d *sample) until(what string, yes func() (bool, error)) {
	const (
		step  = 20 * time.Millisecond
		steps = 1500
	)
	for range steps {
		if d.err != nil {
			return
		}
		done, err := yes()
		if d.do(what, err); done || d.err != nil {
			return
		}
		select {
		case <-d.Clock.After(step):
		case <-d.ctx.Done():
			d.do(what, d.ctx.Err())
		}
	}
	d.do(what, errors.New("it does not happen"))
}

// expiry lets the fleeting bid expire, which a writer notices by itself.
func (d *sample) expiry() {
	d.until("the fleeting bid expires", func() (bool, error) {
		got, err := d.bidding.GetBid(d.as("anna"), &biddingv1.GetBidRequest{BidId: d.fleeting})
		return got.GetBid().GetStatus() == biddingv1.Status_EXPIRED, err
	})
}
