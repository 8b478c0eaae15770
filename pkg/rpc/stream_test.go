package rpc

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	accessv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/access/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// The service rpctest.v1.Streams has a stream in both directions for anyone, one for
// signed-in accounts, one for services, one for administrators and a service, and a
// method without a rule.
var _ = register(&descriptorpb.FileDescriptorProto{
	Name: proto.String("rpctest/v1/streams.proto"), Package: proto.String("rpctest.v1"), Syntax: proto.String("proto3"),
	Dependency: []string{"access/v1/access.proto", "user/v1/user.proto"},
	Service: []*descriptorpb.ServiceDescriptorProto{{
		Name: proto.String("Streams"),
		Method: []*descriptorpb.MethodDescriptorProto{
			streaming("Open", &accessv1.Rule{Public: true}), streaming("Own", &accessv1.Rule{Self: true}), streaming("Free", nil),
			streaming("Peer", &accessv1.Rule{Services: []string{"order", "payment"}}),
			streaming("Both", &accessv1.Rule{Roles: []string{"admin"}, Services: []string{"order"}}),
		},
	}},
})

func streaming(name string, rule *accessv1.Rule) *descriptorpb.MethodDescriptorProto {
	opts := &descriptorpb.MethodOptions{}
	if rule != nil {
		proto.SetExtension(opts, accessv1.E_Rule, rule)
	}
	return &descriptorpb.MethodDescriptorProto{
		Name: proto.String(name), InputType: proto.String(".user.v1.LoginRequest"), OutputType: proto.String(".user.v1.LoginResponse"),
		ClientStreaming: proto.Bool(true), ServerStreaming: proto.Bool(true), Options: opts,
	}
}

func register(file *descriptorpb.FileDescriptorProto) struct{} {
	fd, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err == nil {
		err = protoregistry.GlobalFiles.RegisterFile(fd)
	}
	if err != nil {
		panic(err)
	}
	return struct{}{}
}

// streams serves rpctest.v1.Streams; its streams do do.
func streams(do func(grpc.ServerStream) error) func(*ServerOptions) {
	handler := func(_ any, ss grpc.ServerStream) error { return do(ss) }
	return func(o *ServerOptions) {
		o.Register = func(r grpc.ServiceRegistrar) {
			r.RegisterService(&grpc.ServiceDesc{ServiceName: "rpctest.v1.Streams", Streams: []grpc.StreamDesc{
				{StreamName: "Open", Handler: handler, ServerStreams: true, ClientStreams: true},
				{StreamName: "Own", Handler: handler, ServerStreams: true, ClientStreams: true},
				{StreamName: "Peer", Handler: handler, ServerStreams: true, ClientStreams: true},
				{StreamName: "Both", Handler: handler, ServerStreams: true, ClientStreams: true},
			}}, nil)
		}
	}
}

func echo(ss grpc.ServerStream) error {
	for {
		var in userv1.LoginRequest
		if err := ss.RecvMsg(&in); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := ss.SendMsg(&userv1.LoginResponse{AccessToken: in.GetEmail()}); err != nil {
			return err
		}
	}
}

func (b *bundle) open(ctx context.Context, t *testing.T, name string) grpc.ClientStream {
	t.Helper()
	ss, err := b.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/rpctest.v1.Streams/"+name)
	require.NoError(t, err)
	return ss
}

func TestStreamCarriesValidMessagesAndTheRequestID(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing, streams(echo))
	ss := b.open(header(t.Context(), headerRequestID, "s-1"), t, "Open")
	var out userv1.LoginResponse
	for range 3 {
		require.NoError(t, ss.SendMsg(goodLogin))
		require.NoError(t, ss.RecvMsg(&out))
		require.Equal(t, goodLogin.GetEmail(), out.GetAccessToken())
	}
	md, err := ss.Header()
	require.NoError(t, err)
	require.Equal(t, []string{"s-1"}, md.Get(headerRequestID))
	require.NoError(t, ss.SendMsg(&userv1.LoginRequest{}))
	refused(t, ss.RecvMsg(&out), codes.InvalidArgument, "INVALID_ARGUMENT")

	ss = b.open(t.Context(), t, "Open")
	require.NoError(t, ss.CloseSend())
	require.ErrorIs(t, ss.RecvMsg(&out), io.EOF)
}

func TestStreamsRefuseLikeOrdinaryCalls(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing, streams(func(grpc.ServerStream) error { panic("secret") }))
	var out userv1.LoginResponse
	refused(t, b.open(t.Context(), t, "Own").RecvMsg(&out), codes.Unauthenticated, "TOKEN_MISSING")
	refused(t, b.open(header(t.Context(), headerAuthorization, "Basic x"), t, "Open").RecvMsg(&out), codes.Unauthenticated, "TOKEN_INVALID")
	st := refused(t, b.open(t.Context(), t, "Open").RecvMsg(&out), codes.Internal, "INTERNAL")
	require.Equal(t, "internal error", st.Message())
	require.Len(t, b.log.of(t, "panic"), 1)
}

// waiting is a stream that says hello and waits for its end.
func waiting(ss grpc.ServerStream) error {
	if err := ss.SendMsg(&userv1.LoginResponse{}); err != nil {
		return err
	}
	<-ss.Context().Done()
	return ss.Context().Err()
}

func TestStreamHasNoDeadlineButEndsWithItsToken(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing, streams(waiting))
	token := b.token(t, auth.RoleUser)
	b.clk.Advance(15*time.Minute - 20*time.Millisecond)
	ss := b.open(header(t.Context(), headerAuthorization, "Bearer "+token), t, "Own")
	var out userv1.LoginResponse
	require.NoError(t, ss.RecvMsg(&out))
	refused(t, ss.RecvMsg(&out), codes.Unauthenticated, "TOKEN_EXPIRED")
}

func TestStoppingServerEndsItsStreams(t *testing.T) {
	t.Parallel()
	b := serve(t, nothing, streams(waiting))
	ss := b.open(t.Context(), t, "Open")
	var out userv1.LoginResponse
	require.NoError(t, ss.RecvMsg(&out))
	b.stop()
	refused(t, ss.RecvMsg(&out), codes.Unavailable, "SHUTTING_DOWN")
}

func TestClientThatLeavesAStreamIsCancelled(t *testing.T) {
	t.Parallel()
	noticed := make(chan struct{})
	b := serve(t, nothing, streams(func(ss grpc.ServerStream) error {
		defer close(noticed)
		return waiting(ss)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	ss := b.open(ctx, t, "Open")
	var out userv1.LoginResponse
	require.NoError(t, ss.RecvMsg(&out))
	cancel()
	refused(t, ss.RecvMsg(&out), codes.Canceled, "")
	<-noticed
	b.stop()
	require.Equal(t, "Canceled", b.log.of(t, "call")[0]["code"])
}
