// Command top shows that the best bid and the best ask of a market are read in the same
// time however many orders rest in its book (DATA-001): it fills books of a thousand to a
// million orders, reads their tops in turn and compares the largest with the smallest.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/book"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/money"
)

var sizes = []int{1_000, 10_000, 100_000, 1_000_000}

func main() {
	rounds := flag.Int("rounds", 21, "rounds over all books; the median of each counts")
	reads := flag.Int("reads", 1_000_000, "reads of each book a round")
	most := flag.Int("most", 200, "how much longer the largest book may take than the smallest, in percent of it")
	flag.Parse()
	if err := measure(*rounds, *reads, *most); err != nil {
		fmt.Fprintln(os.Stderr, "top:", err)
		os.Exit(1)
	}
}

func measure(rounds, reads, most int) error {
	books := make([]*book.Book, len(sizes))
	for i, n := range sizes {
		books[i] = filled(n)
	}
	took := make([][]time.Duration, len(sizes))
	for range rounds {
		for i, b := range books {
			took[i] = append(took[i], read(b, reads))
		}
	}
	each := make([]time.Duration, len(sizes))
	for i, n := range sizes {
		slices.Sort(took[i])
		each[i] = took[i][rounds/2]
		fmt.Printf("%9d open orders: %6.2f ns for both tops\n", n, float64(each[i].Nanoseconds())/float64(reads))
	}
	percent := int(100 * each[len(each)-1] / max(each[0], 1))
	verdict := "ok"
	if percent > most {
		verdict = "short"
	}
	fmt.Printf("top smallest=%d largest=%d percent=%d most=%d verdict=%s\n", sizes[0], sizes[len(sizes)-1], percent, most, verdict)
	if verdict != "ok" {
		return fmt.Errorf("a book of %d orders takes %d %% of the time of one of %d", sizes[len(sizes)-1], percent, sizes[0])
	}
	return nil
}

// filled is a book of n open orders, half bids and half asks, at 2,000 prices.
func filled(n int) *book.Book {
	b := book.New(book.NewSequence(0, 0), model.DefaultSettings())
	r := rand.New(rand.NewPCG(1, uint64(n))) //nolint:gosec // the same book each time
	var owner model.AccountID
	for i := range n {
		if i%1000 == 0 {
			owner = id.New()
		}
		side, price := model.Bid, 1+r.IntN(1000)
		if i%2 == 1 {
			side, price = model.Ask, 1001+r.IntN(1000)
		}
		b.Restore(&model.LimitOrder{
			ID: model.OrderID(i + 1), Priority: int64(i + 1), Account: owner, Side: side,
			Price: money.Minor(price) * model.DefaultTick, Qty: 1, Open: 1, ExpiresAt: 1 << 60,
		})
	}
	return b
}

func read(b *book.Book, reads int) time.Duration {
	var sum int64
	start := clock.Monotonic()
	for range reads {
		sum += int64(b.Best(model.Bid).Price) + int64(b.Best(model.Ask).Price)
	}
	took := clock.Since(start)
	runtime.KeepAlive(sum) // or the compiler may leave the reads out
	return took
}
