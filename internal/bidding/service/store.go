// Package service is what the exchange offers: placing, cancelling and replacing
// bids and asks, market data and everybody's own history.
package service

import (
	"context"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Exchange is the engine.
type Exchange interface {
	Submit(ctx context.Context, c model.Command) (engine.Reply, error)
	SubmitAll(ctx context.Context, c model.Command) error
	// Start hands several commands over and does not wait for their answers.
	Start(ctx context.Context, commands []model.Command) engine.Pending
	// View is a market as of its last committed batch. Errors: model.ErrMarketNotFound,
	// model.ErrUnavailable.
	View(ctx context.Context, market model.MarketID) (*engine.View, error)
	Price(ctx context.Context, market model.MarketID) (model.MarketPrice, error)
	// Watch tells what a market looks like and what changes in it, until send fails or ctx
	// ends. Errors: model.ErrNotOwner when the market moves, model.ErrUnavailable when it is
	// not served for a while.
	Watch(ctx context.Context, market model.MarketID, w model.Watch, unopened *engine.View, send func(*model.FeedUpdate) error) error
	// Settled waits until the tables show everything committed so far, where what it is about
	// lives or, when nothing is named, everywhere.
	Settled(ctx context.Context, about ...model.Command) error
}

// Orders reads bids and asks.
type Orders interface {
	// Order reads one bid or ask, whoever owns it. Errors: model.NotFound(side).
	Order(ctx context.Context, side model.Side, id model.OrderID) (model.LimitOrder, error)
	// Orders lists an account's bids or asks, newest first.
	Orders(ctx context.Context, q OrderQuery) ([]model.LimitOrder, error)
	// OpenMarkets lists the markets in which an account has open orders.
	OpenMarkets(ctx context.Context, account model.AccountID) ([]model.MarketID, error)
}

// Matches reads executions.
type Matches interface {
	// Match reads one match, whoever its parties are. Errors: model.ErrMatchNotFound.
	Match(ctx context.Context, id model.MatchID) (model.Match, error)
	// Matches lists an account's matches, newest first.
	Matches(ctx context.Context, q MatchQuery) ([]model.Match, error)
	// Taken lists the matches an order made when it came in, in their order.
	Taken(ctx context.Context, side model.Side, id model.OrderID) ([]model.Match, error)
}

// Markets reads what is known of markets beside their books.
type Markets interface {
	// Sales lists a market's sales, newest first.
	Sales(ctx context.Context, market model.MarketID, before model.MatchID, limit int) ([]model.Sale, error)
	// Candles sums a market's sales from one instant to another up, oldest first.
	Candles(ctx context.Context, market model.MarketID, every time.Duration, from, to model.Instant) ([]model.Candle, error)
	// Stats sums a market's sales since an instant up.
	Stats(ctx context.Context, market model.MarketID, since model.Instant) (model.Stats, error)
	// MarketsOf lists the markets of products.
	MarketsOf(ctx context.Context, products ...id.UUID) (map[id.UUID][]model.MarketID, error)
	// Limits reads an account's limits, the default ones when nobody changed them.
	Limits(ctx context.Context, account model.AccountID) (model.AccountLimits, error)
}

// Positions keeps how far the events of other services have had their effect.
type Positions interface {
	// Position is the last batch of a source's partition that had its effect; 0: none.
	Position(ctx context.Context, source string, partition int32) (int64, error)
	// Advance notes that a batch had its effect; a position never goes back.
	Advance(ctx context.Context, source string, partition int32, seq int64) error
}

// Stock keeps what was set aside for asks.
type Stock interface {
	// Consign notes down that items are about to be set aside; false when that was done before.
	Consign(ctx context.Context, c Consignment, at time.Time) (fresh bool, err error)
	// Consigned reads the first ask of a market that sells what was set aside under a reference.
	Consigned(ctx context.Context, market model.MarketID, ref id.UUID) (ask model.LimitOrder, found bool, err error)
	// ConsignmentsDue lists those that hold more than is needed, or whose asks have all ended;
	// one without any ask only when it is older than an instant.
	ConsignmentsDue(ctx context.Context, before time.Time, limit int) ([]Consignment, error)
	// SettleConsignment notes that no more are held than are kept, and whether any ask is live.
	SettleConsignment(ctx context.Context, c Consignment) error
	// Reconsign looks at a consignment again: a sale of it was reversed.
	Reconsign(ctx context.Context, market model.MarketID, ref id.UUID) error
}

// Store is all the service keeps in tables beside the engine's.
type Store interface {
	Orders
	Matches
	Markets
	Positions
	Stock
}

// OrderQuery asks for one page of an account's bids or asks.
type OrderQuery struct {
	Account  model.AccountID
	Side     model.Side
	Market   model.MarketID // zero = every market
	Statuses []model.Status // none = every status
	Before   model.OrderID  // 0 = from the newest
	Limit    int
}

// MatchQuery asks for one page of an account's matches.
type MatchQuery struct {
	Account model.AccountID
	Side    model.Side     // 0 = as buyer and as seller
	Market  model.MarketID // zero = every market
	Before  model.MatchID  // 0 = from the newest
	Limit   int
}
