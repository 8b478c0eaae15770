package model

import (
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// CommandKind says what a command does.
type CommandKind uint8

// The commands. Everything that changes a book is one of them.
const (
	Place CommandKind = iota + 1
	Cancel
	CancelAll
	Replace
	Expire // nothing but the orders whose time has come
	OpenMarket
	ChangeSettings
	ChangeLimits
	ChangeListing // what the catalogue says now; a delisted market loses its orders (MKT-002)
	ChangeBan     // of an account in the whole shard: it loses its orders, or may place again (USER-006)
	SetDeadMan    // an account's orders in the shard end at Ends unless that is put off; 0 = no longer (MATCH-013)
	ReverseMatch  // a sale that came to nothing: it leaves the market's data, and its ask may come back (MATCH-006)
)

// Command asks one market for one change. Which fields count depends on Kind.
type Command struct {
	Kind          CommandKind
	Market        MarketID
	Account       AccountID
	Side          Side // Place; CancelAll: 0 = both; Cancel and Replace: the side the caller believes; ReverseMatch: Ask
	Type          OrderType
	SelfTrade     SelfTrade
	Price         money.Minor
	Qty           Qty       // Place: wanted; Replace: open quantity wanted
	Life          int64     // Place, SetDeadMan: microseconds from the logical time until it ends
	Ends          Instant   // SetDeadMan, as it is journaled: the logical time then, plus Life
	Order         OrderID   // Cancel, Replace
	ClientOrderID string    // Place, Replace; blank = none (MATCH-011)
	Stock         id.UUID   // Place: of consigned items that were set aside under it; zero: none (MATCH-016)
	Content       uint64    // fingerprint of what the client sent, to tell a repeat from a change
	Confirmed     bool      // Place, Replace: an unusual price is meant (MATCH-015)
	Listing       *Listing  // OpenMarket, ChangeListing; nil in the others
	Settings      *Settings // OpenMarket, ChangeSettings; nil in the others
	Reversal      *Reversal // ReverseMatch; nil in the others
	Limits        AccountLimits
	Ban           Ban
	Reason        Reason  // CancelAll: why, when the account did not ask for it; blank = REQUESTED. SetDeadMan: it has fired
	Actor         id.UUID // who changed settings or limits
}
