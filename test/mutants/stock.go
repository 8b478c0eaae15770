package main

// stockMutants are mistakes in what the platform holds.
func stockMutants() []mutant {
	const (
		stock        = "internal/product/model/stock.go"
		operations   = "internal/product/service/stock.go"
		reservations = "internal/product/service/reservation.go"
		queries      = "internal/product/repository/dbgen/"
	)
	service := suite{pkg: "internal/product/service", run: "TestPROD_005|TestPROD_006", draws: true}
	whole, tests := []suite{{pkg: "internal/product/model", draws: true}, service}, []suite{service}
	asks := []suite{{pkg: "test/e2e", run: "MATCH_016"}}
	return []mutant{
		{
			name: "ask-placed-before-its-items-are-there", rule: "MATCH-016", tests: asks, file: "internal/bidding/service/stock.go",
			from: "n <= int(c.Qty); n++ {",
			to:   "n < int(c.Qty); n++ {",
		},
		{
			name: "sold-items-are-given-back", rule: "MATCH-016", tests: asks, file: "internal/bidding/repository/stock.go",
			from: "least(held, open + sold)",
			to:   "least(held, open + 0 * sold)",
		},
		{
			name: "orphaned-items-stay-set-aside", rule: "MATCH-016", tests: asks, file: "internal/bidding/repository/stock.go",
			from: "OR (asks = 0 AND created_at < $1)",
			to:   "OR (asks = 0 AND created_at < $1 - interval '1 year')",
		},
		{
			name: "oversell", rule: "PROD-005", tests: whole, file: stock,
			from: "if quantity > s.Stock.Available() {",
			to:   "if quantity > s.Stock.Quantity {",
		},
		{
			name: "oversell-unlocked", rule: "PROD-005", tests: tests, file: queries + "sizes.sql.go",
			from: "WHERE s.id = $1 FOR UPDATE OF s",
			to:   "WHERE s.id = $1",
		},
		{
			name: "reserved-items-are-taken-away", rule: "PROD-005", tests: whole, file: stock,
			from: "case after < int64(s.Stock.Reserved):",
			to:   "case after < 0:",
		},
		{
			name: "sell-what-was-released", rule: "PROD-005", tests: whole, file: stock,
			from: "if r.State != Held {",
			to:   "if r.State == to {",
		},
		{
			name: "sold-items-stay", rule: "PROD-005", tests: whole, file: stock,
			from: "delta.Quantity = -r.Quantity",
			to:   "delta.Quantity = 0",
		},
		{
			name: "release-not-idempotent", rule: "PROD-005", tests: tests, file: reservations,
			from: "if r.State == to {",
			to:   "if r.State == to && to == model.Sold {",
		},
		{
			name: "reference-used-for-something-else", rule: "PROD-005", tests: tests, file: reservations,
			from: "case err == nil && h.Same(first):",
			to:   "case err == nil && h.SizeID == first.SizeID:",
		},
		{
			name: "deleted-product-is-still-reserved", rule: "PROD-001", file: reservations,
			tests: []suite{{pkg: "internal/product/service", run: "TestPROD_001"}},
			from:  "case w.deleted:",
			to:    "case w.deleted && h.Quantity == 0:",
		},
		{
			name: "expired-reservation-sold", rule: "PROD-005", tests: tests, file: operations,
			from: "if _, err := w.expire(ctx); err != nil {",
			to:   "if _, err := w.Overdue(ctx, w.now); err != nil {",
		},
		{
			name: "reservation-held-a-moment-long", rule: "PROD-005", tests: tests, file: queries + "stock.sql.go",
			from: "WHERE size_id = $1 AND state = 'held' AND expires_at <= $2",
			to:   "WHERE size_id = $1 AND state = 'held' AND expires_at < $2",
		},
		{
			name: "refusal-forgets-the-expiry", rule: "PROD-005", tests: tests, file: operations,
			from: "refusal = err\n\t\t\treturn nil",
			to:   "return err",
		},
		{
			name: "adjustment-repeated-with-another-delta", rule: "PROD-005", tests: tests, file: operations,
			from: "if found && !a.Same(first) {",
			to:   "if found && (a.SizeID != first.SizeID || a.Reason != first.Reason) {",
		},
		{
			name: "trail-row-with-wrong-before", rule: "PROD-006", tests: whole, file: stock,
			from: "Kind: kind, Before: s.Stock,",
			to:   "Kind: kind, Before: Stock{Quantity: s.Stock.Quantity},",
		},
		{
			name: "trail-names-nobody", rule: "PROD-006", tests: whole, file: stock,
			from: "Reason: c.Reason, Actor: c.Actor, At: c.At,",
			to:   "Reason: c.Reason, At: c.At,",
		},
	}
}
