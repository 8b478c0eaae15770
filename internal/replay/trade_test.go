package replay

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

// lined is a lane with markets of one row for each of these prices, and two accounts.
func lined(markets ...[]int64) *lane {
	l := &lane{replay: &replay{file: &File{}, pool: &pool{}, assigned: &assignments{}}}
	l.pool.sellers.add(0)
	l.pool.buyers.add(0)
	for _, prices := range markets {
		m := &market{product: &product{}}
		for _, price := range prices {
			m.rows = append(m.rows, int32(len(l.file.rows)))
			l.file.rows = append(l.file.rows, row{price: price})
		}
		l.markets = append(l.markets, m)
	}
	l.done, l.assigned.was = make([]done, len(l.file.rows)), make([]byte, 2*len(l.file.rows))
	return l
}

// played takes batches until there are no more, as if all they hold had been sold.
func (l *lane) played() (batches [][]int32) {
	for b := l.next(); len(b.rows) > 0; b = l.next() {
		var rows []int32
		for _, p := range b.rows {
			rows = append(rows, p.row)
			l.done[p.row].bid = true
		}
		batches = append(batches, rows)
	}
	return batches
}

func TestPricesOfABatchNeverFallInAMarket(t *testing.T) {
	t.Parallel()
	l := lined([]int64{5, 5, 7, 6, 9, 1}, []int64{3, 2})
	require.Equal(t, [][]int32{{0, 1, 2, 6}, {3, 4, 7}, {5}}, l.played())
}

func TestABatchHoldsFiveHundred(t *testing.T) {
	t.Parallel()
	l := lined(make([]int64, 700), make([]int64, 10))
	var sizes []int
	for _, rows := range l.played() {
		sizes = append(sizes, len(rows))
	}
	require.Equal(t, []int{500, 210}, sizes)
}

func TestRowsKeepTheAccountsTheyHad(t *testing.T) {
	t.Parallel()
	l := lined([]int64{1, 2, 3}, []int64{1})
	l.pool.sellers.old, l.pool.buyers.old = make([]bool, 9), make([]bool, 9)
	l.pool.sellers.old[6], l.pool.buyers.old[7] = true, true
	copy(l.assigned.was, []byte{7, 8, 7, 8, 3, 3}) // nobody knows those of the third any more
	b := l.next()
	require.Equal(t, assignment{7, 8}, b.who)
	require.Len(t, b.rows, 2)
	require.Equal(t, [][]int32{{0, 1}, {2, 3}}, l.played())
}

func TestALeftMarketIsNotGoneOnWith(t *testing.T) {
	t.Parallel()
	l := lined([]int64{1, 2}, []int64{1})
	l.markets[0].err = errUnmatched
	require.Equal(t, [][]int32{{2}}, l.played())
}

func TestLongMarketsAreDealtFirst(t *testing.T) {
	t.Parallel()
	short, long, middle := &market{rows: make([]int32, 1)}, &market{rows: make([]int32, 9)}, &market{rows: make([]int32, 4)}
	require.Equal(t, [][]*market{{long, short}, {middle}}, deal([]*market{short, long, middle}, 2))
	require.Len(t, deal([]*market{short}, 4), 1)
}

func TestARefusalIsTheErrorOfACallOfItsOwn(t *testing.T) {
	t.Parallel()
	require.NoError(t, errorOf(&biddingv1.OrderResult{OrderId: 1}))
	err := errorOf(&biddingv1.OrderResult{Refusal: &biddingv1.Refusal{Code: int32(codes.FailedPrecondition), Message: "halted"}})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	require.ErrorContains(t, err, "halted")
}

// hesitant refuses the second order of its first call as something that may do better later.
type hesitant struct {
	biddingv1.BiddingServiceClient
	calls int
}

func (h *hesitant) PlaceBatch(_ context.Context, r *biddingv1.PlaceBatchRequest, _ ...grpc.CallOption) (*biddingv1.PlaceBatchResponse, error) {
	out := &biddingv1.PlaceBatchResponse{Results: make([]*biddingv1.OrderResult, len(r.GetOrders()))}
	for i := range out.Results {
		out.Results[i] = &biddingv1.OrderResult{OrderId: int64(i + 1)}
	}
	if h.calls++; h.calls == 1 {
		out.Results[1] = &biddingv1.OrderResult{Refusal: &biddingv1.Refusal{Code: int32(codes.Unavailable)}}
	}
	return out, nil
}

func TestABatchIsRepeatedWhileOneOfItsOrdersMayDoBetter(t *testing.T) {
	t.Parallel()
	l := lined([]int64{1, 2})
	l.client = &hesitant{}
	who := &account{clk: clock.System{}, tokens: tokens{Access: "good", Expires: clock.System{}.Now().Add(time.Hour)}}
	results, err := l.send(t.Context(), biddingv1.Side_ASK, who, l.next().rows)
	require.NoError(t, err)
	require.Len(t, results, 2)
	require.NoError(t, errorOf(results[1]))
	require.EqualValues(t, 1, l.batches.Load(), "they are counted once")
}
