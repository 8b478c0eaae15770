package book_test

import (
	"math/rand/v2"
	"testing"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/book"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// mix is a stream of commands: orders as draw gives them, and cancels of the order that has
// waited longest, in a book in which some orders wait before.
type mix struct {
	waiting int
	cancels int // per cent
	draw    func(*rand.Rand) (model.Side, money.Minor)
}

var mixes = map[string]mix{
	"add":  {draw: near},
	"busy": {draw: near, cancels: 30},
	"deep": {draw: apart, cancels: 50, waiting: 80_000},
}

// near is an order around the middle, about half of which match.
func near(r *rand.Rand) (model.Side, money.Minor) {
	return model.Side(1 + r.IntN(2)), money.Minor(200_00 + 100*(r.IntN(41)-20))
}

// apart is an order that matches nothing, on one of four hundred levels.
func apart(r *rand.Rand) (model.Side, money.Minor) {
	side, away := model.Side(1+r.IntN(2)), 1+r.IntN(200)
	if side == model.Bid {
		away = -away
	}
	return side, money.Minor(400_00 + 100*away)
}

// stream is a mix under way. Its commands repeat, each time on a book that was emptied.
type stream struct {
	*book.Book
	at     model.Instant
	users  []model.AccountID
	orders []model.Command // the first of them wait before
	open   []waiting       // in the order in which they came to rest
	oldest int             // of them that was not cancelled
}

// waiting is an order that came to rest.
type waiting struct {
	id      model.OrderID
	account model.AccountID
	side    model.Side
}

const streamed = 100_000 // commands of a mix

func (m mix) start() *stream {
	r := rand.New(rand.NewPCG(1, 1))
	s := &stream{Book: book.New(book.NewSequence(1, 0), model.DefaultSettings())}
	for range 256 {
		s.users = append(s.users, id.New())
	}
	for i := range m.waiting + streamed {
		if i >= m.waiting && r.IntN(100) < m.cancels {
			s.orders = append(s.orders, model.Command{Kind: model.Cancel})
			continue
		}
		side, price := m.draw(r)
		s.orders = append(s.orders, model.Command{
			Kind: model.Place, Account: s.users[r.IntN(len(s.users))], Side: side, Type: model.Limit,
			SelfTrade: model.CancelOldest, Price: price, Qty: 1, Life: 1 << 40,
		})
	}
	return s
}

// begin takes everything out of the book and lets the first orders wait in it.
func (s *stream) begin(waiting int) {
	for _, u := range s.users {
		s.Submit(s.at, &model.Command{Kind: model.CancelAll, Account: u})
	}
	s.open, s.oldest = s.open[:0], 0
	s.carry(s.orders[:waiting])
}

// carry carries out commands.
func (s *stream) carry(commands []model.Command) {
	for i := range commands {
		s.step(&commands[i])
	}
}

func (s *stream) step(c *model.Command) {
	s.at++
	if c.Kind == model.Cancel {
		if s.oldest < len(s.open) {
			o := &s.open[s.oldest]
			s.oldest++
			s.Submit(s.at, &model.Command{Kind: model.Cancel, Account: o.account, Side: o.side, Order: o.id})
		}
		return
	}
	if e := s.Submit(s.at, c); e.Outcome.Status.Open() {
		s.open = append(s.open, waiting{e.Outcome.Order, c.Account, c.Side})
	}
}

// BenchmarkSubmit measures a command of each mix, on a book that is warm.
func BenchmarkSubmit(b *testing.B) {
	for name, m := range mixes {
		b.Run(name, func(b *testing.B) {
			s := m.start()
			s.carry(s.orders)
			b.ReportAllocs()
			b.ResetTimer()
			for left := b.N; left > 0; left -= streamed {
				b.StopTimer()
				s.begin(m.waiting)
				b.StartTimer()
				s.carry(s.orders[m.waiting:][:min(left, streamed)])
			}
		})
	}
}
