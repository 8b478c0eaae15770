package seed

import (
	"context"
	"fmt"

	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// desk is where the demo's seller and buyers trade.
type desk struct {
	seller string             // access token
	buyers [2]string          // access tokens
	placed map[placement]bool // what an earlier run placed
}

// placement names one order of the demo in one market.
type placement struct{ market, name string }

const (
	tick     = 500 // cents; every price of the demo is a multiple
	pageSize = 100
)

// fill makes a market: sales first, then asks above and bids below them. nth
// varies it, so that no two markets look alike.
func (d *desk) fill(ctx context.Context, c Client, market string, about int64, nth int) error {
	middle := (about + int64(nth%7-3)*1000) / tick * tick
	for i := range nth % 3 { // some markets have traded, some have not
		price := middle + int64(i)*tick
		if err := d.ask(ctx, c, market, fmt.Sprintf("demo-sold-%d", i), price, 1); err != nil {
			return err
		}
		if err := d.bid(ctx, c, d.buyers[i%2], market, fmt.Sprintf("demo-bought-%d", i), price, 1); err != nil {
			return err
		}
	}
	spread := int64(1+nth%4) * tick
	for level := range 3 {
		away := spread + int64(level)*2*tick
		if err := d.ask(ctx, c, market, fmt.Sprintf("demo-ask-%d", level), middle+away, int32(1+(nth+level)%3)); err != nil { //nolint:gosec // 1 to 3
			return err
		}
		if err := d.bid(ctx, c, d.buyers[level%2], market, fmt.Sprintf("demo-bid-%d", level), middle-away, 1); err != nil {
			return err
		}
	}
	return nil
}

func (d *desk) ask(ctx context.Context, c Client, market, name string, price int64, quantity int32) error {
	if d.placed[placement{market, name}] {
		return nil
	}
	_, err := c.Bidding.PlaceAsk(as(ctx, d.seller), &biddingv1.PlaceAskRequest{MarketId: market, Price: price, Quantity: &quantity, ClientOrderId: name})
	if err != nil {
		return fmt.Errorf("%s in market %s: %w", name, market, err)
	}
	return nil
}

func (d *desk) bid(ctx context.Context, c Client, buyer, market, name string, price int64, quantity int32) error {
	if d.placed[placement{market, name}] {
		return nil
	}
	_, err := c.Bidding.PlaceBid(as(ctx, buyer), &biddingv1.PlaceBidRequest{MarketId: market, Price: price, Quantity: &quantity, ClientOrderId: name})
	if err != nil {
		return fmt.Errorf("%s in market %s: %w", name, market, err)
	}
	return nil
}

// recall reads what an earlier run placed. The client order ids alone would
// do for a day; a demo may be finished later than that.
func (d *desk) recall(ctx context.Context, c Client) error {
	d.placed = map[placement]bool{}
	for token := ""; ; {
		got, err := c.Bidding.ListMyAsks(as(ctx, d.seller), &biddingv1.ListMyAsksRequest{PageSize: pageSize, PageToken: token})
		if err != nil {
			return fmt.Errorf("list the demo's asks: %w", err)
		}
		for _, a := range got.GetAsks() {
			d.placed[placement{a.GetMarketId(), a.GetClientOrderId()}] = true
		}
		if token = got.GetNextPageToken(); token == "" {
			break
		}
	}
	for _, buyer := range d.buyers {
		if err := d.recallBids(ctx, c, buyer); err != nil {
			return err
		}
	}
	return nil
}

func (d *desk) recallBids(ctx context.Context, c Client, buyer string) error {
	for token := ""; ; {
		got, err := c.Bidding.ListMyBids(as(ctx, buyer), &biddingv1.ListMyBidsRequest{PageSize: pageSize, PageToken: token})
		if err != nil {
			return fmt.Errorf("list the demo's bids: %w", err)
		}
		for _, b := range got.GetBids() {
			d.placed[placement{b.GetMarketId(), b.GetClientOrderId()}] = true
		}
		if token = got.GetNextPageToken(); token == "" {
			return nil
		}
	}
}
