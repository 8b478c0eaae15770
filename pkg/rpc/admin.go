package rpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"
)

// AdminConfig is where the operators' pages are served.
type AdminConfig struct {
	Listen string `env:"METRICS_LISTEN" doc:"address of /metrics, /healthz and /readyz, e.g. 127.0.0.1:9090; blank: off"`
}

// AdminOptions says what the operators' pages show.
type AdminOptions struct {
	Config  AdminConfig
	Log     zerolog.Logger
	Network *Network             // whose readiness /readyz tells
	Metrics *prometheus.Registry // what /metrics shows
}

// AdminServer serves /metrics, /healthz (the process lives) and /readyz (every server
// of the process can serve) over HTTP, as a task of pkg/run.
type AdminServer struct {
	log      zerolog.Logger
	network  *Network
	listener net.Listener
	http     *http.Server
	serving  sync.WaitGroup
}

// NewAdminServer binds the address; it returns nil when none is configured.
// Errors: a port in use names the address and METRICS_LISTEN.
func NewAdminServer(opts AdminOptions) (*AdminServer, error) {
	if opts.Config.Listen == "" {
		return nil, nil //nolint:nilnil // no address is a valid configuration
	}
	l, err := listenTCP("METRICS_LISTEN", opts.Config.Listen)
	if err != nil {
		return nil, err
	}
	s := &AdminServer{log: opts.Log, network: opts.Network, listener: l}
	s.log.Info().Str("address", s.Addr()).Msg("operators' pages")
	s.http = &http.Server{Handler: s.routes(opts.Metrics), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	return s, nil
}

func (s *AdminServer) routes(reg *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	if reg != nil {
		mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		err := s.network.Ready(r.Context())
		if err != nil {
			s.log.Warn().Err(err).Msg("not ready")
		}
		answer(w, err)
	})
	return mux
}

// answer keeps the cause for the log: it may name hosts.
func answer(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("not ready\n"))
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// Addr is the address the server listens on.
func (s *AdminServer) Addr() string { return s.listener.Addr().String() }

// String names the server in errors.
func (s *AdminServer) String() string { return "metrics server" }

// Run serves until ctx ends.
func (s *AdminServer) Run(ctx context.Context) error {
	failed := make(chan error, 1)
	s.serving.Go(func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve metrics on %s: %w", s.Addr(), err)
		}
	})
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// Close lets running requests finish until ctx ends.
func (s *AdminServer) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	_ = s.listener.Close() // when it never ran
	s.serving.Wait()
	return err
}
