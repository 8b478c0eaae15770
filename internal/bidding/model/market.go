package model

import (
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// Bounds of every market (MKT-001).
const (
	DefaultTick money.Minor = 100
	MaxPrice    money.Minor = 100_000_000
	MaxQuantity Qty         = 100
)

// Settings are what an operator may change of a market (MKT-001).
type Settings struct {
	Tick      money.Minor // prices are multiples of it; also the lowest price
	MaxPrice  money.Minor
	PriceRule PriceRule
	State     MarketState
	Version   int64 // rises by one with each change
}

// DefaultSettings are a new market's.
func DefaultSettings() Settings {
	return Settings{Tick: DefaultTick, MaxPrice: MaxPrice, PriceRule: SellerAsk, State: MarketOpen, Version: 1}
}

// Listing is what a market knows of its product, copied from the catalogue (MKT-002).
type Listing struct {
	Product     id.UUID
	ProductName string
	SKU         string
	SizeLabel   string
	Currency    money.Currency
	Version     int64 // of the product, when this was read; 0: not confirmed since the market is there
	Delisted    bool  // the product left the catalogue: nothing can be placed
}

// Unconfirmed returns the listing of a market that opens: nothing can be placed until
// the catalogue was looked at again. A change of the product that was told before the
// market was there has passed it by.
func (l Listing) Unconfirmed() Listing {
	l.Version, l.Delisted = 0, true
	return l
}

// Follow returns the listing with what the catalogue says now. Product, size and currency
// of a market never change.
func (l Listing) Follow(now Listing) Listing {
	l.ProductName, l.SKU, l.Version, l.Delisted = now.ProductName, now.SKU, now.Version, now.Delisted
	return l
}

// Market is one size of one product.
type Market struct {
	ID       MarketID
	Listing  Listing
	Settings Settings
	FeedSeq  int64 // gap-free count of what market-data clients have seen
	LastSale Sale  // zero when nothing was sold yet
}

// State is what the market takes now: nothing when its product left the catalogue,
// whatever its settings say.
func (m *Market) State() MarketState {
	if m.Listing.Delisted {
		return MarketHalted
	}
	return m.Settings.State
}

// Level is one price with the quantity that rests at it.
type Level struct {
	Price money.Minor
	Qty   int64
}

// Sale is one line of the sales tape; it names nobody.
type Sale struct {
	Match MatchID
	Price money.Minor
	Qty   Qty
	At    Instant
}

// Volume is what was sold in a window of time.
type Volume struct {
	Value money.Minor // sum of price x quantity
	Sales int64       // number of matches
}

// MarketPrice is what a market looks like as of its last commit (DATA-001).
type MarketPrice struct {
	Market             Market
	BestBid, BestAsk   Level // zero quantity when the side is empty
	OpenBids, OpenAsks int64 // number of orders
	Day, ThreeDays     Volume
}

// AccountLimits say how many orders an account may have open (MATCH-015).
type AccountLimits struct {
	PerMarket int32
	Total     int32
}

// DefaultLimits are every account's unless an operator changed them.
var DefaultLimits = AccountLimits{PerMarket: 50, Total: 10_000}

// Ban says whether an account may place anything. Of two, the one with the higher version holds.
type Ban struct {
	Version int64 // of the account
	Lifted  bool
}

// Longest and default lives of orders (MATCH-009).
const (
	MaxLife        = 365 * 24 * time.Hour
	DefaultBidLife = 30 * 24 * time.Hour
	DefaultAskLife = 365 * 24 * time.Hour
	WarnBefore     = 24 * time.Hour // its end; an order that lives no longer has no warning
)
