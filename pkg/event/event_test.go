package event_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/sneakers-marketplace/marketplace/internal/testkit/peers"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/event"
	eventv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/event/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	soon = 10 * time.Second
	tick = 2 * time.Millisecond
)

// producer is a service that serves a log, and a connection to it as the bidding service.
type producer struct {
	peers.Log
	log     event.Log // what is served: Log, or something around it
	network *rpc.Network
	conn    *grpc.ClientConn
	stop    func()
}

func produce(t *testing.T) *producer {
	t.Helper()
	p := &producer{network: rpc.NewNetwork()}
	p.log = &p.Log
	p.start(t)
	return p
}

// start serves the log and connects to it.
func (p *producer) start(t *testing.T) {
	t.Helper()
	p.serve(t)
	credential, err := auth.NewServiceCredential(auth.Config{Keys: auth.DevelopmentKeys}, "bidding", clock.System{})
	require.NoError(t, err)
	p.conn, err = p.network.Dial("user", "", rpc.AsService(credential))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, p.conn.Close())
		p.stop()
	})
}

func (p *producer) serve(t *testing.T) {
	t.Helper()
	verifier, err := auth.NewVerifier(auth.Config{Keys: auth.DevelopmentKeys}, clock.System{})
	require.NoError(t, err)
	s, err := rpc.NewServer(rpc.ServerOptions{
		Service: "user", Network: p.network, Verifier: verifier, Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(),
		Register: event.NewServer(p.log).Serve,
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	p.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, s.Close(context.Background()))
	})
}

// effects keeps what has had its effect, with the position, as a transaction would.
type effects struct {
	mu   sync.Mutex
	at   int64
	seen []string
	fail func(seq int64) error

	asked func() // called when a consumer begins; may be nil
}

func (e *effects) Position(context.Context, int32) (int64, error) {
	if e.asked != nil {
		e.asked()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.at, nil
}

func (e *effects) Handle(_ context.Context, partition int32, b event.Batch) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fail != nil {
		if err := e.fail(b.Seq); err != nil {
			return err
		}
	}
	for _, one := range b.Events {
		msg, err := one.Payload.UnmarshalNew()
		if err != nil || partition != 0 {
			return errors.Join(err, errors.New("what is this?"))
		}
		e.seen = append(e.seen, msg.(*userv1.AccountBanned).GetUserId())
	}
	e.at = b.Seq
	return nil
}

func (e *effects) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.seen...)
}

// follow runs a consumer until the returned function is called.
func follow(t *testing.T, p *producer, e event.Handler) (stop func()) {
	t.Helper()
	c := event.NewConsumer("user", p.conn, e, zerolog.Nop())
	require.Equal(t, "events of user", c.String())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, c.Close(context.Background()))
	})
	t.Cleanup(stop)
	return stop
}

func (p *producer) ban(names ...string) {
	for _, name := range names {
		p.Happen(&userv1.AccountBanned{UserId: name})
	}
}

func TestEVENT_001_EachEventHasItsEffectOnceAndInOrder(t *testing.T) {
	t.Parallel()
	p, e := produce(t), &effects{}
	p.ban("a", "b")
	stop := follow(t, p, e)
	require.Eventually(t, func() bool { return len(e.all()) == 2 }, soon, tick)
	p.ban("c")
	require.Eventually(t, func() bool { return len(e.all()) == 3 }, soon, tick)
	stop()
	p.ban("d", "e")
	follow(t, p, e)
	require.Eventually(t, func() bool { return len(e.all()) == 5 }, soon, tick)
	require.Equal(t, []string{"a", "b", "c", "d", "e"}, e.all())
}

// gatherer gives all that has come its effect at once.
type gatherer struct{ effects }

func (g *gatherer) HandleAll(ctx context.Context, partition int32, batches []event.Batch) error {
	for _, b := range batches {
		if err := g.Handle(ctx, partition, b); err != nil {
			return err
		}
	}
	return nil
}

func TestEVENT_001_BatchesTakenTogetherStayInOrder(t *testing.T) {
	t.Parallel()
	p := produce(t)
	g := &gatherer{}
	failures := 1
	g.fail = func(seq int64) error {
		if seq == 300 && failures > 0 {
			failures--
			return errors.New("the database is away")
		}
		return nil
	}
	var want []string
	for i := range 500 {
		want = append(want, strconv.Itoa(i))
	}
	p.ban(want...)
	follow(t, p, g)
	require.Eventually(t, func() bool { return len(g.all()) == len(want) }, soon, tick)
	require.Equal(t, want, g.all())
}

func TestEVENT_001_WhatFailsComesAgainAndNothingIsSkipped(t *testing.T) {
	t.Parallel()
	p := produce(t)
	failures := 2
	e := &effects{fail: func(seq int64) error {
		if seq == 2 && failures > 0 {
			failures--
			return errors.New("the database is away")
		}
		return nil
	}}
	p.ban("a", "b", "c")
	follow(t, p, e)
	require.Eventually(t, func() bool { return len(e.all()) == 3 }, soon, tick)
	require.Equal(t, []string{"a", "b", "c"}, e.all())
	require.Zero(t, failures)
}

