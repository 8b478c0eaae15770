package fsck

import (
	"time"

	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
)

// aMiddleRow picks a row of the journal that has others before and after it.
const aMiddleRow = ` WHERE seq = 2 AND shard = (SELECT shard FROM bidding_journal WHERE seq = 3 ORDER BY shard LIMIT 1)`

// aBusyShard picks a shard that has written.
const aBusyShard = ` WHERE shard = (SELECT shard FROM bidding_shards WHERE seq > 3 ORDER BY shard LIMIT 1)`

// journalFaults change the journal: without care, or by somebody who seals it again.
var journalFaults = []fault{
	{check: "J01", does: "a row vanishes", sql: []string{`DELETE FROM bidding_journal` + aMiddleRow}},
	{check: "J01", does: "a row is put before the first", sql: []string{`INSERT INTO bidding_journal
		SELECT shard, 0, epoch, at, n, prev_hash, hash, body FROM bidding_journal WHERE seq = 1`}},
	{check: "J02", does: "a row's body is changed", sql: []string{`UPDATE bidding_journal SET body = set_byte(body, 5, get_byte(body, 5) # 1)` + aMiddleRow}},
	{check: "J02", does: "a row's time is changed", sql: []string{`UPDATE bidding_journal SET at = at + interval '1 microsecond'` + aMiddleRow}},
	{check: "J02", does: "a row names another hash before it", sql: []string{`
		UPDATE bidding_journal SET prev_hash = set_byte(prev_hash, 0, get_byte(prev_hash, 0) # 1)` + aMiddleRow}},
	{check: "J02", does: "a row is exchanged for one of another history", sql: []string{`
		UPDATE bidding_journal SET hash = sha256(hash)` + aMiddleRow}},
	{check: "J03", does: "a head is ahead of the journal", sql: []string{`UPDATE bidding_shards SET seq = seq + 1` + aBusyShard}},
	{check: "J03", does: "a head has another number", sql: []string{`UPDATE bidding_shards SET n = n + 1` + aBusyShard}},
	{check: "J03", does: "a head has another hash", sql: []string{`UPDATE bidding_shards SET hash = sha256(hash)` + aBusyShard}},
	{check: "J03", does: "a head has an older epoch", sql: []string{`UPDATE bidding_shards SET epoch = 0` + aBusyShard}},
	{check: "J03", does: "the newest row vanishes", sql: []string{`
		DELETE FROM bidding_journal j USING bidding_shards s WHERE s.shard = j.shard AND s.seq = j.seq`}},
	{check: "J18", does: "the tables are ahead of the journal", sql: []string{`UPDATE bidding_projection SET seq = seq + 1`}},
	{check: "J18", does: "nobody knows how far the tables are", sql: []string{`DELETE FROM bidding_projection`}},
	{check: "J11", does: "the tables show more than they say", sql: []string{`UPDATE bidding_projection SET seq = 1`}},
	{check: "J03", does: "a shard is gone", sql: []string{`DELETE FROM bidding_shards` + aBusyShard}},
	{check: "J04", does: "an epoch falls", edit: func(r *row, _ *journalv1.Batch) bool {
		r.epoch = 0
		return r.seq == 2
	}},
	{check: "J04", does: "time falls", edit: func(r *row, _ *journalv1.Batch) bool {
		r.at -= day
		return r.seq == 3
	}},
	{check: "J04", does: "an event's number is left out", edit: inEvent(func(e *journalv1.Event) bool {
		e.N++
		return true
	})},
	{check: "J04", does: "a row ends on another number", edit: func(r *row, _ *journalv1.Batch) bool {
		r.n++
		return r.seq == 3
	}},
	{check: "J05", does: "a row has a layout of the future", edit: func(_ *row, b *journalv1.Batch) bool {
		b.Version = 2
		return true
	}},
	{check: "J05", does: "a row is no message", edit: func(r *row, _ *journalv1.Batch) bool {
		r.body = []byte{0xff}
		return true
	}},
	{check: "J05", does: "an account's id is cut short", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetPlace() == nil {
			return false
		}
		e.GetPlace().Account = e.GetPlace().GetAccount()[:15]
		return true
	})},
	{check: "J05", does: "an entry has no command", edit: inEntry(func(e *journalv1.Entry) bool {
		e.Command = nil
		return len(e.GetEvents()) > 0
	})},
	{check: "J05", does: "an event has no content", edit: inEvent(func(e *journalv1.Event) bool {
		e.Event = nil
		return true
	})},
	{check: "J06", does: "a match leaves more open than it can", edit: inMatch(func(m *journalv1.Matched) { m.AskOpen++ })},
	{check: "J06", does: "a match is of a bid that is not there", edit: inMatch(func(m *journalv1.Matched) { m.Bid += 256 << 20 })},
	{check: "J06", does: "a match pays somebody else", edit: inMatch(func(m *journalv1.Matched) { m.Seller = m.GetBuyer() })},
	{check: "J06", does: "a closing names another rest", edit: inClosing(func(c *journalv1.Closed) { c.Open++ })},
	{check: "J06", does: "an order is closed twice", edit: inClosing(func(c *journalv1.Closed) { c.Order = 256 })},
	{check: "J06", does: "an order expires before its time", edit: inEvent(func(e *journalv1.Event) bool {
		if e.GetClosed().GetStatus() != 4 {
			return false
		}
		e.GetClosed().Status = 5
		return true
	})},
	{check: "J06", does: "a closing leaves its order open", edit: inClosing(func(c *journalv1.Closed) { c.Status = 1 })},
	{check: "J06", does: "a closing is of the other side", edit: inClosing(func(c *journalv1.Closed) { c.Side = 3 - c.GetSide() })},
	{check: "J06", does: "a closing is of another account", edit: inClosing(func(c *journalv1.Closed) { c.Account = make([]byte, 16) })},
	{check: "J06", does: "a match is of another offer", edit: inMatch(func(m *journalv1.Matched) { m.BidPrice++ })},
	{check: "J06", does: "a match has a number that is not its own", edit: inMatch(func(m *journalv1.Matched) { m.Match += 256 << 20 })},
	{check: "J06", does: "an order is reduced to more than it was", edit: inEvent(func(e *journalv1.Event) bool {
		if e.GetReduced() == nil {
			return false
		}
		e.GetReduced().Open += 100
		return true
	})},
	{check: "J06", does: "an order comes in under a number that is not its own", edit: inEvent(func(e *journalv1.Event) bool {
		if e.GetAccepted() == nil {
			return false
		}
		e.GetAccepted().Order += 256 << 20
		return true
	})},
	{check: "J06", does: "a market trades before it opens", edit: func(_ *row, b *journalv1.Batch) bool {
		if len(b.GetEntries()) == 0 || b.GetEntries()[0].GetOpenMarket() == nil {
			return false
		}
		b.Entries = b.GetEntries()[1:]
		return true
	}},
	{check: "J07", does: "another price was placed than came in", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetPlace() == nil {
			return false
		}
		e.GetPlace().Price += 100
		return true
	})},
	{check: "J07", does: "another life was wanted than came in", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetPlace() == nil {
			return false
		}
		e.GetPlace().Life++
		return true
	})},
	{check: "J07", does: "an order came in for somebody else", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetPlace() == nil {
			return false
		}
		e.GetPlace().Account = make([]byte, 16)
		return true
	})},
	{check: "J07", does: "nobody was told of an order", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetPlace() == nil {
			return false
		}
		e.Outcome = nil
		return true
	})},
	{check: "J07", does: "a caller was told that an order he changed is gone", edit: inEntry(func(e *journalv1.Entry) bool {
		if !e.GetOutcome().GetKept() {
			return false
		}
		e.GetOutcome().Status = 4
		return true
	})},
	{check: "J07", does: "another price was wanted by a replacement", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetReplace() == nil || e.GetOutcome().GetKept() {
			return false
		}
		e.GetReplace().Price += 100
		return true
	})},
	{check: "J07", does: "a cancelled order is not the one that was named", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetCancel() == nil {
			return false
		}
		e.GetCancel().Order = 256
		return true
	})},
	{check: "J07", does: "a caller was told of another rest", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetPlace() == nil {
			return false
		}
		e.GetOutcome().Open++
		return true
	})},
	{check: "J07", does: "an order that was kept came in again", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetReplace() == nil || e.GetOutcome().GetKept() {
			return false
		}
		e.GetOutcome().Kept = true
		return true
	})},
	{check: "J07", does: "an order comes in that nobody placed", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetPlace() == nil {
			return false
		}
		e.Command = &journalv1.Entry_Expire{Expire: &journalv1.Expire{}}
		return true
	})},
	{check: "J08", does: "an order is off the tick", edit: inEvent(func(e *journalv1.Event) bool {
		if e.GetAccepted() == nil {
			return false
		}
		e.GetAccepted().Price++
		return true
	})},
	{check: "J08", does: "a match follows another price rule than its market", edit: inMatch(func(m *journalv1.Matched) { m.PriceRule = 3 - m.GetPriceRule() })},
	{check: "J08", does: "an order that must not rest rests", edit: inEntry(func(e *journalv1.Entry) bool {
		events := e.GetEvents()
		if e.GetPlace() == nil || len(events) != 1 || events[0].GetAccepted() == nil {
			return false
		}
		events[0].GetAccepted().Type = 2
		return true
	})},
	{check: "J08", does: "an order comes in while its market is halted", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetSettings().GetVersion() < 4 { // the sample's last one opens its market again
			return false
		}
		e.GetSettings().State = 3
		return true
	})},
	{check: "J08", does: "a match happens while its market takes post-only orders", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetSettings().GetVersion() < 4 {
			return false
		}
		e.GetSettings().State = 2
		return true
	})},
	{check: "J08", does: "a post-only order takes", edit: ofType(4, func(events []*journalv1.Event) bool {
		return len(events) > 1 && events[1].GetMatched() != nil
	})},
	{check: "J08", does: "an order of all or nothing is filled in part", edit: ofType(3, func(events []*journalv1.Event) bool {
		last := events[len(events)-1].GetClosed()
		return last.GetStatus() == 4 && events[0].GetAccepted().GetOrder() == last.GetOrder()
	})},
	{check: "J09", does: "clients miss a change", edit: inEntry(func(e *journalv1.Entry) bool {
		e.FeedSeq++
		return e.GetPlace() != nil
	})},
	{check: "J10", does: "a client_order_id is used twice", edit: reuse()},
}

