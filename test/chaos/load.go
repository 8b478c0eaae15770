package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
)

const conns = 8

// load is all clients together.
type load struct {
	clients  []*client
	apis     []biddingv1.BiddingServiceClient
	conns    []*grpc.ClientConn
	interval time.Duration // between two things that one client asks for

	acknowledged, unknown atomic.Int64
	watch                 atomic.Pointer[watch]
	pulse                 atomic.Pointer[pulse]
}

// watch waits for the first acknowledgement of what was asked after an instant.
type watch struct {
	after time.Time
	first chan time.Time
}

// newLoad makes the clients; together they ask for o.rate things a second.
func newLoad(dir string, addresses []string, o options, markets []string) (*load, error) {
	l := &load{interval: time.Duration(o.clients) * time.Second / time.Duration(o.rate)}
	for i := range conns {
		conn, err := dial(addresses[i%len(addresses)])
		if err != nil {
			return nil, errors.Join(err, l.close())
		}
		l.conns = append(l.conns, conn)
		l.apis = append(l.apis, biddingv1.NewBiddingServiceClient(conn))
	}
	for i := range o.clients {
		account := id.New()
		d, err := openDiary(dir, account)
		if err != nil {
			return nil, errors.Join(err, l.close())
		}
		l.clients = append(l.clients, &client{
			account: account, diary: d, markets: markets, answerIn: o.nodes.answerIn(i),
			rand: rand.New(rand.NewPCG(o.seed, 1+uint64(i))), //nolint:gosec // a load, no secret
		})
	}
	return l, nil
}

// dial connects to a service that may be away, and tries again soon.
func dial(address string) (*grpc.ClientConn, error) {
	soon := backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.5, Jitter: 0.2, MaxDelay: 100 * time.Millisecond}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: soon, MinConnectTimeout: time.Second}))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	return conn, nil
}

func (l *load) close() error {
	var err error
	for _, c := range l.conns {
		err = errors.Join(err, c.Close())
	}
	for _, c := range l.clients {
		err = errors.Join(err, c.diary.close())
	}
	return err
}

// count notes an answer to what was asked at sent.
func (l *load) count(t *answer, sent time.Time) {
	if p := l.pulse.Load(); p != nil {
		p.answered(t, sent)
	}
	switch t.Outcome {
	case unknown:
		l.unknown.Add(1)
	case acknowledged:
		l.acknowledged.Add(1)
		if w := l.watch.Load(); w != nil && sent.After(w.after) {
			select {
			case w.first <- clock.Monotonic():
			default: // somebody else was first
			}
		}
	}
}

// firstAfter receives when something is acknowledged that was asked for after an instant.
func (l *load) firstAfter(instant time.Time) <-chan time.Time {
	w := &watch{instant, make(chan time.Time, 1)}
	l.watch.Store(w)
	return w.first
}

// shift is a time during which all clients trade.
type shift struct {
	began  time.Time
	before int64 // acknowledgements
	stop   func()
	cut    context.CancelFunc
	work   *errgroup.Group
}

// begin signs every client in anew and lets them trade.
func (l *load) begin(ctx context.Context, issuer *auth.Issuer) (*shift, error) {
	for _, c := range l.clients {
		token, _, err := issuer.Access(c.account, id.New(), []auth.Role{auth.RoleUser, auth.RoleSeller})
		if err != nil {
			return nil, fmt.Errorf("sign a client in: %w", err)
		}
		c.token = token
	}
	stop := make(chan struct{})
	ctx, cut := context.WithCancel(ctx)
	work, ctx := errgroup.WithContext(ctx)
	for _, c := range l.clients {
		work.Go(func() error { return c.trade(ctx, l, stop) })
	}
	return &shift{clock.Monotonic(), l.acknowledged.Load(), sync.OnceFunc(func() { close(stop) }), cut, work}, nil
}

// errHangs says that a client was not told the outcome of what it asked for.
var errHangs = errors.New("a client still does not know what became of what it asked for")

// end waits until every client knows the outcome of what it asked for.
// Errors: errHangs; of the clients.
func (s *shift) end() error {
	defer s.cut()
	s.stop()
	done := make(chan error, 1)
	go func() { done <- s.work.Wait() }()
	select {
	case err := <-done:
		return err
	case <-clock.System{}.After(patience):
		s.cut()
		return errors.Join(errHangs, ignoreCancel(<-done))
	}
}
