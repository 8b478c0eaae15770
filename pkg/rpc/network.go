package rpc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/test/bufconn"
)

// Network is the servers of this process by service name. A client in the same process
// reaches them over memory, with the same interceptors, deadlines and status codes as
// over TCP. A nil Network has no servers. Safe for concurrent use.
type Network struct {
	mu       sync.RWMutex
	servers  map[string]*Server
	expected map[string]bool
}

// NewNetwork returns a network without servers.
func NewNetwork() *Network {
	return &Network{servers: map[string]*Server{}, expected: map[string]bool{}}
}

// Expect says which services this process serves, or is about to: they are reached over
// memory or not at all, never at an address where another marketplace may listen.
func (n *Network) Expect(services ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range services {
		n.expected[s] = true
	}
}

// Dial returns a connection to service: over memory when it is served in this process
// at the moment of connecting (it may be registered after Dial), else to addr,
// "host:port" or a gRPC target such as dns:///host:port. The connection is made when
// first used and made again when lost; a call meanwhile is refused UNAVAILABLE.
func (n *Network) Dial(service, addr string, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	dialer := func(ctx context.Context, target string) (net.Conn, error) {
		l, expected := n.listener(service)
		if l != nil {
			return l.DialContext(ctx)
		}
		if expected {
			return nil, fmt.Errorf("service %s of this process does not run yet, or no more", service)
		}
		if addr == "" {
			return nil, fmt.Errorf("service %s is not served in this process and has no address", service)
		}
		var d net.Dialer
		return d.DialContext(ctx, "tcp", target)
	}
	all := append(clientOptions(), grpc.WithContextDialer(dialer))
	conn, err := grpc.NewClient(target(service, addr), append(all, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("dial %s at %q: %w", service, addr, err)
	}
	return conn, nil
}

func target(service, addr string) string {
	switch {
	case addr == "":
		return "passthrough:///" + service
	case strings.Contains(addr, ":///"):
		return addr
	}
	return "passthrough:///" + addr
}

func clientOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		// A server that is gone without a word is noticed although streams wait for it.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 5 * time.Second}),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`),
		grpc.WithChainUnaryInterceptor(clientUnary),
		grpc.WithChainStreamInterceptor(clientStream),
	}
}

// listener returns where a service of this process is reached over memory, nil while it
// is not served, and whether it is to be.
func (n *Network) listener(service string) (l *bufconn.Listener, expected bool) {
	if n == nil {
		return nil, false
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	if s := n.servers[service]; s != nil {
		l = s.memory
	}
	return l, n.expected[service]
}

// add makes a server reachable; one service is served at most once per process.
func (n *Network) add(s *Server) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.servers[s.service] != nil {
		return fmt.Errorf("service %s is already served in this process", s.service)
	}
	n.servers[s.service] = s
	return nil
}

func (n *Network) remove(s *Server) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.servers[s.service] == s {
		delete(n.servers, s.service)
	}
}

func (n *Network) all() []*Server {
	if n == nil {
		return nil
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	names := slices.Sorted(maps.Keys(n.servers))
	out := make([]*Server, len(names))
	for i, name := range names {
		out[i] = n.servers[name]
	}
	return out
}

// Ready reports whether every server of the process can serve; the error names those that cannot.
func (n *Network) Ready(ctx context.Context) error {
	var problems []error
	for _, s := range n.all() {
		if err := s.Ready(ctx); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", s.service, err))
		}
	}
	return errors.Join(problems...)
}

// Drain makes every server say that it is not ready, while it goes on serving, so that
// load balancers turn away before the listeners close. It cannot be undone.
func (n *Network) Drain() {
	for _, s := range n.all() {
		s.draining.Store(true)
	}
}