func inMatch(change func(m *journalv1.Matched)) edit {
	return inEvent(func(e *journalv1.Event) bool {
		if e.GetMatched() == nil {
			return false
		}
		change(e.GetMatched())
		return true
	})
}

func inClosing(change func(c *journalv1.Closed)) edit {
	return inEvent(func(e *journalv1.Event) bool {
		if e.GetClosed() == nil {
			return false
		}
		change(e.GetClosed())
		return true
	})
}

// ofType makes an order that came in with such events one of another type.
func ofType(kind int32, suits func(events []*journalv1.Event) bool) edit {
	return inEntry(func(e *journalv1.Entry) bool {
		events := e.GetEvents()
		if e.GetPlace() == nil || len(events) == 0 || events[0].GetAccepted() == nil || !suits(events) {
			return false
		}
		e.GetPlace().Type, events[0].GetAccepted().Type = kind, kind
		return true
	})
}

// reuse gives an account's later order in a market the name of an earlier one.
func reuse() edit {
	names := map[string]string{} // by market and account
	return inEntry(func(e *journalv1.Entry) bool {
		p := e.GetPlace()
		if p == nil {
			return false
		}
		key := string(e.GetMarket()) + string(p.GetAccount())
		if name := names[key]; name != "" {
			p.ClientOrderId = name
			return true
		}
		names[key] = p.GetClientOrderId()
		return false
	})
}

