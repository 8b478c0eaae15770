package book_test

import (
	"math/rand/v2"
	"testing"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/book"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

// BenchmarkAdd places orders in a mix that matches about a third of the time.
func BenchmarkAdd(b *testing.B) {
	bk := book.New(book.NewSequence(1, 0), model.DefaultSettings())
	users := make([]model.AccountID, 256)
	for i := range users {
		users[i] = id.New()
	}
	r := rand.New(rand.NewPCG(1, 1))
	commands := make([]model.Command, 1<<14)
	for i := range commands {
		side := model.Side(1 + r.IntN(2))
		commands[i] = model.Command{
			Kind: model.Place, Account: users[r.IntN(len(users))], Side: side, Type: model.Limit, SelfTrade: model.CancelOldest,
			Price: money.Minor(100_00 + 100*(r.IntN(41)-20)), Qty: 1, Life: 1 << 40,
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		bk.Submit(model.Instant(i), &commands[i&(1<<14-1)])
	}
}
