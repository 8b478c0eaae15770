package fsck

import (
	"slices"

	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
)

// endFaults end orders in ways that nobody asked for, or do not end them.
var endFaults = []fault{
	{check: "J16", does: "orders are cancelled for a ban that nobody spoke", edit: inCancelAll("", func(c *journalv1.CancelAll, ends []*journalv1.Closed) {
		c.Reason = banned
		because(ends, banned)
	})},
	{check: "J16", does: "orders are cancelled on a whim", edit: inCancelAll("", func(c *journalv1.CancelAll, ends []*journalv1.Closed) {
		c.Reason = "WHIM"
		because(ends, "WHIM")
	})},
	{check: "J16", does: "a ban's cancellations claim that they were asked for", edit: inCancelAll(banned,
		func(_ *journalv1.CancelAll, ends []*journalv1.Closed) { because(ends, requested) })},
	{check: "J16", does: "who cancels all is told of a ban", edit: inCancelAll("",
		func(_ *journalv1.CancelAll, ends []*journalv1.Closed) { because(ends, banned) })},
	{check: "J16", does: "somebody else's orders are cancelled", edit: inCancelAll("",
		func(c *journalv1.CancelAll, _ []*journalv1.Closed) { c.Account = make([]byte, 16) })},
	{check: "J16", does: "orders of the other side are cancelled", edit: inCancelAll("",
		func(c *journalv1.CancelAll, ends []*journalv1.Closed) { c.Side = 3 - ends[0].GetSide() })},
	{check: "J16", does: "orders are cancelled for a ban that was lifted", edit: func(_ *row, b *journalv1.Batch) bool {
		at := slices.IndexFunc(b.GetEntries(), func(e *journalv1.Entry) bool { return e.GetBan() != nil })
		if at < 0 || b.GetEntries()[at].GetBan().GetLifted() || len(cancels(b)) == 0 {
			return false
		}
		b.GetEntries()[at].GetBan().Lifted = true
		return true
	}},
	{check: "J16", does: "another order is cancelled than was named", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetCancel() == nil {
			return false
		}
		e.GetCancel().Order += 256 << 20
		return true
	})},
	{check: "J16", does: "another order is replaced than was named", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetReplace() == nil || e.GetOutcome().GetKept() {
			return false
		}
		e.GetReplace().Order += 256 << 20
		return true
	})},
	{check: "J16", does: "an order is cancelled for a ban by its owner", edit: inEntry(func(e *journalv1.Entry) bool {
		if e.GetCancel() == nil {
			return false
		}
		e.GetOutcome().Reason = banned
		because(endsOf(e), banned)
		return true
	})},
	{check: "J16", does: "orders are cancelled for a delisting that was none", edit: inDelisting(func(e *journalv1.Entry) {
		e.GetChangeListing().Delisted = false
	})},
	{check: "J16", does: "a delisting's cancellations claim that they were asked for", edit: inDelisting(func(e *journalv1.Entry) {
		because(endsOf(e), requested)
	})},
	{check: "J16", does: "an order expires for a reason", edit: inStatus(5, "BOREDOM")},
	{check: "J16", does: "an order is matched for a reason", edit: inStatus(3, requested)},
	{check: "J16", does: "an order is rejected as cancelled", edit: inStatus(6, requested)},

	{check: "J17", does: "who cancels all keeps an order", edit: inEntry(func(e *journalv1.Entry) bool {
		return e.GetCancelAll() != nil && e.GetCancelAll().GetReason() == "" && dropEnd(e)
	})},
	{check: "J17", does: "a banned account keeps an order in a market", edit: inEntry(func(e *journalv1.Entry) bool {
		return e.GetCancelAll().GetReason() == banned && dropEnd(e)
	})},
	{check: "J17", does: "a banned account keeps its orders", edit: func(_ *row, b *journalv1.Batch) bool {
		before := len(b.GetEntries())
		b.Entries = slices.DeleteFunc(b.GetEntries(), func(e *journalv1.Entry) bool { return e.GetCancelAll().GetReason() == banned })
		return len(b.GetEntries()) < before
	}},
	{check: "J17", does: "a delisted market keeps an order", edit: inEntry(func(e *journalv1.Entry) bool {
		return e.GetChangeListing().GetDelisted() && dropEnd(e)
	})},
}

// endsOf are an entry's closings.
func endsOf(e *journalv1.Entry) []*journalv1.Closed {
	var out []*journalv1.Closed
	for _, ev := range e.GetEvents() {
		if ev.GetClosed() != nil {
			out = append(out, ev.GetClosed())
		}
	}
	return out
}

func because(ends []*journalv1.Closed, reason string) {
	for _, c := range ends {
		c.Reason = reason
	}
}

// dropEnd takes an entry's last closing away; false when it has none.
func dropEnd(e *journalv1.Entry) bool {
	n := len(e.GetEvents())
	if n == 0 || e.GetEvents()[n-1].GetClosed() == nil {
		return false
	}
	e.Events = e.GetEvents()[:n-1]
	return true
}

// cancels are a batch's cancellations because of bans.
func cancels(b *journalv1.Batch) []*journalv1.CancelAll {
	var out []*journalv1.CancelAll
	for _, e := range b.GetEntries() {
		if c := e.GetCancelAll(); c.GetReason() == banned {
			out = append(out, c)
		}
	}
	return out
}

// inCancelAll is an edit of the first cancellation of everything that gives a reason and closed something.
func inCancelAll(reason string, change func(c *journalv1.CancelAll, ends []*journalv1.Closed)) edit {
	return inEntry(func(e *journalv1.Entry) bool {
		c, ends := e.GetCancelAll(), endsOf(e)
		if c == nil || c.GetReason() != reason || len(ends) == 0 {
			return false
		}
		change(c, ends)
		return true
	})
}

// inDelisting is an edit of the first delisting that closed something.
func inDelisting(change func(e *journalv1.Entry)) edit {
	return inEntry(func(e *journalv1.Entry) bool {
		if !e.GetChangeListing().GetDelisted() || len(endsOf(e)) == 0 {
			return false
		}
		change(e)
		return true
	})
}

// inStatus gives the first closing of a status another reason.
func inStatus(status int32, reason string) edit {
	return inEvent(func(e *journalv1.Event) bool {
		if e.GetClosed().GetStatus() != status {
			return false
		}
		e.GetClosed().Reason = reason
		return true
	})
}
