package model

import (
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// LimitOrder is a bid or an ask. Order, alone, always means the purchase that
// follows a match; that belongs to another service.
type LimitOrder struct {
	ID            OrderID
	Market        MarketID
	Account       AccountID
	Side          Side
	Type          OrderType
	SelfTrade     SelfTrade
	Price         money.Minor
	Qty           Qty
	Open          Qty // not matched; when closed, what was left then
	Status        Status
	Reason        Reason
	Priority      int64 // smaller comes first at one price (MATCH-001)
	ClientOrderID string
	CreatedAt     Instant
	ExpiresAt     Instant
	ClosedAt      Instant // 0 while open
	Replaces      OrderID // 0 when it replaced nothing
	Warned        bool    // no warning of its end is due any more (MATCH-009)
	Stock         id.UUID // the consigned items it sells were set aside under it; zero: none (MATCH-016)
	Reinstates    OrderID // the ask whose sale was reversed; 0: none (ORDER-002)
	Version       int64
	Currency      money.Currency // the market's
}

// Match is one execution: an item, or several, sold by one ask to one bid.
type Match struct {
	ID            MatchID
	Market        MarketID
	Bid, Ask      OrderID
	Buyer, Seller AccountID
	Price         money.Minor
	BidPrice      money.Minor // what the buyer had offered
	Qty           Qty
	Taker         Side // the side that came in
	PriceRule     PriceRule
	CreatedAt     Instant
	Currency      money.Currency // the market's
	ReversedAt    Instant        // 0 while it stands
	Reversal      Reason         // why it was reversed
	Reinstated    OrderID        // the ask that came back for it; 0: none
}

// Reversal undoes one match. Its caller looks up what a writer does not keep in memory
// and says what that rests on; the writer refuses what has changed since.
type Reversal struct {
	Match    Match
	Why      Reason
	Previous Sale // the market's last one before the match that stands; zero when there is none

	Stock id.UUID // of the match's ask; for its caller alone

	// What comes back, with the ask's place in the queue; nil when nothing does.
	Ask *LimitOrder
}
