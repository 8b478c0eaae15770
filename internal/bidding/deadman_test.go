package bidding

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/repository"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

func (w *world) deadMan(p person, seconds int32) *biddingv1.SetDeadManSwitchResponse {
	w.t.Helper()
	r, err := w.SetDeadManSwitch(p, &biddingv1.SetDeadManSwitchRequest{Seconds: seconds})
	require.NoError(w.t, err)
	return r
}

// ends waits until a bid was closed, and says why.
func (w *world) ends(p person, bid *biddingv1.PlaceBidResponse) string {
	w.t.Helper()
	var now *biddingv1.Bid
	require.Eventually(w.t, func() bool {
		now = w.bidNow(p, bid.GetBid().GetId())
		return now.GetStatus() == biddingv1.Status_CANCELLED
	}, soon, tick)
	return now.GetReason()
}

func TestMATCH_013_WhoIsNotHeardOfHasNothingOpen(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p, other := w.signIn(auth.RoleSeller), w.signIn()
	markets := w.sizes(6) // of both shards
	before := w.bid(p, 100_00)
	kept := w.bid(other, 90_00)
	r := w.deadMan(p, 10)
	require.Equal(t, w.clock.Now().Add(10*time.Second), r.GetFiresAt().AsTime())
	later := make([]*biddingv1.PlaceBidResponse, len(markets))
	for i, m := range markets {
		later[i] = w.bid(p, 100_00, func(r *biddingv1.PlaceBidRequest) { r.MarketId = m })
	}
	w.clock.Advance(9 * time.Second)
	w.deadMan(p, 10) // he lives
	w.clock.Advance(9 * time.Second)
	w.bid(p, 95_00)
	require.Equal(t, biddingv1.Status_ACTIVE, w.bidNow(p, before.GetBid().GetId()).GetStatus())
	w.clock.Advance(time.Second)
	require.Equal(t, "DEAD_MAN_SWITCH", w.ends(p, before))
	for _, b := range later {
		require.Equal(t, "DEAD_MAN_SWITCH", w.ends(p, b), "everywhere")
	}
	require.Equal(t, biddingv1.Status_ACTIVE, w.bidNow(other, kept.GetBid().GetId()).GetStatus())
	alive := w.bid(p, 96_00)
	w.clock.Advance(time.Minute)
	w.bid(other, 91_00)
	require.Equal(t, biddingv1.Status_ACTIVE, w.bidNow(p, alive.GetBid().GetId()).GetStatus(), "it fires once")
}

func TestMATCH_013_ASwitchFiresAfterARestartToo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p, other := w.signIn(), w.signIn()
	left, kept := w.bid(p, 100_00), w.bid(other, 100_00)
	w.deadMan(p, 60)
	w.deadMan(other, 60)
	require.Nil(t, w.deadMan(other, 0).GetFiresAt())
	w.restart()
	require.Equal(t, biddingv1.Status_ACTIVE, w.bidNow(p, left.GetBid().GetId()).GetStatus())
	w.clock.Advance(time.Minute)
	require.Equal(t, "DEAD_MAN_SWITCH", w.ends(p, left))
	require.Equal(t, biddingv1.Status_ACTIVE, w.bidNow(other, kept.GetBid().GetId()).GetStatus(), "his is off")
}

func TestMATCH_013_ASwitchHasItsBounds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.signIn()
	for _, seconds := range []int32{-1, 1, 4, 3601} {
		_, err := w.SetDeadManSwitch(p, &biddingv1.SetDeadManSwitchRequest{Seconds: seconds})
		requireRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
		require.ErrorContains(t, err, "seconds")
	}
	_, err := w.SetDeadManSwitch(w.anyone, &biddingv1.SetDeadManSwitchRequest{Seconds: 5})
	requireRefused(t, err, codes.Unauthenticated, "TOKEN_MISSING")
	require.NotNil(t, w.deadMan(p, 5).GetFiresAt())
	require.NotNil(t, w.deadMan(p, 3600).GetFiresAt())
}

// warnings reads, from the exchange's log, which orders' owners were warned.
func (w *world) warnings() (orders []int64) {
	w.t.Helper()
	rows, err := w.db.Query(w.t.Context(), `SELECT id FROM bids WHERE warned AND expires_at - created_at > interval '1 day' ORDER BY id`)
	require.NoError(w.t, err)
	defer rows.Close()
	for rows.Next() {
		var order int64
		require.NoError(w.t, rows.Scan(&order))
		orders = append(orders, order)
	}
	require.NoError(w.t, rows.Err())
	return orders
}

func TestMATCH_009_AnOwnerIsWarnedADayBefore(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.signIn()
	long := w.bid(p, 100_00, func(r *biddingv1.PlaceBidRequest) { r.ExpiresIn = 24*3600 + 600 }).GetBid()
	w.bid(p, 99_00, func(r *biddingv1.PlaceBidRequest) { r.ExpiresIn = 24 * 3600 }) // as long as it lives he is warned
	w.bid(p, 98_00)
	w.clock.Advance(599 * time.Second)
	w.restart()
	require.Never(t, func() bool { return len(w.warnings()) > 0 }, time.Second, tick)
	w.clock.Advance(time.Second)
	require.Eventually(t, func() bool { return len(w.warnings()) == 1 }, soon, tick)
	require.Equal(t, []int64{long.GetId()}, w.warnings())
	w.restart()
	w.clock.Advance(time.Minute)
	require.Never(t, func() bool { return w.told("OrderExpiring") > 1 }, time.Second, tick, "once")
	require.Equal(t, 1, w.told("OrderExpiring"))
	require.Equal(t, biddingv1.Status_ACTIVE, w.bidNow(p, long.GetId()).GetStatus())
}

// told counts what the exchange tells other services of a kind.
func (w *world) told(kind string) (n int) {
	w.t.Helper()
	log := repository.New(w.db, w.db)
	for shard := range int32(2) {
		batches, err := log.After(w.t.Context(), shard, 0, 1000)
		require.NoError(w.t, err)
		for _, b := range batches {
			for _, e := range b.Events {
				msg, err := e.Message()
				require.NoError(w.t, err)
				if string(msg.ProtoReflect().Descriptor().Name()) == kind {
					n++
				}
			}
		}
	}
	return n
}
