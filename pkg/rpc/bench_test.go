package rpc

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

func address() *userv1.AddAddressRequest {
	return &userv1.AddAddressRequest{Address: &userv1.Address{
		Kind: userv1.AddressKind_SHIPPING, Recipient: "A B", Line1: "1 Main Street", City: "Springfield", PostalCode: "12345", Country: "US",
	}}
}

func (u *users) AddAddress(ctx context.Context, _ *userv1.AddAddressRequest) (*userv1.AddAddressResponse, error) {
	return &userv1.AddAddressResponse{}, u.do(ctx)
}

// headerSink takes the header the interceptor sets, as the transport would.
type headerSink struct{ md metadata.MD }

func (h *headerSink) Method() string                  { return "" }
func (h *headerSink) SetHeader(md metadata.MD) error  { h.md = md; return nil }
func (h *headerSink) SendHeader(md metadata.MD) error { return h.SetHeader(md) }
func (h *headerSink) SetTrailer(metadata.MD) error    { return nil }

// interceptor returns one call of our share: everything between transport and handler.
func interceptor(t testing.TB) func() error {
	t.Helper()
	opts, bundle := options(t, nothing)
	opts.Clock = clock.System{}
	cfg := auth.Config{Keys: auth.DevelopmentKeys}
	issuer, err := auth.NewIssuer(cfg, opts.Clock)
	require.NoError(t, err)
	opts.Verifier, err = auth.NewVerifier(cfg, opts.Clock)
	require.NoError(t, err)
	server, err := NewServer(opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close(context.Background())) })
	token, _, err := issuer.Access(bundle.account, bundle.account, []auth.Role{auth.RoleUser})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), opts.Config.withDefaults().MaxDeadline)
	t.Cleanup(cancel)
	ctx = metadata.NewIncomingContext(ctx, metadata.Pairs(headerAuthorization, "Bearer "+token, headerUserAgent, "x"))
	ctx = grpc.NewContextWithServerTransportStream(ctx, &headerSink{})
	info := &grpc.UnaryServerInfo{FullMethod: userv1.UserService_AddAddress_FullMethodName}
	req := address()
	handler := func(context.Context, any) (any, error) { return nil, nil } //nolint:nilnil // an empty answer
	return func() error {
		_, err := server.unary(ctx, req, info, handler)
		return err
	}
}

//nolint:paralleltest // allocations are counted for the whole process
func TestInterceptorAllocatesLittle(t *testing.T) {
	call := interceptor(t)
	require.NoError(t, call())
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = call() }), 12.0)
}

func BenchmarkInterceptor(b *testing.B) {
	call := interceptor(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCall is a whole call over memory, with and without our interceptors.
func BenchmarkCall(b *testing.B) {
	plain := func(b *testing.B) userv1.UserServiceClient {
		b.Helper()
		s := &Server{service: "user", grpc: grpc.NewServer(), memory: bufconn.Listen(memoryBuffer)}
		s.stopping, s.stop = context.WithCancel(context.Background())
		s.config = Config{}.withDefaults()
		userv1.RegisterUserServiceServer(s.grpc, &users{do: nothing})
		run(b, s)
		n := &Network{servers: map[string]*Server{"user": s}}
		conn, err := n.Dial("user", "")
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, conn.Close()) })
		return userv1.NewUserServiceClient(conn)
	}
	for _, c := range []struct {
		name   string
		client func(*testing.B) (userv1.UserServiceClient, context.Context)
	}{
		{"plain", func(b *testing.B) (userv1.UserServiceClient, context.Context) {
			b.Helper()
			return plain(b), b.Context()
		}},
		{"full", func(b *testing.B) (userv1.UserServiceClient, context.Context) {
			b.Helper()
			s := serve(b, nothing)
			return s.client, Bearer(b.Context(), s.token(b, auth.RoleUser))
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			client, ctx := c.client(b)
			req := address()
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := client.AddAddress(ctx, req); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkNewServer is the start of a server: most of it compiles request rules.
func BenchmarkNewServer(b *testing.B) {
	for b.Loop() {
		opts, _ := options(b, nothing)
		s, err := NewServer(opts)
		require.NoError(b, err)
		require.NoError(b, s.Close(context.Background()))
	}
}
