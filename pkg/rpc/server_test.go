package rpc

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

const (
	waitFor = 5 * time.Second
	tick    = 5 * time.Millisecond
)

func TestCloseLetsRunningCallsFinish(t *testing.T) {
	t.Parallel()
	entered, goOn := make(chan struct{}), make(chan struct{})
	b := serve(t, func(context.Context) error {
		close(entered)
		<-goOn
		return nil
	})
	answer := make(chan error)
	go func() {
		_, err := b.client.Login(context.Background(), goodLogin)
		answer <- err
	}()
	<-entered
	stopped := make(chan struct{})
	go func() {
		b.stop()
		close(stopped)
	}()
	require.Eventually(t, func() bool { return b.server.Ready(context.Background()) != nil }, waitFor, tick)
	close(goOn)
	require.NoError(t, <-answer)
	<-stopped
}

func TestCloseCutsCallsThatDoNotFinishInTime(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	b := serve(t, func(ctx context.Context) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	}, func(o *ServerOptions) { o.Config.Drain = 10 * time.Millisecond })
	answer := make(chan error)
	go func() {
		_, err := b.client.Login(context.Background(), goodLogin)
		answer <- err
	}()
	<-entered
	b.stop()
	require.Equal(t, codes.Unavailable, status.Code(<-answer))
	require.Len(t, b.log.of(t, "calls were cut: they did not finish in time"), 1)
}

func TestListenerThatFailsEndsRun(t *testing.T) {
	t.Parallel()
	opts, _ := options(t, nothing)
	opts.Listen = "127.0.0.1:0"
	server, err := NewServer(opts)
	require.NoError(t, err)
	require.NoError(t, server.listener.Close())
	require.ErrorContains(t, server.Run(t.Context()), "serve user on 127.0.0.1:")
	require.NoError(t, server.Close(t.Context()))
}

func TestHealthFollowsReadinessAndNeedsNoToken(t *testing.T) {
	t.Parallel()
	away := errors.New("database away")
	var ready error
	asked := 0
	b := serve(t, nothing, func(o *ServerOptions) {
		o.Ready = func(context.Context) error { asked++; return ready }
	})
	health := healthv1.NewHealthClient(b.conn)
	check := func(service string) healthv1.HealthCheckResponse_ServingStatus {
		answer, err := health.Check(header(t.Context(), headerAuthorization, "Bearer stale"), &healthv1.HealthCheckRequest{Service: service})
		require.NoError(t, err)
		return answer.GetStatus()
	}
	for _, service := range []string{"", "user", "user.v1.UserService"} {
		require.Equal(t, healthv1.HealthCheckResponse_SERVING, check(service))
	}
	require.Equal(t, 1, asked, "probes within a second share an answer")
	list, err := health.List(t.Context(), &healthv1.HealthListRequest{})
	require.NoError(t, err)
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, list.GetStatuses()[""].GetStatus())
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, list.GetStatuses()["grpc.health.v1.Health"].GetStatus())
	_, err = health.Check(t.Context(), &healthv1.HealthCheckRequest{Service: "nobody"})
	refused(t, err, codes.NotFound, "SERVICE_UNKNOWN")

	becomes := func(want healthv1.HealthCheckResponse_ServingStatus) { // within the life of an answer
		t.Helper()
		require.Eventually(t, func() bool { return check("") == want }, 5*time.Second, 20*time.Millisecond)
	}
	ready = away
	becomes(healthv1.HealthCheckResponse_NOT_SERVING)
	require.ErrorIs(t, b.network.Ready(t.Context()), away)
	require.ErrorContains(t, b.network.Ready(t.Context()), "user: ")
	ready = nil
	becomes(healthv1.HealthCheckResponse_SERVING)
	require.NoError(t, b.network.Ready(t.Context()))
	b.network.Drain()
	require.Equal(t, healthv1.HealthCheckResponse_NOT_SERVING, check(""), "not ready while it still serves")
	require.Error(t, b.network.Ready(t.Context()))
	require.NoError(t, (*Network)(nil).Ready(t.Context()))
}

