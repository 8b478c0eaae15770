// Package model is the vocabulary of the exchange: limit orders, matches,
// markets, the commands that change them and the events that say what changed.
// It holds no clock, no I/O and no context.
package model

import (
	"fmt"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// OrderID names a bid or an ask. Orders and matches are numbered by their market's
// single writer, n*256 + shard, so that a rising id is commit order (ID-001).
type OrderID int64

// MatchID names a match, numbered like orders.
type MatchID int64

// MarketID is the id of the market's size.
type MarketID = id.UUID

// AccountID is the id of somebody who trades.
type AccountID = id.UUID

// Qty is a number of items.
type Qty int32

// Instant is microseconds since 1970, UTC: logical time as the journal stores it.
type Instant int64

// At converts a time of the injected clock.
func At(t time.Time) Instant { return Instant(t.UnixMicro()) }

// Time converts back, UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

// Side is one side of a book.
type Side uint8

// The two sides. The zero Side means both, where a command allows it.
const (
	Bid Side = 1
	Ask Side = 2
)

// Opposite returns the other side.
func (s Side) Opposite() Side { return 3 - s }

// String returns "bid" or "ask".
func (s Side) String() string { return name(sideNames, s) }

var sideNames = []string{"", "bid", "ask"}

// OrderType says how long an order lives (MATCH-010).
type OrderType uint8

// The order types.
const (
	Limit    OrderType = 1 // rests until matched, cancelled or expired
	IOC      OrderType = 2 // fills what it can; the rest is cancelled
	FOK      OrderType = 3 // fills completely or is rejected
	PostOnly OrderType = 4 // rests without matching or is rejected
)

// String returns the type as tables hold it.
func (t OrderType) String() string { return name(orderTypeNames, t) }

var orderTypeNames = []string{"", "limit", "ioc", "fok", "post_only"}

// SelfTrade says what gives way when an order meets one of its own account (MATCH-007).
type SelfTrade uint8

// The self-trade modes.
const (
	CancelNewest SelfTrade = 1
	CancelOldest SelfTrade = 2
	CancelBoth   SelfTrade = 3
)

// String returns the mode as tables hold it.
func (s SelfTrade) String() string { return name(selfTradeNames, s) }

var selfTradeNames = []string{"", "cancel_newest", "cancel_oldest", "cancel_both"}

// Status is where a bid or ask is in its life (MATCH-008).
type Status uint8

// The statuses; the first two are open.
const (
	Active           Status = 1
	PartiallyMatched Status = 2
	Matched          Status = 3
	Cancelled        Status = 4
	Expired          Status = 5
	Rejected         Status = 6
)

// Open reports whether an order of this status rests in the book.
func (s Status) Open() bool { return s == Active || s == PartiallyMatched }

// String returns the status as tables hold it.
func (s Status) String() string { return name(statusNames, s) }

var statusNames = []string{"", "active", "partially_matched", "matched", "cancelled", "expired", "rejected"}

// MarketState says what a market takes (MKT-001).
type MarketState uint8

// The market states.
const (
	MarketOpen     MarketState = 1
	MarketPostOnly MarketState = 2 // crossing orders are refused
	MarketHalted   MarketState = 3 // place and replace are refused; cancel and expiry work
)

// String returns the state as tables hold it.
func (s MarketState) String() string { return name(marketStateNames, s) }

var marketStateNames = []string{"", "open", "post_only", "halted"}

// PriceRule says whose price a match has (MATCH-003).
type PriceRule uint8

// The price rules.
const (
	SellerAsk PriceRule = 1 // the ask's price, whichever side came first
	Resting   PriceRule = 2 // the resting order's price
)

// String returns the rule as tables hold it.
func (r PriceRule) String() string { return name(priceRuleNames, r) }

var priceRuleNames = []string{"", "seller_ask", "resting"}

func name[T ~uint8](names []string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("unknown(%d)", uint8(v))
}

// parse finds a name in a list; 0 and false when it is not there.
func parse[T ~uint8](names []string, s string) (T, bool) {
	for i, n := range names {
		if n == s && i > 0 {
			return T(i), true
		}
	}
	return 0, false
}

// ParseStatus reads a status as tables hold it.
func ParseStatus(s string) (Status, bool) { return parse[Status](statusNames, s) }

// ParseOrderType reads an order type as tables hold it.
func ParseOrderType(s string) (OrderType, bool) { return parse[OrderType](orderTypeNames, s) }

// ParseSelfTrade reads a self-trade mode as tables hold it.
func ParseSelfTrade(s string) (SelfTrade, bool) { return parse[SelfTrade](selfTradeNames, s) }

// ParseMarketState reads a market state as tables hold it.
func ParseMarketState(s string) (MarketState, bool) { return parse[MarketState](marketStateNames, s) }

// ParsePriceRule reads a price rule as tables hold it.
func ParsePriceRule(s string) (PriceRule, bool) { return parse[PriceRule](priceRuleNames, s) }

// Statuses lists every status as tables hold it, in order; the SQL CHECK is compared with it.
func Statuses() []string { return append([]string(nil), statusNames[1:]...) }

// Reason says why an order was closed or rejected.
type Reason string

// The reasons of MATCH-008, MATCH-012, MATCH-013, USER-006 and MKT-002.
const (
	ReasonNone         Reason = ""
	ReasonRequested    Reason = "REQUESTED"
	ReasonReplaced     Reason = "REPLACED"
	ReasonIOCRemainder Reason = "IOC_REMAINDER"
	ReasonSelfTrade    Reason = "SELF_TRADE"
	ReasonFOK          Reason = "FOK_NOT_FILLABLE"
	ReasonPostOnly     Reason = "POST_ONLY_WOULD_CROSS"
	ReasonBanned       Reason = "ACCOUNT_BANNED"
	ReasonDelisted     Reason = "PRODUCT_DELISTED"
	ReasonDeadMan      Reason = "DEAD_MAN_SWITCH"
)
