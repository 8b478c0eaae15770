package main

// newsMutants are mistakes in what services tell each other and make of it.
func newsMutants() []mutant {
	return append(revocationMutants(), eventMutants()...)
}

// revocationMutants let tokens count that should not.
func revocationMutants() []mutant {
	const list, edge = "pkg/auth/revocations.go", "pkg/rpc/authenticate.go"
	return []mutant{
		{
			name: "ended-session-still-calls", rule: "USER-006", tests: []suite{{pkg: "pkg/auth", run: "USER_006"}}, file: list,
			from: "ended := r.ended[c.Session]; ended {",
			to:   "ended := r.ended[c.Session]; ended && c.Roles == nil {",
		},
		{
			name: "news-never-grows-old", rule: "USER-006", tests: []suite{{pkg: "pkg/revocation", run: "USER_006"}}, file: list,
			from: "clock.Since(r.heard) <= RevocationsAge",
			to:   "clock.Since(r.heard) <= 1000*RevocationsAge",
		},
		{
			name: "writes-go-on-without-news", rule: "USER-006", tests: []suite{{pkg: "pkg/rpc", run: "USER_006"}}, file: edge,
			from: "!c.method.reads && !s.revocations.Fresh()",
			to:   "!c.method.reads && c.token == \"\"",
		},
		{
			name: "stream-outlives-its-session", rule: "USER-006", tests: []suite{{pkg: "pkg/rpc", run: "USER_006"}}, file: "pkg/rpc/intercept.go",
			from: "\t\tif err != nil {\n\t\t\tend(err)\n",
			to:   "\t\tif err != nil && c.token == \"\" {\n\t\t\tend(err)\n",
		},
		{
			name: "logout-tells-nobody", rule: "USER-006", tests: []suite{{pkg: "internal/user", run: "USER_006"}}, file: "internal/user/service/revocations.go",
			from: "if err != nil || len(ended) == 0 {",
			to:   "if err != nil || len(ended) < 2 {",
		},
		{
			name: "any-service-may", rule: "AUTH-002", tests: []suite{{pkg: "pkg/rpc", run: "AUTH_002"}}, file: "pkg/rpc/method.go",
			from: "slices.Contains(m.services, service)",
			to:   "slices.ContainsFunc(m.services, func(string) bool { return true })",
		},
		{
			name: "service-tokens-share-the-key", rule: "AUTH-002", tests: []suite{{pkg: "pkg/auth", run: "AUTH_002"}}, file: "pkg/auth/refresh.go",
			from: "h.Write([]byte(message))",
			to:   "h.Write([]byte(message)[:1])",
		},
	}
}

// eventMutants lose events, repeat them, or give them no effect.
func eventMutants() []mutant {
	bidding := func(run string) []suite { return []suite{{pkg: "internal/bidding", run: run}} }
	return []mutant{
		{
			name: "banned-account-still-places", rule: "USER-006", tests: bidding("USER_006"), file: "internal/bidding/engine/state.go",
			from: "return known && !b.Lifted",
			to:   "return known && b.Lifted",
		},
		{
			name: "ban-leaves-orders-open", rule: "USER-006", tests: bidding("USER_006"), file: "internal/bidding/engine/ban.go",
			from: "if !c.Ban.Lifted {",
			to:   "if false && !c.Ban.Lifted {",
		},
		{
			name: "old-ban-comes-again", rule: "USER-006", tests: bidding("USER_006"), file: "internal/bidding/engine/ban.go",
			from: "ok && c.Ban.Version <= known.Version {",
			to:   "ok && c.Ban.Version == known.Version {",
		},
		{
			name: "restart-forgets-bans", rule: "USER-006", tests: bidding("USER_006"), file: "internal/bidding/repository/load.go",
			from: "l.into.Ban(account, ban)",
			to:   "_ = account",
		},
		{
			name: "delisted-market-takes-orders", rule: "MKT-002", tests: bidding("MKT_002"), file: "internal/bidding/book/place.go",
			from: "s.State == model.MarketHalted || b.delisted:",
			to:   "s.State == model.MarketHalted:",
		},
		{
			name: "hidden-product-keeps-its-orders", rule: "MKT-002", tests: bidding("MKT_002"), file: "internal/bidding/book/book.go",
			from: "\t\t\tb.clear()\n",
			to:   "\t\t\tb.delisted = true\n",
		},
		{
			name: "old-listing-comes-again", rule: "MKT-002", tests: bidding("MKT_002"), file: "internal/bidding/engine/apply.go",
			from: "c.Listing.Version <= m.Listing.Version {",
			to:   "c.Listing.Version == m.Listing.Version {",
		},
		{
			name: "change-before-the-market-is-missed", rule: "MKT-002", tests: bidding("MKT_002"), file: "internal/bidding/model/market.go",
			from: "l.Version, l.Delisted = 0, true",
			to:   "l.Delisted = false",
		},
		{
			name: "opening-cut-off-stays-so", rule: "MKT-002", tests: bidding("MKT_002"), file: "internal/bidding/service/service.go",
			from: "return err != nil || (v.Market.Listing.Version != 0 && v.Market.State() == model.MarketHalted)",
			to:   "return err != nil || v.Market.State() == model.MarketHalted",
		},
		{
			name: "met-while-it-opened-is-refused", rule: "MKT-002", tests: bidding("MKT_002"), file: "internal/bidding/service/service.go",
			from: "return err != nil || (v.Market.Listing.Version != 0 && v.Market.State() == model.MarketHalted)",
			to:   "return err != nil || v.Market.Listing.Version != 0",
		},
		{
			name: "batch-leaves-an-opening-cut-off", rule: "MKT-002", tests: bidding("MKT_002"), file: "internal/bidding/service/bulk.go",
			from: "case err != nil, v.Market.Listing.Version != 0:",
			to:   "case err != nil, v != nil:",
		},
		{
			name: "consumer-skips-what-fails", rule: "EVENT-001", tests: []suite{{pkg: "pkg/event", run: "EVENT_001"}}, file: "pkg/event/consumer.go",
			from: "c.handler.Handle(ctx, partition, b); err != nil {",
			to:   "c.handler.Handle(ctx, partition, b); err != nil && b.Seq > 1<<40 {",
		},
		{
			name: "consumer-jumps-over-gaps", rule: "EVENT-001", tests: []suite{{pkg: "pkg/event", run: "EVENT_001"}}, file: "pkg/event/consumer.go",
			from: "case r.GetSeq() != after+1:",
			to:   "case r.GetSeq() <= after:",
		},
		{
			name: "positions-without-a-lock", rule: "EVENT-001", tests: []suite{{pkg: "pkg/outbox", run: "EVENT_001"}}, file: "pkg/outbox/outbox.go",
			from: "`WITH head AS (UPDATE ` + head + ` SET seq = seq + $2 RETURNING seq)",
			to:   "`WITH head AS (SELECT coalesce((SELECT max(seq) FROM ` + table + `), 0) + $2::bigint AS seq)",
		},
	}
}
