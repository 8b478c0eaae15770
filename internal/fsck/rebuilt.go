package fsck

import (
	"context"
	"hash/fnv"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
)

// The sides of a book as the journal counts them.
const (
	bid int32 = 1
	ask int32 = 2
)

// orderRow is a row of bids or asks.
type orderRow struct {
	ID                     int64
	Market, User           id.UUID
	Price                  int64
	Quantity, OpenQuantity int32
	Status, Reason         string
	Type, SelfTrade        string
	Priority               int64
	ClientOrderID          string
	Replaces, Reinstates   int64
	CreatedAt, ExpiresAt   instant
	ClosedAt               instant
	ClosedN                int64
	Version                int64
	Warned                 bool
	Stock                  id.UUID
}

// order is a bid or ask as the journal's events leave it.
type order struct {
	orderRow
	side  int32
	first int32 // the quantity it came in with
}

func (o *order) number() int64 {
	if o == nil {
		return 0
	}
	return o.ID
}

// matchRow is a row of matches.
type matchRow struct {
	ID, Bid, Ask     int64
	Market           id.UUID
	Buyer, Seller    id.UUID
	Price, BidPrice  int64
	Quantity         int32
	Taker, PriceRule string
	CreatedAt        instant
}

// reversalRow is what a row of matches says of its reversal.
type reversalRow struct {
	At    instant
	Why   string
	Stand int64 // the ask that stands in for the match's
}

// market is a row of bidding_markets.
type market struct {
	ID, Product                      id.UUID
	Slot                             int16
	ProductName, SKU, SizeLabel      string
	Currency                         string
	Tick, MaxPrice                   int64
	PriceRule, State                 string
	Version, FeedSeq, ListingVersion int64
	Listed                           bool
	LastSaleMatch, LastSalePrice     int64
	LastSaleQuantity                 int32
	LastSaleAt, CreatedAt, UpdatedAt instant
}

// limitRow is a row of bidding_account_limits.
type limitRow struct {
	PerMarket, Total int32
	Actor            id.UUID
	UpdatedAt        instant
}

// exchange is what the journals of all shards say, as far as it is still needed:
// closed orders and matches are compared with the tables in parcels and let go.
type exchange struct {
	*inspection
	markets map[id.UUID]*market
	limited map[id.UUID]map[int16]limitRow // by account and shard: each shard is told
	banned  map[banKey]banRow
	deadMen map[banKey]instant    // switches that are set
	settled [3][]orderRow         // by side; to be compared
	sold    []matchRow            // to be compared
	undone  map[int64]reversalRow // by match
	seen    struct {
		orders  [3]numbers
		matches numbers
	}
}

func newExchange(i *inspection) *exchange {
	return &exchange{inspection: i, markets: make(map[id.UUID]*market), limited: make(map[id.UUID]map[int16]limitRow), banned: make(map[banKey]banRow), undone: make(map[int64]reversalRow), deadMen: make(map[banKey]instant)}
}

// settle puts an order that will not change any more up for comparison.
func (x *exchange) settle(ctx context.Context, o *order) error {
	x.settled[o.side] = append(x.settled[o.side], o.orderRow)
	x.seen.orders[o.side].add(o.ID)
	if len(x.settled[o.side]) < parcel {
		return nil
	}
	return x.compareParcels(ctx)
}

// openMarket enters a market; its slot is its id's FNV-1a hash modulo 256.
func (a *act) openMarket(key id.UUID, v *journalv1.OpenMarket) {
	if a.markets[key] != nil || len(a.entry.GetEvents()) > 0 {
		a.found("J06", "%s: market %s cannot be opened", a.at, key)
		return
	}
	product, _ := a.uuid(v.GetProduct())
	h := fnv.New64a()
	_, _ = h.Write(key[:]) // a hash never fails
	m := &market{
		ID: key, Product: product, Slot: int16(h.Sum64() % 256), ProductName: v.GetProductName(), SKU: v.GetSku(),
		SizeLabel: v.GetSizeLabel(), Currency: v.GetCurrency(), FeedSeq: a.entry.GetFeedSeq(), CreatedAt: a.row.at, UpdatedAt: a.row.at,
		ListingVersion: v.GetVersion(), Listed: !v.GetDelisted(),
	}
	m.set(v.GetSettings())
	a.markets[key] = m
}

func (m *market) set(s *journalv1.Settings) {
	m.Tick, m.MaxPrice, m.Version = s.GetTick(), s.GetMaxPrice(), s.GetVersion()
	m.PriceRule, m.State = word(priceRules, s.GetPriceRule()), word(states, s.GetState())
}

func (a *act) limits(v *journalv1.Limits) {
	account, ok := a.uuid(v.GetAccount())
	actor, known := a.uuid(v.GetActor())
	if !ok || !known {
		return
	}
	if a.limited[account] == nil {
		a.limited[account] = make(map[int16]limitRow)
	}
	a.limited[account][a.number] = limitRow{v.GetMaxOpenPerMarket(), v.GetMaxOpenTotal(), actor, a.row.at}
}
