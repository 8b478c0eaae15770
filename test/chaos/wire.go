package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"sync"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// cut is a way to lose a connection to the database.
type cut string

// The ways. All but the blackout wait for a request that commits a batch of the exchange.
const (
	unsent    cut = "before a commit was sent"
	torn      cut = "in the middle of a commit" // PostgreSQL has half of the request
	sent      cut = "as soon as a commit was sent"
	swallowed cut = "when a commit was done, before its answer came"
	blackout  cut = "all connections at once"
	stuck     cut = "so that a commit hangs and nobody hears of it"
)

// cuts are those that everybody hears of.
var cuts = []cut{unsent, torn, sent, swallowed, blackout}

// wire stands between the exchange and PostgreSQL and can be cut.
type wire struct {
	listener net.Listener
	socket   string // of PostgreSQL
	work     sync.WaitGroup
	ended    chan struct{} // closed with the wire

	mu      sync.Mutex
	strands map[*strand]bool
	armed   *armed // nil: nothing is to be cut
}

// armed is a cut that waits for its moment.
type armed struct {
	how  cut
	done chan struct{}
}

// newWire listens for whoever wants to reach the database at address, which has a Unix socket.
func newWire(ctx context.Context, address string) (*wire, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("wire to the database: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("wire to the database: %w", err)
	}
	w := &wire{
		listener: l, strands: make(map[*strand]bool), ended: make(chan struct{}),
		socket: filepath.Join(u.Query().Get("host"), ".s.PGSQL."+u.Query().Get("port")),
	}
	w.work.Go(func() { w.accept(context.WithoutCancel(ctx)) })
	return w, nil
}

// url is the database's address by way of the wire.
func (w *wire) url(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic("wire: " + err.Error()) // newWire has parsed it
	}
	u.Host, u.RawQuery = w.listener.Addr().String(), url.Values{"sslmode": {"disable"}}.Encode()
	return u.String()
}

// close ends the wire and all that goes through it.
func (w *wire) close() error {
	err := w.listener.Close()
	close(w.ended)
	w.cutAll()
	w.work.Wait()
	return err
}

// accept lays a strand for each client until the listener is closed.
func (w *wire) accept(ctx context.Context) {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := (&net.Dialer{}).DialContext(ctx, "unix", w.socket)
		if err != nil {
			_ = client.Close() // that nobody is there is all there is to say
			continue
		}
		s := &strand{wire: w, client: client, server: server}
		w.mu.Lock()
		w.strands[s] = true
		w.mu.Unlock()
		w.work.Go(s.up)
		w.work.Go(s.down)
	}
}

func (w *wire) cutAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.strands {
		s.close()
	}
}

// cut cuts and returns when that has happened.
// Errors: of ctx; nobody sends what the cut waits for.
func (w *wire) cut(ctx context.Context, how cut) error {
	if how == blackout {
		w.cutAll()
		return nil
	}
	select {
	case <-w.arm(how).done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-clock.System{}.After(patience):
		return errors.New("the exchange commits nothing any more")
	}
}

// arm has the next commit cut.
func (w *wire) arm(how cut) *armed {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed = &armed{how, make(chan struct{})}
	return w.armed
}

// disarm hands out the cut that waits, once.
func (w *wire) disarm() *armed {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.armed
	w.armed = nil
	return a
}

// strand is one connection through the wire.
type strand struct {
	wire           *wire
	client, server net.Conn

	mu        sync.Mutex
	swallowed *armed // cut when the next answer is complete, of which nothing is handed on
}

// close loses the connection at both ends, each of which finds out by itself.
func (s *strand) close() {
	_, _ = s.client.Close(), s.server.Close() // either may be gone
}

// leave forgets a strand that has ended.
func (s *strand) leave() {
	s.close()
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	delete(s.wire.strands, s)
}

// up hands on what the client asks, until one end is gone or the strand is cut.
func (s *strand) up() {
	defer s.leave()
	for from := newRequests(s.client); ; {
		q, err := from.next()
		if err != nil {
			return
		}
		if q.commit {
			if a := s.wire.disarm(); a != nil && s.spoil(a, &q) {
				return
			}
		}
		if _, err := s.server.Write(q.bytes); err != nil {
			return
		}
	}
}

// spoil has a cut happen to a commit; false when that is left to the answer.
func (s *strand) spoil(a *armed, q *request) bool {
	if a.how == swallowed {
		s.mu.Lock()
		s.swallowed = a
		s.mu.Unlock()
		return false
	}
	part := map[cut]int{unsent: 0, torn: len(q.bytes) / 2, sent: len(q.bytes), stuck: len(q.bytes) - len(syncMessage)}[a.how]
	_, _ = s.server.Write(q.bytes[:part]) // the connection is lost anyway
	close(a.done)
	if a.how == stuck {
		<-s.wire.ended
	}
	s.close()
	return true
}

// syncMessage ends a request: what came before is committed when PostgreSQL has it.
var syncMessage = []byte{'S', 0, 0, 0, 4}

// ready is the end of every answer outside a transaction.
var ready = []byte{'Z', 0, 0, 0, 5, 'I'}

// down hands on what PostgreSQL answers, or swallows it.
func (s *strand) down() {
	defer s.leave()
	var kept []byte
	for chunk := make([]byte, 64<<10); ; {
		n, err := s.server.Read(chunk)
		if err != nil {
			return
		}
		s.mu.Lock()
		a := s.swallowed
		s.mu.Unlock()
		if a == nil {
			if _, err := s.client.Write(chunk[:n]); err != nil {
				return
			}
			continue
		}
		if kept = append(kept, chunk[:n]...); bytes.HasSuffix(kept, ready) {
			s.close()
			close(a.done)
			return
		}
	}
}
