package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/book"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// The book alone: one command after the other, without engine, journal or database.
const (
	bookAccounts = 256
	bookCommands = 100_000 // of one measurement, made beforehand
	bookRounds   = 5       // for one of the others: it takes a hundredth of a second
	deepLevels   = 400     // of both sides together
	deepOrders   = 80_000
	cancelShare  = 30 // per cent of the commands, in a busy book
)

// trial is a book on which commands are tried again and again.
type trial struct {
	*book.Book
	users    []model.AccountID
	commands []model.Command // a Cancel without an order takes the one that has waited longest
	open     []resting       // in the order in which they came to rest, from first; some may be gone
	first    int
	at       model.Instant
}

// resting is an order that came to rest.
type resting struct {
	id      model.OrderID
	account model.AccountID
	side    model.Side
}

// newTrial prepares commands: placed ones from place, and cancels per cent of cancels.
func newTrial(cancels int, place func(*rand.Rand) (model.Side, money.Minor)) *trial {
	r := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // a load, no secret
	t := &trial{Book: book.New(book.NewSequence(1, 0), model.DefaultSettings()), commands: make([]model.Command, bookCommands)}
	for range bookAccounts {
		t.users = append(t.users, id.New())
	}
	for i := range t.commands {
		if r.IntN(100) < cancels {
			t.commands[i].Kind = model.Cancel
			continue
		}
		side, price := place(r)
		t.commands[i] = model.Command{
			Kind: model.Place, Account: t.users[r.IntN(bookAccounts)], Side: side, Type: model.Limit, SelfTrade: model.CancelOldest,
			Price: price, Qty: 1, Life: 1 << 40,
		}
	}
	return t
}

// step carries out one command.
func (t *trial) step(c *model.Command) {
	t.at++
	if c.Kind == model.Cancel {
		if t.first == len(t.open) {
			return
		}
		o := t.open[t.first]
		t.first++
		t.Submit(t.at, &model.Command{Kind: model.Cancel, Account: o.account, Side: o.side, Order: o.id})
		return
	}
	if e := t.Submit(t.at, c); e.Outcome.Status.Open() {
		t.open = append(t.open, resting{e.Outcome.Order, c.Account, c.Side})
	}
}

// empty takes everything out of the book, which keeps its memory.
func (t *trial) empty() {
	for _, u := range t.users {
		t.Submit(t.at, &model.Command{Kind: model.CancelAll, Account: u})
	}
	t.open, t.first = t.open[:0], 0
}

// measure carries out every command and returns nanoseconds and allocations a command.
func (t *trial) measure() (nanoseconds, allocations float64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := clock.Monotonic()
	for i := range t.commands {
		t.step(&t.commands[i])
	}
	took := clock.Since(start)
	runtime.ReadMemStats(&after)
	n := float64(len(t.commands))
	return float64(took.Nanoseconds()) / n, float64(after.Mallocs-before.Mallocs) / n
}

// near is an order around the middle, about half of which match.
func near(r *rand.Rand) (model.Side, money.Minor) {
	return model.Side(1 + r.IntN(2)), money.Minor(middle + tick*(r.IntN(2*around+1)-around)) //nolint:gosec // 1 or 2
}

// apart is an order that waits, on one of many levels.
func apart(r *rand.Rand) (model.Side, money.Minor) {
	side, away := model.Side(1+r.IntN(2)), 1+r.IntN(deepLevels/2) //nolint:gosec // 1 or 2
	if side == model.Bid {
		away = -away
	}
	return side, money.Minor(2*middle + tick*away)
}

// tolerated is how many allocations a command may average: the runtime has a few of its own.
const tolerated = 0.001

// books measures the book on its own, in nanoseconds a command.
// Errors: a command that allocates, once the book is warm.
func books(rounds int, out io.Writer) (figures, error) {
	f := figures{}
	for _, x := range []struct {
		name    string
		cancels int
		place   func(*rand.Rand) (model.Side, money.Minor)
		fill    int // orders that wait before
	}{{"E7_add", 0, near, 0}, {"E7_busy", cancelShare, near, 0}, {"E7_deep", 50, apart, deepOrders}} {
		t := newTrial(x.cancels, x.place)
		filling := newTrial(0, x.place)
		prepare := func() {
			t.empty()
			for i := range x.fill {
				c := filling.commands[i]
				c.Account = t.users[i%bookAccounts]
				t.step(&c)
			}
		}
		prepare()
		t.measure() // warms up
		for range rounds {
			prepare()
			ns, allocations := t.measure()
			if allocations > tolerated {
				return nil, fmt.Errorf("%s: %.3f allocations a command", x.name, allocations)
			}
			f[x.name] = append(f[x.name], ns)
		}
		_, _ = fmt.Fprintf(out, "%-18s %10.0f ns/command\n", x.name, f.median(x.name))
	}
	return f, nil
}
