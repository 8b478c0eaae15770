package main

// engineMutants are mistakes around the books: in the queue, the commit, the fence.
func engineMutants() []mutant {
	const dir = "internal/bidding/engine/"
	const repository = "internal/bidding/repository/"
	tests := []suite{{pkg: "internal/bidding/engine"}}
	cluster := []suite{{pkg: "internal/bidding/cluster"}}
	feed := []suite{{pkg: "internal/bidding/model", run: "DATA_003", draws: true}, {pkg: "internal/bidding", run: "DATA_003_A|DATA_003_S"}}
	candles := []suite{{pkg: "internal/bidding", run: "DATA_002"}}
	fence := []suite{{pkg: "internal/bidding/repository", run: "TestFence|TestClaim"}}
	dropcopy := []suite{{pkg: "internal/bidding", run: "DATA_003_(Some|Who|APriv)"}}
	reversal := []suite{{pkg: "internal/bidding", run: "MATCH_006|ORDER_002"}}
	return []mutant{
		{
			name: "shard-of-two-databases-in-both", rule: "MATCH-005", tests: []suite{{pkg: "internal/bidding", run: "TwoDatabases|AShardIsNot"}}, file: repository + "spread.go",
			from: "if seq > 0 && !s.own(r, shard) {",
			to:   "if seq < 0 && !s.own(r, shard) {",
		},
		{
			name: "list-from-one-database", rule: "DATA-004", tests: []suite{{pkg: "internal/bidding", run: "TwoDatabases"}}, file: repository + "spread_read.go",
			from: "return cmp.Compare(number(&b), number(&a))",
			to:   "return cmp.Compare(number(&a), number(&b))",
		},
		{
			name: "sale-in-the-candle-twice", rule: "DATA-003", tests: []suite{{pkg: "internal/bidding/service"}}, file: "internal/bidding/service/candler.go",
			from: "start < candle.Start || s.Match <= candle.Last:",
			to:   "start < candle.Start || s.Match < 0:",
		},
		{
			name: "candle-of-the-time-before", rule: "DATA-003", tests: []suite{{pkg: "internal/bidding", run: "DATA_003_AFeedTells"}}, file: "internal/bidding/service/candler.go",
			from: "case start > candle.Start:",
			to:   "case start < candle.Start:",
		},
		{
			name: "what-was-missed-is-not-told", rule: "DATA-003", tests: dropcopy, file: "internal/bidding/dropcopy/watch.go",
			from: "if seq <= to[shard] {",
			to:   "if seq < to[shard] {",
		},
		{
			name: "told-beside-the-snapshot-too", rule: "DATA-003", tests: []suite{{pkg: "internal/bidding/dropcopy"}}, file: "internal/bidding/dropcopy/dropcopy.go",
			from: "if u.seq > l.from[u.shard] {",
			to:   "if u.seq >= l.from[u.shard] {",
		},
		{
			name: "drop-copy-for-the-other-party-alone", rule: "DATA-003", tests: dropcopy, file: "internal/bidding/dropcopy/dropcopy.go",
			from: "out[e.Buyer], out[e.Seller] = append(out[e.Buyer], u), append(out[e.Seller], u)",
			to:   "out[e.Seller] = append(out[e.Seller], u)",
		},
		{
			name: "switch-forgotten-by-a-restart", rule: "MATCH-013", tests: []suite{{pkg: "internal/bidding", run: "MATCH_013"}}, file: repository + "load.go",
			from: "SELECT account_id, ends_at FROM bidding_dead_men WHERE shard = $1`",
			to:   "SELECT account_id, ends_at FROM bidding_dead_men WHERE shard = $1 AND false`",
		},
		{
			name: "switch-put-off-is-not", rule: "MATCH-013", tests: []suite{{pkg: "internal/bidding", run: "MATCH_013"}}, file: dir + "deadman.go",
			from: "s.deadMen[c.Account] = c.Ends",
			to:   "if s.deadMen[c.Account] == 0 {\n\t\t\ts.deadMen[c.Account] = c.Ends\n\t\t}",
		},
		{
			name: "owner-warned-twice", rule: "MATCH-009", tests: []suite{{pkg: "internal/bidding", run: "MATCH_009"}}, file: repository + "project.go",
			from: "warned = o.warned OR u.warned",
			to:   "warned = o.warned AND u.warned",
		},
		{
			name: "reversed-sale-stays-the-last", rule: "MATCH-006", tests: reversal, file: dir + "reverse.go",
			from: "if m.LastSale.Match == t.ID {",
			to:   "if m.LastSale.Match != t.ID {",
		},
		{
			name: "reversed-sale-still-counts", rule: "MATCH-006", tests: reversal, file: dir + "volume.go",
			from: "v.minutes[i].sold.Sales -= sold.Sales",
			to:   "v.minutes[i].sold.Sales -= 0",
		},
		{
			name: "reversal-done-twice", rule: "MATCH-006", tests: reversal, file: dir + "apply.go",
			from: "c.Kind == model.ReverseMatch && s.isReversed(c.Reversal.Match.ID)",
			to:   "c.Kind == model.ReverseMatch && s.isReversed(0)",
		},
		{
			name: "sale-before-may-be-reversed-too", rule: "MATCH-006", tests: reversal, file: dir + "reverse.go",
			from: "s.isReversed(r.Previous.Match)",
			to:   "s.isReversed(0)",
		},
		{
			name: "banned-sellers-ask-comes-back", rule: "ORDER-002", tests: reversal, file: dir + "apply.go",
			from: "c.Kind == model.ReverseMatch && s.banned(c.Reversal.Match.Seller)",
			to:   "c.Kind == model.ReverseMatch && s.banned(c.Reversal.Match.Buyer)",
		},
		{
			name: "reinstated-ask-at-the-end-of-the-queue", rule: "ORDER-002", tests: reversal, file: "internal/bidding/book/reverse.go",
			from: "priority: r.Ask.Priority,",
			to:   "priority: 0 * r.Ask.Priority,",
		},
		{
			name: "cancelled-ask-comes-back", rule: "ORDER-002", tests: reversal, file: "internal/bidding/service/reverse.go",
			from: "ask.Status != model.Cancelled &&",
			to:   "ask.Status != model.Rejected &&",
		},
		{
			name: "reply-before-commit", rule: "MATCH-005", tests: tests, file: dir + "serve.go",
			from: "go w.commit(b)",
			to:   "b.release(nil)\n\t\tgo w.commit(b)",
		},
		{
			name: "poisoned-batch-answered-ok", rule: "MATCH-005", tests: tests, file: dir + "shard.go",
			from: "b.release(model.ErrUnavailable)",
			to:   "b.release(nil)",
		},
		{
			name: "another-writers-batch-is-ours", rule: "MATCH-005", tests: tests, file: dir + "shard.go",
			from: "if found && epoch == row.Epoch && hash == row.Hash {",
			to:   "if found && epoch > 0 && len(hash) > 0 {",
		},
		{
			name: "lost-reply-is-no-commit", rule: "MATCH-005", tests: tests, file: dir + "shard.go",
			from: "if found && epoch == row.Epoch && hash == row.Hash {",
			to:   "if found && epoch > row.Epoch && hash == row.Hash {",
		},
		{
			name: "offender-takes-the-batch-along", rule: "MATCH-005", tests: tests, file: dir + "shard.go",
			from: "if errors.Is(p.cause, ErrData) {",
			to:   "if errors.Is(p.cause, ErrData) && p.again != nil {",
		},
		{
			name: "lost-lease-ignored", rule: "MATCH-005", tests: tests, file: dir + "serve.go",
			from: "case <-w.lost:\n\t\t\treturn w.abandon(ErrFenced)",
			to:   "case <-w.lost:\n\t\t\tcontinue",
		},
		{
			name: "refusal-of-a-writer-that-overslept", rule: "MATCH-005", tests: tests, file: dir + "serve.go",
			from: "if len(w.next.entries) == 0 && !w.termLasts() {",
			to:   "if len(w.next.entries) > 0 && !w.termLasts() {",
		},
		{
			name: "candle-closes-where-it-opened", rule: "DATA-002", tests: candles, file: repository + "candles.go",
			from: "(array_agg(price ORDER BY id DESC))[1]",
			to:   "(array_agg(price ORDER BY id))[1]",
		},
		{
			name: "week-begins-on-thursday", rule: "DATA-002", tests: candles, file: "internal/bidding/model/candle.go",
			from: "const monday = Instant(4 * 24 * time.Hour / time.Microsecond)",
			to:   "const monday = Instant(0 * 24 * time.Hour / time.Microsecond)",
		},
		{
			name: "statistics-of-all-time", rule: "DATA-002", tests: candles, file: repository + "candles.go",
			from: "WHERE market_id = $1 AND created_at >= $2 AND",
			to:   "WHERE market_id = $1 AND created_at <> $2 AND",
		},
		{
			name: "sale-told-twice", rule: "DATA-003", tests: feed, file: dir + "feed.go",
			from: "t.sales[first-1].seq > after {",
			to:   "t.sales[first-1].seq >= after {",
		},
		{
			name: "forgotten-sales-are-none", rule: "DATA-003", tests: feed, file: dir + "state.go",
			from: "m.tape.from = m.FeedSeq",
			to:   "m.tape.from = 0",
		},
		{
			name: "level-that-is-gone-stays", rule: "DATA-003", tests: feed, file: "internal/bidding/model/feed.go",
			from: "out = append(out, Level{Price: from[0].Price})",
			to:   "out = append(out, from[0])",
		},
		{
			name: "single-step-not-told", rule: "DATA-003", tests: feed, file: dir + "feed.go",
			from: "case v.Market.FeedSeq != f.last.Market.FeedSeq:",
			to:   "case v.Market.FeedSeq > f.last.Market.FeedSeq+1:",
		},
		{
			name: "node-keeps-more-than-its-share", rule: "MATCH-005", tests: tests, file: dir + "landscape.go",
			from: "l.load(node) < least+2",
			to:   "l.load(node) < least+3",
		},
		{
			name: "broken-stream-says-nothing-was-done", rule: "MATCH-005", tests: cluster, file: "internal/bidding/cluster/peer.go",
			from: "if c.sent {\n\t\t\tc.fail(model.ErrUnavailable)",
			to:   "if c.sent {\n\t\t\tc.fail(model.ErrNotOwner)",
		},
		{
			name: "confirmation-lost-on-the-way", rule: "MATCH-015", tests: cluster, file: "internal/bidding/cluster/wire.go",
			from: "c.Confirmed = p.GetConfirmed()",
			to:   "c.Confirmed = p.GetConfirmed() && i > 0",
		},
		{
			name: "callers-of-a-sleeping-node-wait-on", rule: "MATCH-005", tests: cluster, file: "internal/bidding/cluster/peer.go",
			from: "clock.Since(c.since) > patience && !owns(c.shard)",
			to:   "clock.Since(c.since) > patience && owns(c.shard)",
		},
		{
			name: "fence-ignores-the-epoch", rule: "MATCH-005", tests: fence, file: "migrations/000003_bidding.up.sql",
			from: "WHERE shard = p_shard AND epoch = p_epoch AND seq = p_seq - 1;",
			to:   "WHERE shard = p_shard AND seq = p_seq - 1;",
		},
		{
			name: "fence-ignores-gaps", rule: "MATCH-005", tests: fence, file: "migrations/000003_bidding.up.sql",
			from: "WHERE shard = p_shard AND epoch = p_epoch AND seq = p_seq - 1;",
			to:   "WHERE shard = p_shard AND epoch = p_epoch AND seq < p_seq;",
		},
		{
			name: "shard-taken-from-its-owner", rule: "MATCH-005", tests: fence, file: repository + "ownership.go",
			from: "(owner = $2 OR owner = '' OR expires_at < clock_timestamp())",
			to:   "(owner = $2 OR owner <> $2)",
		},
		{
			name: "lease-renewed-for-anybody", rule: "MATCH-005", tests: fence, file: repository + "ownership.go",
			from: "AND s.epoch = l.epoch AND s.owner = $3\n\t\tRETURNING",
			to:   "AND (s.owner = $3 OR s.owner <> $3)\n\t\tRETURNING",
		},
		{
			name: "shown-before-its-commit", rule: "DATA-001", tests: tests, file: dir + "batch.go",
			from: "b.views[i] = m.cut()",
			to:   "b.views[i] = m.cut()\n\t\tm.view.Store(b.views[i])",
		},
		{
			name: "read-after-the-lease", rule: "DATA-001", tests: tests, file: dir + "shard.go",
			from: ".Nanoseconds() <= s.until.Load()",
			to:   ".Nanoseconds() >= 0",
		},
		{
			name: "dedupe-forgets-the-content", rule: "MATCH-011", tests: tests, file: dir + "apply.go",
			from: "case old.content != r.command.Content:",
			to:   "case old.content != r.command.Content && old.content == 0:",
		},
		{
			name: "dedupe-mixes-accounts", rule: "MATCH-011", tests: tests, file: dir + "dedupe.go",
			from: "return orderKey{c.Account, c.Market, c.ClientOrderID}",
			to:   "return orderKey{market: c.Market, id: c.ClientOrderID}",
		},
		{
			name: "dedupe-mixes-markets", rule: "MATCH-011", tests: tests, file: dir + "dedupe.go",
			from: "return orderKey{c.Account, c.Market, c.ClientOrderID}",
			to:   "return orderKey{account: c.Account, id: c.ClientOrderID}",
		},
		{
			name: "dedupe-forgets-at-a-restart", rule: "MATCH-011", tests: tests, file: dir + "state.go",
			from: "if e := &entries[i]; e.Outcome.Order != 0 {",
			to:   "if e := &entries[i]; e.Outcome.Order < 0 {",
		},
		{
			name: "dedupe-remembers-for-ever", rule: "MATCH-011", tests: tests, file: dir + "dedupe.go",
			from: "d.answers[d.ring[d.first]].at <= oldest)",
			to:   "d.answers[d.ring[d.first]].at < 0 && oldest > 0)",
		},
		{
			name: "logical-time-falls", rule: "MATCH-009", tests: tests, file: dir + "serve.go",
			from: "w.next.at = max(model.At(w.clock.Now()), w.state.head.At)",
			to:   "w.next.at = model.At(w.clock.Now())",
		},
		{
			name: "sweep-off", rule: "MATCH-009", tests: tests, file: dir + "serve.go",
			from: "!ok || at > now {",
			to:   "!ok || at > 0 || at > now {",
		},
		{
			name: "limit-counts-one-shard", rule: "MATCH-015", tests: tests, file: dir + "apply.go",
			from: "s.tally.of(c.Account)+openElsewhere(c.Account) >= c.Limits.Total",
			to:   "s.tally.of(c.Account) >= c.Limits.Total",
		},
		{
			name: "low-prices-are-never-unusual", rule: "MATCH-015", tests: tests, file: dir + "apply.go",
			from: "unusualTimes*c.Price >= last)",
			to:   "c.Price > 0)",
		},
		{
			name: "settings-overwrite-newer-ones", rule: "MKT-001", tests: tests, file: dir + "apply.go",
			from: "if c.Settings.Version != m.Settings.Version {",
			to:   "if c.Settings.Version > m.Settings.Version {",
		},
	}
}
