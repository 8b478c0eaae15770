package model

// FeedUpdate is what a watcher of a market is told (DATA-003): everything at first, then
// what changed since the update before. One without changes says that nothing happened.
type FeedUpdate struct {
	Snapshot   bool      // Bids and Asks are all there is, not what changed
	PrevSeq    int64     // of the update before; 0 in a snapshot
	Seq        int64     // of the market's feed
	Bids, Asks []Level   // best first; absolute quantities, 0 = the level is gone
	Checksum   uint32    // of the book as it is now
	Trades     []Sale    // since PrevSeq, or since what the watcher had; oldest first
	Undone     []MatchID // sales that count no longer, in the same span
	Missed     bool      // more happened than Trades and Undone tell
	Price      MarketPrice
	Candles    []FeedCandle // present ones that are told anew
}

// Watch is what a watcher has and wants.
type Watch struct {
	After  int64 // the sequence it has; 0: none
	Levels int   // of each side, at most 100
}

// ChangedLevels lists what turns one side of a book into another: levels that are new or
// have another quantity, and those that are gone, with quantity 0. Both lists, and the
// answer, are best first.
func ChangedLevels(side Side, from, to []Level) []Level {
	var out []Level
	for len(from) > 0 || len(to) > 0 {
		switch {
		case len(to) == 0 || (len(from) > 0 && better(side, from[0], to[0])):
			out = append(out, Level{Price: from[0].Price})
			from = from[1:]
		case len(from) == 0 || better(side, to[0], from[0]):
			out = append(out, to[0])
			to = to[1:]
		default:
			if from[0].Qty != to[0].Qty {
				out = append(out, to[0])
			}
			from, to = from[1:], to[1:]
		}
	}
	return out
}

func better(side Side, a, b Level) bool {
	if side == Bid {
		return a.Price > b.Price
	}
	return a.Price < b.Price
}