func TestHealthWatchTellsChanges(t *testing.T) {
	t.Parallel()
	states := make(chan error, 1)
	states <- nil
	b := serve(t, nothing, func(o *ServerOptions) {
		o.Ready = func(context.Context) error { return <-states }
	})
	health := healthv1.NewHealthClient(b.conn)
	watch, err := health.Watch(t.Context(), &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	first, err := watch.Recv()
	require.NoError(t, err)
	require.Equal(t, healthv1.HealthCheckResponse_SERVING, first.GetStatus())
	states <- errors.New("away")
	stop := make(chan struct{})
	moved := make(chan struct{})
	go func() { // the watcher may not wait on the clock yet, so the clock moves on and on
		defer close(moved)
		for {
			select {
			case <-stop:
				return
			case <-time.After(tick):
				b.clk.Advance(time.Second)
			}
		}
	}()
	second, err := watch.Recv()
	require.NoError(t, err)
	require.Equal(t, healthv1.HealthCheckResponse_NOT_SERVING, second.GetStatus())
	close(stop)
	<-moved
	close(states)

	unknown, err := health.Watch(t.Context(), &healthv1.HealthCheckRequest{Service: "nobody"})
	require.NoError(t, err)
	answer, err := unknown.Recv()
	require.NoError(t, err)
	require.Equal(t, healthv1.HealthCheckResponse_SERVICE_UNKNOWN, answer.GetStatus())
}

func TestReflectionIsOffInProduction(t *testing.T) {
	t.Parallel()
	for _, production := range []bool{false, true} {
		b := serve(t, nothing, func(o *ServerOptions) { o.Production = production })
		stream, err := reflectionv1.NewServerReflectionClient(b.conn).ServerReflectionInfo(t.Context())
		require.NoError(t, err)
		_ = stream.Send(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}})
		answer, err := stream.Recv()
		require.NoError(t, stream.CloseSend())
		if production {
			require.Equal(t, codes.Unimplemented, status.Code(err))
			continue
		}
		require.NoError(t, err)
		var names []string
		for _, s := range answer.GetListServicesResponse().GetService() {
			names = append(names, s.GetName())
		}
		require.Subset(t, names, []string{"user.v1.UserService", "grpc.health.v1.Health"})
	}
}

func TestMessagesAboveTheLimitAreRefused(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing, func(o *ServerOptions) { o.Config.MaxMessageBytes = 10 })
	_, err := b.client.Login(t.Context(), goodLogin)
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
}

func TestLimitsAreStrictAndZeroMeansDefault(t *testing.T) {
	t.Parallel()
	defaults, err := config.Load[Config](config.Source{})
	require.NoError(t, err)
	require.Equal(t, defaults, Config{}.withDefaults())
	require.Equal(t, 4<<20, defaults.MaxMessageBytes)
	require.Equal(t, 10*time.Second, defaults.Deadline)
	require.Zero(t, Config{Deadline: time.Second}.withDefaults().Slow, "no slow log when the rest is set")
	for variable, value := range map[string]string{
		"RPC_MAX_MESSAGE_BYTES": "5", "RPC_MAX_HEADER_BYTES": "1", "RPC_MAX_STREAMS": "0", "RPC_DEADLINE": "0s", "RPC_MAX_DEADLINE": "1s",
		"RPC_SLOW": "-1s", "RPC_DRAIN": "0s", "RPC_KEEPALIVE_TIME": "1ms", "RPC_KEEPALIVE_TIMEOUT": "1ms", "RPC_MIN_PING": "-1s", "RPC_ACCESS_LOG": "some",
	} {
		_, err := config.Load[Config](config.Source{variable: value})
		require.ErrorContains(t, err, variable+"=")
	}
	for _, choice := range []string{"all", "refused", "failed"} {
		got, err := config.Load[Config](config.Source{"RPC_ACCESS_LOG": choice})
		require.NoError(t, err)
		require.EqualValues(t, choice, got.AccessLog)
	}
}

func TestMetricsThatCollideStopTheStart(t *testing.T) {
	t.Parallel()
	opts, b := options(t, nothing)
	b.metrics.MustRegister(collision())
	_, err := NewServer(opts)
	require.ErrorContains(t, err, "user server: metrics: ")
}

func TestMaskNamesWhatMayChange(t *testing.T) {
	t.Parallel()
	got, err := Mask(&fieldmaskpb.FieldMask{Paths: []string{"phone", "phone", "first_name"}}, "first_name", "phone")
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"phone": true, "first_name": true}, got)
	for _, bad := range []*fieldmaskpb.FieldMask{nil, {}, {Paths: []string{"phone", "email"}}, {Paths: []string{"*"}}, {Paths: []string{""}}} {
		_, err := Mask(bad, "first_name", "phone")
		var e *errs.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, []errs.Field{{Name: "update_mask", Description: "must name some of first_name, phone"}}, e.Fields)
	}
}

var _ grpc.ServiceRegistrar = (*catalogue)(nil)
