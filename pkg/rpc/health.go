package rpc

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

const (
	probeLife    = time.Second     // an answer is given again for this long, so probes cost the database nothing
	probeTimeout = 2 * time.Second // longest wait for an answer
	watchEvery   = time.Second
)

var errUnknownService = errs.New(errs.NotFound, "SERVICE_UNKNOWN", "no such service here")

// probe asks a server's readiness at most once a second.
type probe struct {
	ready func(context.Context) error
	mu    sync.Mutex
	asked time.Time
	last  error
}

func (p *probe) ask(ctx context.Context) error {
	if p.ready == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.asked.IsZero() && clock.Since(p.asked) < probeLife { // real time: a test's clock may stand still
		return p.last
	}
	// One caller's hurry must not become the answer everyone hears.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
	defer cancel()
	p.last, p.asked = p.ready(ctx), clock.Monotonic()
	return p.last
}

// healthService answers the standard health protocol from the server's readiness.
type healthService struct {
	healthv1.UnimplementedHealthServer
	server *Server
}

// Check implements the health protocol; a blank service means the whole server.
func (h *healthService) Check(ctx context.Context, req *healthv1.HealthCheckRequest) (*healthv1.HealthCheckResponse, error) {
	if !h.knows(req.GetService()) {
		return nil, errUnknownService
	}
	return &healthv1.HealthCheckResponse{Status: h.status(ctx)}, nil
}

// List implements the health protocol: Check for the whole server and each service.
func (h *healthService) List(ctx context.Context, _ *healthv1.HealthListRequest) (*healthv1.HealthListResponse, error) {
	now := &healthv1.HealthCheckResponse{Status: h.status(ctx)}
	list := map[string]*healthv1.HealthCheckResponse{"": now, h.server.service: now}
	for name := range h.server.services {
		list[name] = now
	}
	return &healthv1.HealthListResponse{Statuses: list}, nil
}

// Watch implements the health protocol: the status now and at each change.
func (h *healthService) Watch(req *healthv1.HealthCheckRequest, stream grpc.ServerStreamingServer[healthv1.HealthCheckResponse]) error {
	ctx, last := stream.Context(), healthv1.HealthCheckResponse_UNKNOWN
	for {
		now := healthv1.HealthCheckResponse_SERVICE_UNKNOWN
		if h.knows(req.GetService()) {
			now = h.status(ctx)
		}
		if now != last {
			if err := stream.Send(&healthv1.HealthCheckResponse{Status: now}); err != nil {
				return err
			}
			last = now
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-h.server.clk.After(watchEvery):
		}
	}
}

func (h *healthService) status(ctx context.Context) healthv1.HealthCheckResponse_ServingStatus {
	if h.server.Ready(ctx) != nil {
		return healthv1.HealthCheckResponse_NOT_SERVING
	}
	return healthv1.HealthCheckResponse_SERVING
}

func (h *healthService) knows(service string) bool {
	if service == "" || service == h.server.service {
		return true
	}
	_, ok := h.server.services[service]
	return ok
}
