package cluster

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/engine"
	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// other is the other end of a peer: it notes what comes and answers when it is told to.
type other struct {
	biddingv1.UnimplementedNodeServiceServer
	came  chan *biddingv1.CarryRequest
	reply chan *biddingv1.CarryResponse
	cut   chan struct{} // ends the streams
}

func (o *other) Carry(s grpc.BidiStreamingServer[biddingv1.CarryRequest, biddingv1.CarryResponse]) error {
	failed := make(chan error, 2)
	go func() {
		for {
			r, err := s.Recv()
			if err != nil {
				failed <- err
				return
			}
			o.came <- r
		}
	}()
	for {
		select {
		case r := <-o.reply:
			if err := s.Send(r); err != nil {
				return err
			}
		case <-o.cut:
			return model.ErrUnavailable
		case err := <-failed:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// connect returns a peer of which the other end is in the test's hand.
func connect(t *testing.T) (*peer, *other, *grpc.Server) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	o := &other{came: make(chan *biddingv1.CarryRequest, 100), reply: make(chan *biddingv1.CarryResponse), cut: make(chan struct{})}
	server := grpc.NewServer()
	biddingv1.RegisterNodeServiceServer(server, o)
	go func() { _ = server.Serve(l) }()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	p := newPeer(conn, zerolog.Nop())
	t.Cleanup(func() { p.close(); server.Stop() })
	return p, o, server
}

func command() []model.Command {
	return []model.Command{{Kind: model.Cancel, Account: id.New(), Side: model.Bid, Order: 1}}
}

func outcome(t *testing.T, p engine.Pending) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	results := p.Wait(ctx)
	require.Len(t, results, 1)
	return results[0].Err
}

func TestCommandsAreTakenInInTheirOrderAndAnsweredInAny(t *testing.T) {
	t.Parallel()
	p, o, _ := connect(t)
	const n = 20
	var waiting []engine.Pending
	for i := range n {
		waiting = append(waiting, p.carry(t.Context(), uint8(i), command()))
	}
	var ids []uint64
	for i := range n {
		r := <-o.came
		require.Equal(t, uint32(i), r.GetShard())
		ids = append(ids, r.GetId())
	}
	for i := n - 1; i >= 0; i-- {
		results := packResults(t.Context(), []engine.Result{{Err: model.ErrBidNotFound}})
		if i%2 == 0 {
			results = packResults(t.Context(), []engine.Result{{}})
		}
		o.reply <- &biddingv1.CarryResponse{Id: ids[i], Results: results}
		if err := outcome(t, waiting[i]); i%2 == 0 {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, model.ErrBidNotFound)
		}
	}
}

func TestWhatABrokenStreamWasToCarryHasAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	p, o, _ := connect(t)
	sent := p.carry(t.Context(), 0, command())
	<-o.came
	o.cut <- struct{}{}
	require.ErrorIs(t, outcome(t, sent), model.ErrUnavailable)
	again := p.carry(t.Context(), 0, command())
	r := <-o.came
	o.reply <- &biddingv1.CarryResponse{Id: r.GetId(), Results: packResults(t.Context(), []engine.Result{{}})}
	require.NoError(t, outcome(t, again), "the next stream works")
	o.reply <- &biddingv1.CarryResponse{Id: r.GetId()} // an answer nobody waits for
}

func TestWhatANodeThatIsGoneNeverGotMayBeTriedElsewhere(t *testing.T) {
	t.Parallel()
	p, _, server := connect(t)
	server.Stop()
	require.ErrorIs(t, outcome(t, p.carry(t.Context(), 0, command())), model.ErrNotOwner)
	p.close()
	require.ErrorIs(t, outcome(t, p.carry(t.Context(), 0, command())), model.ErrNotOwner)
}

func TestWhoWaitsForANodeThatLostTheShardIsLetGo(t *testing.T) {
	t.Parallel()
	p, o, _ := connect(t)
	one, two := p.carry(t.Context(), 1, command()), p.carry(t.Context(), 2, command())
	<-o.came
	r := <-o.came
	owns := func(shard uint8) bool { return shard == 2 }
	require.True(t, p.letGo(owns), "for a moment everybody waits: the answer may be on its way")
	require.Eventually(t, func() bool {
		require.True(t, p.letGo(owns))
		return one.Wait(expired(t))[0].Err != context.Canceled //nolint:errorlint // exactly that one
	}, 10*time.Second, 10*time.Millisecond)
	require.ErrorIs(t, outcome(t, one), model.ErrUnavailable)
	o.reply <- &biddingv1.CarryResponse{Id: r.GetId(), Results: packResults(t.Context(), []engine.Result{{}})}
	require.NoError(t, outcome(t, two))
	require.False(t, p.letGo(owns))
}

func TestWhoDoesNotWaitAnyLongerHearsWhy(t *testing.T) {
	t.Parallel()
	p, o, _ := connect(t)
	sent := p.carry(t.Context(), 1, command())
	<-o.came
	require.ErrorIs(t, sent.Wait(expired(t))[0].Err, context.Canceled)
}

// expired is the context of somebody who does not wait.
func expired(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func TestWhatNobodyWaitsForIsNotSent(t *testing.T) {
	t.Parallel()
	p, _, _ := connect(t)
	c := &carried{peer: p, since: clock.Monotonic(), done: make(chan struct{}), request: &biddingv1.CarryRequest{Commands: make([]*biddingv1.NodeCommand, 1)}}
	p.number(c)
	require.Eventually(t, func() bool { return !p.letGo(func(uint8) bool { return false }) }, 10*time.Second, 10*time.Millisecond)
	require.ErrorIs(t, outcome(t, c), model.ErrUnavailable)
	require.False(t, p.leaves(c))
	require.False(t, c.sent)
}
