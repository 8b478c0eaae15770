package main

// linearMutants are mistakes that show only in what concurrent clients are told, and that no
// order of events explains.
func linearMutants() []mutant {
	tests := []suite{{pkg: "test/linear", run: "TestMATCH_001"}}
	return []mutant{
		{
			name: "history-last-comes-first", rule: "MATCH-001", tests: tests, file: "internal/bidding/book/ladder.go",
			from: "for after != 0 && s.nodes[after].priority > n.priority {",
			to:   "for after != 0 {",
		},
		{
			name: "history-reads-the-past", rule: "DATA-001", tests: tests, file: "internal/bidding/engine/batch.go",
			from: "m.view.Store(b.views[i])",
			to:   "if b.at%2 == 0 {\n\t\t\tm.view.Store(b.views[i])\n\t\t}",
		},
		{
			name: "history-sold-twice", rule: "MATCH-006", tests: tests, file: "internal/bidding/book/place.go",
			from: "b.ladders[rest.side].reduce(rest, qty)",
			to:   "b.ladders[rest.side].reduce(rest, min(rest.open, qty+1))",
		},
		{
			name: "history-cancel-forgets", rule: "MATCH-012", tests: tests, file: "internal/bidding/book/cancel.go",
			from: "b.close(slot, model.Cancelled, model.ReasonRequested)",
			to:   "",
		},
		{
			name: "history-queue-carries-out-twice", rule: "MATCH-005", tests: tests, file: "internal/bidding/engine/serve.go",
			from: "w.metrics.take(r)\n\t\tw.state.apply(w.next, r, w.openElsewhere)",
			to:   "w.metrics.take(r)\n\t\tw.state.apply(w.next, newRequest(r.items[0].command), w.openElsewhere)\n\t\tw.state.apply(w.next, r, w.openElsewhere)",
		},
	}
}