func TestEVENT_001_AProducerThatRestartsIsFollowedOn(t *testing.T) {
	t.Parallel()
	p, e := produce(t), &effects{}
	follow(t, p, e)
	p.ban("a")
	require.Eventually(t, func() bool { return len(e.all()) == 1 }, soon, tick)
	p.stop()
	p.ban("b")
	p.serve(t)
	require.Eventually(t, func() bool { return len(e.all()) == 2 }, soon, tick)
	require.Equal(t, []string{"a", "b"}, e.all())
}

func TestEVENT_001_AConsumerGoesOnBehindItsPosition(t *testing.T) {
	t.Parallel()
	p, e := produce(t), &effects{at: 5}
	p.ban("a", "b", "c", "d", "e", "f")
	follow(t, p, e)
	require.Eventually(t, func() bool { return len(e.all()) == 1 }, soon, tick)
	require.Equal(t, []string{"f"}, e.all())
}

// holed is a log that lost a batch.
type holed struct{ *peers.Log }

func (h holed) After(ctx context.Context, partition int32, seq int64, limit int) ([]event.Batch, error) {
	all, err := h.Log.After(ctx, partition, seq, limit)
	return slices.DeleteFunc(slices.Clone(all), func(b event.Batch) bool { return b.Seq == 2 }), err
}

func TestEVENT_001_NothingBehindAGapHasAnEffect(t *testing.T) {
	t.Parallel()
	p := &producer{network: rpc.NewNetwork()}
	p.log = holed{&p.Log}
	p.start(t)
	var begun atomic.Int32
	e := &effects{}
	e.asked = func() { begun.Add(1) }
	p.ban("a", "b", "c")
	follow(t, p, e)
	require.Eventually(t, func() bool { return begun.Load() >= 3 }, soon, tick, "it begins again behind what it has")
	require.Equal(t, []string{"a"}, e.all())
}

func TestEVENT_001_OnlyServicesFollow(t *testing.T) {
	t.Parallel()
	p := produce(t)
	stranger, err := p.network.Dial("user", "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stranger.Close()) })
	_, err = eventv1.NewEventLogClient(stranger).ListPartitions(t.Context(), &eventv1.ListPartitionsRequest{})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	ss, err := eventv1.NewEventLogClient(p.conn).Tail(t.Context(), &eventv1.TailRequest{Partition: -1})
	require.NoError(t, err)
	_, err = ss.Recv()
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}

func TestEVENT_001_ABatchOfAnySizeArrivesWhole(t *testing.T) {
	t.Parallel()
	p, e := produce(t), &effects{}
	var payloads []proto.Message
	for i := range 60_000 { // more than a message may hold
		payloads = append(payloads, &userv1.AccountBanned{UserId: strconv.Itoa(i) + strings.Repeat(" ", 80)})
	}
	p.ban("first")
	p.Happen(payloads...)
	p.Happen() // nothing happened
	p.ban("last")
	follow(t, p, e)
	require.Eventually(t, func() bool { return len(e.all()) == 60_002 }, soon, tick)
	all := e.all()
	require.Equal(t, []string{"first", "0", "59999", "last"}, []string{all[0], strings.TrimSpace(all[1]), strings.TrimSpace(all[60_000]), all[60_001]})
}

func TestEVENT_001_AnEventOfAKindNobodyKnowsHereIsNone(t *testing.T) {
	t.Parallel()
	known, err := event.Of(clock.System{}.Now(), &userv1.AccountBanned{UserId: "a"})
	require.NoError(t, err)
	msg, err := known.Message()
	require.NoError(t, err)
	require.Equal(t, "a", msg.(*userv1.AccountBanned).GetUserId())
	msg, err = event.Event{Payload: &anypb.Any{TypeUrl: "type.googleapis.com/user.v9.AccountMerged"}}.Message()
	require.NoError(t, err)
	require.Nil(t, msg)
	_, err = event.Event{Payload: &anypb.Any{TypeUrl: known.Payload.TypeUrl, Value: []byte{0xff}}}.Message()
	require.Error(t, err, "damaged")
}

// lines counts what is logged.
type lines struct{ n atomic.Int64 }

func (l *lines) Write(b []byte) (int, error) {
	l.n.Add(1)
	return len(b), nil
}

func TestEVENT_001_EachOutageIsLoggedOnce(t *testing.T) {
	t.Parallel()
	p := produce(t)
	var broken atomic.Bool
	var tries atomic.Int64
	e := &effects{fail: func(int64) error {
		if tries.Add(1); broken.Load() {
			return errors.New("the database is away")
		}
		return nil
	}}
	var log lines
	c := event.NewConsumer("user", p.conn, e, zerolog.New(&log))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	for outage := int64(1); outage <= 2; outage++ {
		broken.Store(true)
		tries.Store(0)
		p.ban("a")
		require.Eventually(t, func() bool { return tries.Load() >= 3 }, soon, tick)
		require.Equal(t, outage, log.n.Load())
		broken.Store(false)
		require.Eventually(t, func() bool { return int64(len(e.all())) == outage }, soon, tick)
	}
}
