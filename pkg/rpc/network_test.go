package rpc

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/logger"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

type netConn = net.Conn

func tcp(o *ServerOptions) { o.Listen = "127.0.0.1:0" }

func dial(t *testing.T, n *Network, service, addr string) userv1.UserServiceClient {
	t.Helper()
	conn, err := n.Dial(service, addr)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return userv1.NewUserServiceClient(conn)
}

func TestOneServerAnswersOverMemoryAndTCPAlike(t *testing.T) {
	t.Parallel()
	var ips []string
	b := serve(t, func(ctx context.Context) error {
		_, ip := ClientInfo(ctx)
		ips = append(ips, ip)
		return nil
	}, tcp)
	for _, c := range []userv1.UserServiceClient{
		b.client,
		dial(t, nil, "user", b.server.Addr()),
		dial(t, NewNetwork(), "user", "dns:///"+b.server.Addr()),
		dial(t, b.network, "user", "127.0.0.1:1"), // over memory, whatever the address
	} {
		_, err := c.Login(t.Context(), goodLogin)
		require.NoError(t, err)
		_, err = c.GetProfile(t.Context(), &userv1.GetProfileRequest{})
		refused(t, err, codes.Unauthenticated, "TOKEN_MISSING")
	}
	require.Equal(t, []string{"127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1"}, ips)
	require.Equal(t, "user server", b.server.String())
}

func TestServiceMayBeServedAfterItIsDialled(t *testing.T) {
	t.Parallel()
	n := NewNetwork()
	client := dial(t, n, "user", "")
	_, err := client.Login(t.Context(), goodLogin)
	require.Equal(t, "SERVICE_UNAVAILABLE", errs.ReasonOf(FromStatus(err)))
	require.ErrorContains(t, err, "user is not served in this process and has no address")
	b := serve(t, nothing, func(o *ServerOptions) { o.Network = n })
	memory, _ := n.listener("user")
	require.Same(t, b.server.memory, memory)
	require.Eventually(t, func() bool {
		_, err := client.Login(t.Context(), goodLogin)
		return err == nil
	}, waitFor, tick)
}

func TestAnExpectedServiceIsNeverLookedForAtItsAddress(t *testing.T) {
	t.Parallel()
	other := serve(t, nothing, func(o *ServerOptions) { o.Listen = "127.0.0.1:0" })
	n := NewNetwork()
	n.Expect("user")
	client := dial(t, n, "user", other.server.Addr())
	_, err := client.Login(t.Context(), goodLogin)
	require.ErrorContains(t, err, "user of this process does not run yet")
	require.Equal(t, codes.Unavailable, status.Code(err))
}

func TestAServiceIsServedOncePerProcess(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing)
	opts, _ := options(t, nothing)
	opts.Network, opts.Listen = b.network, "127.0.0.1:0"
	_, err := NewServer(opts)
	require.EqualError(t, err, "service user is already served in this process")
	b.stop()
	memory, _ := b.network.listener("user")
	require.Nil(t, memory)
	server, err := NewServer(opts)
	require.NoError(t, err)
	require.NoError(t, server.Close(t.Context()), "closed without ever running")
}

func TestPortInUseNamesAddressAndVariable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	for listen, want := range map[string]string{
		l.Addr().String(): `USER_LISTEN="` + l.Addr().String() + `": the port is in use by another program; stop it or choose another address`,
		"nonsense":        `USER_LISTEN="nonsense": must be host:port of this machine`,
		"192.0.2.1:5":     `USER_LISTEN="192.0.2.1:5": must be host:port of this machine`,
	} {
		opts, _ := options(t, nothing)
		opts.Listen = listen
		_, err := NewServer(opts)
		require.ErrorContains(t, err, want)
	}
	opts, _ := options(t, nothing)
	opts.Listen, opts.ListenVariable = l.Addr().String(), "OTHER"
	_, err = NewServer(opts)
	require.ErrorContains(t, err, "OTHER=")
}

func TestDialRefusesATargetThatIsNone(t *testing.T) {
	t.Parallel()
	_, err := NewNetwork().Dial("user", "dns:///%zz")
	require.ErrorContains(t, err, `dial user at "dns:///%zz"`)
}

func TestRequestIDTravelsToTheNextServiceAndTheTokenDoesNot(t *testing.T) {
	t.Parallel()
	type seen struct {
		id      string
		account auth.Claims
	}
	var got seen
	next := serve(t, func(ctx context.Context) error {
		got = seen{logger.RequestID(ctx), Caller(ctx)}
		return nil
	})
	first := serve(t, func(ctx context.Context) error {
		_, err := next.client.Login(ctx, goodLogin)
		return FromStatus(err)
	})
	ctx := Bearer(header(t.Context(), headerRequestID, "edge-1"), first.token(t, auth.RoleUser))
	_, err := first.client.GetProfile(ctx, &userv1.GetProfileRequest{})
	require.NoError(t, err)
	require.Equal(t, seen{id: "edge-1"}, got)

	log := logger.New(logger.Production(), "x", first.log)
	ctx = logger.With(t.Context(), &log, "inner")
	_, err = next.client.Login(header(ctx, headerRequestID, "chosen"), goodLogin)
	require.NoError(t, err)
	require.Equal(t, "chosen", got.id)
	require.NotNil(t, serve(t, nothing, streams(echo)).open(ctx, t, "Open"))
}