// tableFaults make a table tell another story than the journal.
var tableFaults = []fault{
	{check: "J11", does: "a bid is gone", sql: []string{`DELETE FROM bids` + anOpenBid}},
	{check: "J11", does: "an ask is of another account", sql: []string{`
		UPDATE asks a SET user_id = (SELECT id FROM users WHERE id <> a.user_id LIMIT 1)` + anOpenAsk}},
	{check: "J11", does: "an ask is of another type", sql: []string{`UPDATE asks SET order_type = 'fok'` + anOpenAsk}},
	{check: "J11", does: "a bid has another life", sql: []string{`UPDATE bids SET expires_at = expires_at + interval '1 s'` + anOpenBid}},
	{check: "J11", does: "an ask was closed for another reason", sql: []string{`UPDATE asks SET reason = 'WHIM'` + aClosedAsk}},
	{check: "J11", does: "a bid has another version", sql: []string{`UPDATE bids SET version = version + 1` + anOpenBid}},
	{check: "J11", does: "a bid comes from nowhere", sql: []string{`
		INSERT INTO bids (id, price, priority, status, ` + orderColumns + `)
		SELECT id + (1::bigint << 40), price, priority + 1, status, ` + orderColumns + ` FROM bids` + anOpenBid}},
	{check: "J12", does: "a match is gone", sql: []string{`DELETE FROM matches` + aMatch}},
	{check: "J12", does: "a match has another time", sql: []string{`UPDATE matches SET created_at = created_at + interval '1 s'` + aMatch}},
	{check: "J12", does: "a match comes from nowhere", sql: []string{`
		INSERT INTO matches (id, ` + matchColumns + `) SELECT id + (1::bigint << 40), ` + matchColumns + ` FROM matches ORDER BY id LIMIT 1`}},
	{check: "J11", does: "an ask came back for nobody", sql: []string{`UPDATE asks SET reinstates = 0` + aReturned}},
	{check: "J12", does: "a match was reversed for another reason", sql: []string{`
		UPDATE matches SET reversal_reason = 'WHIM' WHERE reversed_at IS NOT NULL`}},
	{check: "J12", does: "a reversed sale stands again", sql: []string{`
		UPDATE matches SET reversed_at = NULL, reversal_reason = '', reinstated_ask = 0 WHERE reversed_at IS NOT NULL`}},
	{check: "J12", does: "a match was reversed earlier", sql: []string{`
		UPDATE matches SET reversed_at = reversed_at - interval '1 s' WHERE reversed_at IS NOT NULL`}},
	{check: "J13", does: "a market has another name", sql: []string{`UPDATE bidding_markets SET product_name = product_name || '!'` + aSoldMarket}},
	{check: "J13", does: "a market's feed sequence is ahead", sql: []string{`UPDATE bidding_markets SET feed_seq = feed_seq + 1` + aSoldMarket}},
	{check: "J13", does: "a market is in another slot", sql: []string{`UPDATE bidding_markets SET slot = (slot + 1) % 256` + aSoldMarket}},
	{check: "J13", does: "a market vanishes", sql: []string{`DELETE FROM bidding_markets` + aSoldMarket}},
	{check: "J13", does: "a market comes from nowhere", sql: []string{`
		INSERT INTO bidding_markets (id, slot, product_id, product_name, sku, size_label, currency, tick, max_price, price_rule, state, version,
			feed_seq, created_at, updated_at, listing_version, listed)
		SELECT product_id, slot, product_id, product_name, sku, size_label, currency, tick, max_price, price_rule, state, version, 0,
			created_at, updated_at, 1, true FROM bidding_markets LIMIT 1`}},
	{check: "J13", does: "a market is taken off the list", sql: []string{`UPDATE bidding_markets SET listed = false` + aSoldMarket}},
	{check: "J11", does: "an owner was warned by nobody", sql: []string{`UPDATE bids SET warned = NOT warned` + anOpenBid}},
	{check: "J19", does: "a switch is forgotten", sql: []string{`DELETE FROM bidding_dead_men`}},
	{check: "J19", does: "a switch is put off by nobody", sql: []string{`UPDATE bidding_dead_men SET ends_at = ends_at + interval '1 s'`}},
	{check: "J19", does: "a switch fires that was not due", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetDeadMan().GetLife() != int64(deadAfter/time.Microsecond) {
			return false
		}
		e.GetDeadMan().Life, e.GetDeadMan().EndsAt = e.GetDeadMan().Life+int64(day), e.GetDeadMan().EndsAt+int64(day)
		return true
	})},
	{check: "J19", does: "somebody else's switch fires", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetDeadMan().GetReason() == "" {
			return false
		}
		e.GetDeadMan().Account = make([]byte, 16)
		return true
	})},
	{check: "J16", does: "a dead man's orders claim that he asked for it", edit: inCancelAll(ofDeadMan,
		func(_ *journalv1.CancelAll, ends []*journalv1.Closed) { because(ends, requested) })},
	{check: "J15", does: "a ban is forgotten", sql: []string{`DELETE FROM bidding_bans`}},
	{check: "J15", does: "a ban is lifted by nobody", sql: []string{`UPDATE bidding_bans SET lifted = NOT lifted`}},
	{check: "J15", does: "an account is banned by nobody", sql: []string{`
		INSERT INTO bidding_bans (shard, account_id, version, lifted, updated_at)
		SELECT 0, id, 1, false, created_at FROM users u
		WHERE NOT EXISTS (SELECT FROM bidding_bans WHERE account_id = u.id) LIMIT 1`}},
	{check: "J14", does: "an account's limit is raised", sql: []string{`
		UPDATE bidding_account_limits SET max_open_total = max_open_total + 1`}},
	{check: "J14", does: "an account's limits are forgotten", sql: []string{`DELETE FROM bidding_account_limits`}},
	{check: "J14", does: "an account has limits from nowhere", sql: []string{`
		INSERT INTO bidding_account_limits (account_id, max_open_per_market, max_open_total, actor, updated_at)
		SELECT actor, max_open_per_market, max_open_total, actor, updated_at FROM bidding_account_limits LIMIT 1`}},
}
