package rpc

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc"
)

// Addr is the TCP address the server listens on, with the port the system chose for
// ":0"; "" without one.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// String names the server in errors.
func (s *Server) String() string { return s.service + " server" }

// Ready reports why the server cannot serve now; nil when it can.
func (s *Server) Ready(ctx context.Context) error {
	if s.draining.Load() {
		return errStopping
	}
	return s.probe.ask(ctx)
}

// Run serves until ctx ends or a listener fails. Calls go on until Close.
func (s *Server) Run(ctx context.Context) error {
	failed := make(chan error, 2)
	for _, l := range s.listeners() {
		s.serving.Go(func() {
			if err := s.grpc.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
				failed <- fmt.Errorf("serve %s on %s: %w", s.service, l.Addr(), err)
			}
		})
	}
	if s.listener != nil {
		s.log.Info().Str("address", s.Addr()).Msg("serving")
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

// Close stops accepting, ends the streams, lets running calls finish and cuts what is
// left when ctx or RPC_DRAIN ends.
func (s *Server) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.Drain)
	defer cancel()
	s.draining.Store(true)
	s.stop()
	drained := make(chan struct{})
	go func() {
		s.grpc.GracefulStop()
		close(drained)
	}()
	select {
	case <-drained:
	case <-ctx.Done():
		s.log.Warn().Msg("calls were cut: they did not finish in time")
		s.grpc.Stop()
		<-drained
	}
	if s.network != nil {
		s.network.remove(s)
	}
	s.closeListeners()
	s.serving.Wait()
	return nil
}

func (s *Server) listeners() []net.Listener {
	out := []net.Listener{s.memory}
	if s.listener != nil {
		out = append(out, s.listener)
	}
	return out
}

// closeListeners closes those that Serve did not; closing twice is harmless.
func (s *Server) closeListeners() {
	for _, l := range s.listeners() {
		_ = l.Close()
	}
}
