package main

// bookMutants are mistakes in matching itself.
func bookMutants() []mutant {
	const dir = "internal/bidding/book/"
	tests := []suite{{pkg: "internal/bidding/book", draws: true}}
	return []mutant{
		{
			name: "last-comes-first", rule: "MATCH-001", tests: tests, file: dir + "ladder.go",
			from: "for after != 0 && s.nodes[after].priority > n.priority {",
			to:   "for after != 0 {",
		},
		{
			name: "equal-prices-do-not-match", rule: "MATCH-002", tests: tests, file: dir + "ladder.go",
			from: "return best != nil && !l.better(price, best.price)",
			to:   "return best != nil && l.better(best.price, price)",
		},
		{
			name: "buyer-pays-his-limit", rule: "MATCH-003", tests: tests, file: dir + "place.go",
			from: "e.Price, e.BidPrice = rest.price, t.price",
			to:   "e.Price, e.BidPrice = t.price, t.price",
		},
		{
			name: "resting-rule-for-everybody", rule: "MATCH-003", tests: tests, file: dir + "place.go",
			from: "if b.settings.PriceRule == model.Resting {",
			to:   "if b.settings.PriceRule != 0 {",
		},
		{
			name: "gave-up-price-is-the-own-one", rule: "MATCH-003", tests: tests, file: dir + "place.go",
			from: "e.Price, e.BidPrice = t.price, rest.price",
			to:   "e.Price, e.BidPrice = t.price, t.price",
		},
		{
			name: "fill-takes-one-item-too-many", rule: "MATCH-006", tests: tests, file: dir + "place.go",
			from: "b.ladders[rest.side].reduce(rest, qty)",
			to:   "b.ladders[rest.side].reduce(rest, min(rest.open, qty+1))",
		},
		{
			name: "trades-with-himself", rule: "MATCH-007", tests: tests, file: dir + "place.go",
			from: "if t.slot != 0 && b.orders.nodes[slot].account == t.slot {",
			to:   "if t.slot < 0 {",
		},
		{
			name: "cancel-both-keeps-the-resting", rule: "MATCH-007", tests: tests, file: dir + "place.go",
			from: "if t.self != model.CancelNewest {",
			to:   "if t.self == model.CancelOldest {",
		},
		{
			name: "ioc-remainder-rests", rule: "MATCH-008", tests: tests, file: dir + "place.go",
			from: "case t.kind == model.IOC:",
			to:   "case t.kind == model.FOK:",
		},
		{
			name: "expires-a-moment-late", rule: "MATCH-009", tests: tests, file: dir + "expiry.go",
			from: "b.expiries[0].at <= at {",
			to:   "b.expiries[0].at < at {",
		},
		{
			name: "compacted-heap-is-no-heap", rule: "MATCH-009", tests: tests, file: dir + "expiry.go",
			from: "for i := len(kept)/2 - 1; i >= 0; i-- {",
			to:   "for i := len(kept)/2 - 1; i > 0; i-- {",
		},
		{
			name: "fok-fills-in-part", rule: "MATCH-010", tests: tests, file: dir + "place.go",
			from: "!b.fillable(t, opposite):",
			to:   "!opposite.crosses(t.price):",
		},
		{
			name: "more-keeps-its-place", rule: "MATCH-012", tests: tests, file: dir + "cancel.go",
			from: "if c.Price == n.price && c.Qty <= n.open {",
			to:   "if c.Price == n.price {",
		},
		{
			name: "replaced-order-lives-anew", rule: "MATCH-012", tests: tests, file: dir + "cancel.go",
			from: "expires: n.expires, replaces: n.id,",
			to:   "expires: n.expires + model.Instant(c.Life), replaces: n.id,",
		},
		{
			name: "anybody-cancels-anything", rule: "MATCH-012", tests: tests, file: dir + "cancel.go",
			from: "if n.side != c.Side || b.accounts.list[n.account].id != c.Account {",
			to:   "if n.side != c.Side {",
		},
		{
			name: "one-open-order-too-many", rule: "MATCH-015", tests: tests, file: dir + "place.go",
			from: "b.accounts.list[slot].open >= c.Limits.PerMarket {",
			to:   "b.accounts.list[slot].open > c.Limits.PerMarket {",
		},
		{
			name: "price-off-the-tick", rule: "MKT-001", tests: tests, file: dir + "place.go",
			from: "case price%s.Tick != 0:",
			to:   "case price%s.Tick < 0:",
		},
		{
			name: "highest-price-below-what-rests", rule: "MKT-001", tests: tests, file: dir + "book.go",
			from: "if l.price%s.Tick != 0 || l.price > s.MaxPrice {",
			to:   "if l.price%s.Tick != 0 {",
		},
		{
			name: "depth-forgets-fills", rule: "DATA-002", tests: tests, file: dir + "ladder.go",
			from: "l.levels[i].qty -= int64(by)",
			to:   "_ = i",
		},
	}
}
