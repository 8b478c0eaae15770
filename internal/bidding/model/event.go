package model

import "github.com/sneakers-marketplace/marketplace/pkg/money"

// EventKind says what happened.
type EventKind uint8

// The events. A command's events, in order, are all it did to the book.
const (
	OrderAccepted EventKind = iota + 1 // an order entered; a rejected one is closed by the next event
	OrderMatched                       // an execution between Bid and Ask
	OrderClosed                        // an order left the book, or never got in
	OrderReduced                       // an order keeps its place with less open
	MatchReversed                      // an execution counts no longer
	OrderExpiring                      // an order has a day left (MATCH-009)
)

// Event is one change, numbered N within its shard. Which fields count depends on Kind.
type Event struct {
	Kind     EventKind
	Side     Side // of Order; OrderMatched: the side that came in
	Status   Status
	Type     OrderType
	Self     SelfTrade
	N        int64
	Order    OrderID
	Priority int64
	Price    money.Minor
	BidPrice money.Minor
	Qty      Qty // accepted and reduced: the whole order; matched: this execution
	Open     Qty // what is open after the event; closed: what was left
	Expires  Instant
	Account  AccountID // of Order
	Replaces OrderID
	Reason   Reason

	Match         MatchID
	Bid, Ask      OrderID
	BidOpen       Qty // open of each after the match
	AskOpen       Qty
	PriceRule     PriceRule
	Buyer, Seller AccountID

	LastSale *Sale // MatchReversed: the market's from then on, zero when there is none; nil in the others
}

// Outcome is what became of the order a command was about, as its caller was told.
type Outcome struct {
	Order   OrderID
	Side    Side
	Status  Status
	Reason  Reason
	Qty     Qty
	Open    Qty
	Expires Instant
	Kept    bool // Replace: the order kept its place
}

// Entry is one accepted command with everything it did: what the journal keeps.
type Entry struct {
	Command Command
	Outcome Outcome
	Events  []Event
	FeedSeq int64 // of the market after this entry
}
