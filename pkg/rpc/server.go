// Package rpc is the edge of every service: a gRPC server whose one interceptor gives
// each call an id, a deadline, a verified caller, a checked request, a mapped error, a
// log line and metrics; and connections between services, over memory in one process
// and over TCP between several.
package rpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"buf.build/go/protovalidate"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

// ServerOptions says what a server serves and with what.
type ServerOptions struct {
	Service        string // "user", "product", "bidding"
	Listen         string // TCP address; blank: reachable over memory only
	ListenVariable string // the variable behind Listen, for errors; blank: <SERVICE>_LISTEN
	Config         Config
	Log            zerolog.Logger
	Clock          clock.Clock          // nil: the machine's
	Network        *Network             // nil: not reachable over memory
	Metrics        *prometheus.Registry // nil: not measured
	Verifier       *auth.Verifier
	Revocations    *auth.Revocations           // nil: tokens count until they expire
	Production     bool                        // no reflection
	Register       func(grpc.ServiceRegistrar) // registers the handlers
	Ready          func(context.Context) error // nil: ready while running
}

// Server is a gRPC server as a task of pkg/run. It listens from NewServer on, serves
// during Run and drains in Close.
type Server struct {
	service   string
	config    Config
	log       zerolog.Logger
	clk       clock.Clock
	network   *Network
	grpc      *grpc.Server
	listener  net.Listener // nil without a TCP address
	memory    *bufconn.Listener
	methods   map[string]*method
	services  map[string]grpc.ServiceInfo
	validator protovalidate.Validator

	tokens        *memory[auth.Claims]
	serviceTokens *memory[auth.ServiceClaims]
	revocations   *auth.Revocations

	requestIDs *requestIDs
	running    prometheus.Gauge
	panics     prometheus.Counter
	probe      *probe
	draining   atomic.Bool
	stopping   context.Context //nolint:containedctx // ends every stream when the server stops
	stop       context.CancelFunc
	serving    sync.WaitGroup
}

const memoryBuffer = 256 << 10 // bytes in flight per in-process connection and direction

// NewServer registers the handlers, checks that every method has an access rule,
// compiles the request rules and binds the address.
// Errors: a port in use names the address and its variable; a method without a rule is named.
func NewServer(opts ServerOptions) (*Server, error) {
	s, err := newServer(opts)
	if err != nil {
		return nil, fmt.Errorf("%s server: %w", opts.Service, err)
	}
	if err := s.listen(opts); err != nil {
		s.abandon()
		return nil, err
	}
	return s, nil
}

// abandon ends what a server has begun that will never serve.
func (s *Server) abandon() {
	s.stop()
	s.grpc.Stop()
}

func newServer(opts ServerOptions) (*Server, error) {
	if opts.Verifier == nil || opts.Register == nil {
		return nil, errors.New("a verifier and handlers are needed")
	}
	if opts.Clock == nil {
		opts.Clock = clock.System{}
	}
	s := &Server{
		service: opts.Service, config: opts.Config.withDefaults(), log: opts.Log, clk: opts.Clock, network: opts.Network,
		memory:        bufconn.Listen(memoryBuffer),
		tokens:        newTokens(opts.Verifier, opts.Clock),
		serviceTokens: newServiceTokens(opts.Verifier, opts.Clock),
		revocations:   opts.Revocations,
		requestIDs:    newRequestIDs(),
		probe:         &probe{ready: opts.Ready},
	}
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.grpc = grpc.NewServer(s.options()...)
	if err := s.register(opts); err != nil {
		s.abandon()
		return nil, err
	}
	return s, nil
}

// streamWorkers is how many goroutines stay to carry out calls; each has grown its stack
// once. Calls beyond them get a goroutine of their own.
const streamWorkers = 256

func (s *Server) options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.UnaryInterceptor(s.unary),
		grpc.StreamInterceptor(s.stream),
		grpc.MaxRecvMsgSize(s.config.MaxMessageBytes),
		grpc.MaxSendMsgSize(s.config.MaxMessageBytes),
		grpc.MaxHeaderListSize(s.config.MaxHeaderBytes),
		grpc.MaxConcurrentStreams(s.config.MaxStreams),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: s.config.KeepaliveTime, Timeout: s.config.KeepaliveTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: s.config.MinPing, PermitWithoutStream: true}),
		grpc.WaitForHandlers(true),
		grpc.NumStreamWorkers(streamWorkers),
	}
}

// register fills the tables the interceptors look into.
func (s *Server) register(opts ServerOptions) error {
	cat := &catalogue{server: s.grpc}
	opts.Register(cat)
	healthv1.RegisterHealthServer(cat, &healthService{server: s})
	s.services = s.grpc.GetServiceInfo()
	if !opts.Production {
		reflection.Register(struct {
			grpc.ServiceRegistrar
			reflection.ServiceInfoProvider
		}{cat, s.grpc})
	}
	methods, requests, err := cat.methods()
	if err != nil {
		return err
	}
	m, err := newMetrics(opts.Metrics)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	for _, each := range methods {
		each.stats = m.of(each.name)
	}
	s.methods, s.running, s.panics = methods, m.running.WithLabelValues(s.service), m.panics.WithLabelValues(s.service)
	s.validator, err = newValidator(requests)
	return err
}

func (s *Server) listen(opts ServerOptions) error {
	if opts.Listen != "" {
		variable := or(opts.ListenVariable, strings.ToUpper(opts.Service)+"_LISTEN")
		l, err := listenTCP(variable, opts.Listen)
		if err != nil {
			return err
		}
		s.listener = l
	}
	if s.network == nil {
		return nil
	}
	if err := s.network.add(s); err != nil {
		s.closeListeners()
		return err
	}
	return nil
}
