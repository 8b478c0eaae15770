package rpc

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/logger"
)

// unary is the one interceptor of ordinary calls. All its steps are in one function
// chain because a busy market's calls pass here ten thousand times a second.
func (s *Server) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	c := s.begin(ctx, info.FullMethod)
	cancel := s.bound(c)
	defer func() {
		if p := recover(); p != nil {
			err = s.panicked(c, p)
		}
		if err = s.end(c, err, s.config.Slow); err != nil {
			resp = nil
		}
		if cancel != nil { // after end, which asks why the context ended
			cancel()
		}
	}()
	if err := s.authenticate(c, c); err != nil {
		return nil, err
	}
	if err := s.validate(req); err != nil {
		return nil, err
	}
	return handler(c, req)
}

// begin gives the call its id, log and clock, and tells the client the id.
func (s *Server) begin(ctx context.Context, fullMethod string) *call {
	start := clock.Monotonic()
	requestID := s.requestIDs.of(ctx)
	s.running.Inc()
	// The header fails only when the client is gone already; the call will notice.
	_ = grpc.SetHeader(ctx, metadata.MD{headerRequestID: []string{requestID}})
	return &call{
		Context:   logger.With(ctx, &s.log, requestID),
		method:    s.methods[fullMethod],
		requestID: requestID,
		start:     start,
	}
}

// bound gives the call the deadline it lacks and cuts one that is too far away.
func (s *Server) bound(c *call) context.CancelFunc {
	limit := s.config.Deadline
	if deadline, ok := c.Deadline(); ok {
		if limit = s.config.MaxDeadline; time.Until(deadline) <= limit {
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(c.Context, limit)
	c.Context = ctx
	return cancel
}

// end maps the handler's error, counts and logs the call.
func (s *Server) end(c *call, err error, slow time.Duration) error {
	took := clock.Since(c.start)
	s.running.Dec()
	if err == nil {
		c.method.stats.record(codes.OK, took)
		if level := s.levelOK(took, slow); s.log.GetLevel() <= level {
			s.line(c, level, codes.OK, took).Msg("call")
		}
		return nil
	}
	st := toStatus(c, err)
	c.method.stats.record(st.Code(), took)
	level := s.level(st.Code())
	if s.log.GetLevel() <= level {
		s.line(c, level, st.Code(), took).Str("reason", errs.ReasonOf(err)).Err(err).Msg("call")
	}
	return st.Err()
}

func (s *Server) levelOK(took, slow time.Duration) zerolog.Level {
	switch {
	case slow > 0 && took >= slow:
		return zerolog.WarnLevel
	case s.config.AccessLog == LogAll:
		return zerolog.InfoLevel
	}
	return zerolog.DebugLevel
}

// level: what a client did wrong is information, what we did wrong is a warning or an error.
func (s *Server) level(code codes.Code) zerolog.Level {
	switch code { //nolint:exhaustive // the rest is refusals
	case codes.Internal, codes.Unknown, codes.DataLoss:
		return zerolog.ErrorLevel
	case codes.Unavailable, codes.DeadlineExceeded:
		return zerolog.WarnLevel
	}
	if s.config.AccessLog == LogFailed {
		return zerolog.DebugLevel
	}
	return zerolog.InfoLevel
}

func (s *Server) line(c *call, level zerolog.Level, code codes.Code, took time.Duration) *zerolog.Event {
	e := logger.From(c).WithLevel(level).Str("method", c.method.name).Str("code", code.String()).Dur("took", took)
	if c.claims != nil {
		e = e.Stringer("account", c.claims.Account)
	}
	return e
}

// panicked logs the stack; the client hears "internal error".
func (s *Server) panicked(c *call, p any) error {
	s.panics.Inc()
	logger.From(c).Error().Str("method", c.method.name).Interface("panic", fmt.Sprint(p)).Bytes("stack", debug.Stack()).Msg("panic")
	return fmt.Errorf("panic: %v", p)
}

// stream is the interceptor of streams: as unary, but without a deadline. It ends when
// the access token does and when the server stops.
func (s *Server) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	c := s.begin(ss.Context(), info.FullMethod)
	ctx, cancel := context.WithCancelCause(c.Context)
	defer cancel(nil)
	defer context.AfterFunc(s.stopping, func() { cancel(errStopping) })()
	c.Context = ctx
	if err := s.authenticate(c, c); err != nil {
		return s.end(c, err, 0)
	}
	if c.claims != nil {
		var end context.CancelFunc
		c.Context, end = context.WithTimeoutCause(ctx, c.claims.ExpiresAt.Sub(s.clk.Now()), auth.ErrTokenExpired)
		defer end()
	}
	defer s.whileAdmitted(c, cancel)()
	defer func() {
		if p := recover(); p != nil {
			err = s.panicked(c, p)
		}
		err = s.end(c, err, 0)
	}()
	return handler(srv, &checkedStream{ServerStream: ss, server: s, call: c})
}

// whileAdmitted ends a stream when its caller's session ends or he loses a role, which a
// single message may depend on (USER-006, USER-009), until the returned function is called.
func (s *Server) whileAdmitted(c *call, end context.CancelCauseFunc) (forget func()) {
	if s.revocations == nil || c.claims == nil {
		return func() {}
	}
	check := func() {
		claims, err := s.revocations.Now(c.claims)
		if err == nil {
			err = c.method.admits(claims, c.service)
		}
		if err == nil && lostRole(c.claims, claims) {
			err = errRolesChanged
		}
		if err != nil {
			end(err)
		}
	}
	forget = s.revocations.OnNews(check)
	check() // what came between the first check and now
	return forget
}

// lostRole reports whether there is a role that now no longer has.
func lostRole(then, now *auth.Claims) bool {
	for _, r := range then.Roles {
		if !now.Has(r) {
			return true
		}
	}
	return false
}

// checkedStream hands the handler the call's context and only valid messages.
type checkedStream struct {
	grpc.ServerStream
	server *Server
	call   *call
}

// Context implements grpc.ServerStream.
func (s *checkedStream) Context() context.Context { return s.call }

// RecvMsg implements grpc.ServerStream. It does not wait for a client that is silent while
// the call is ended.
func (s *checkedStream) RecvMsg(m any) error {
	received := make(chan error, 1)
	go func() { received <- s.ServerStream.RecvMsg(m) }() // ends with the stream, at the latest
	var err error
	select {
	case err = <-received:
	case <-s.call.Done():
		return s.call.Err()
	}
	if s.call.claims != nil { // what is received, and the end too, may be written in somebody's name
		if unknown := s.server.known(s.call); unknown != nil {
			return unknown
		}
	}
	if err != nil {
		return err
	}
	if err := s.call.Err(); err != nil { // it came after the call was ended
		return err
	}
	return s.server.validate(m)
}

// SendMsg implements grpc.ServerStream.
func (s *checkedStream) SendMsg(m any) error {
	if err := s.call.Err(); err != nil {
		return err
	}
	return s.ServerStream.SendMsg(m)
}
