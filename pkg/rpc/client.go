package rpc

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/logger"
)

const clientDeadline = 10 * time.Second // of a call whose context has none

// clientUnary hands the request id and the deadline to the next service.
func clientUnary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, clientDeadline)
		defer cancel()
	}
	return invoke(withRequestID(ctx), method, req, reply, cc, opts...)
}

// clientStream hands on the request id; a stream lives as long as its context.
func clientStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return open(withRequestID(ctx), desc, cc, method, opts...)
}

func withRequestID(ctx context.Context) context.Context {
	id := logger.RequestID(ctx)
	if id == "" {
		return ctx
	}
	if md, ok := metadata.FromOutgoingContext(ctx); ok && len(md.Get(headerRequestID)) > 0 {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, headerRequestID, id)
}

// Bearer returns a context whose outgoing calls carry an access token.
func Bearer(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, headerAuthorization, "Bearer "+token)
}

// AsService makes every call of a connection carry the credential of the service that
// calls (AUTH-002); an option of Dial.
func AsService(credential *auth.ServiceCredential) grpc.DialOption {
	return grpc.WithPerRPCCredentials(serviceCredentials{credential})
}

// serviceCredentials implements credentials.PerRPCCredentials.
type serviceCredentials struct{ credential *auth.ServiceCredential }

func (s serviceCredentials) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	token, err := s.credential.Token()
	if err != nil {
		return nil, err
	}
	return map[string]string{headerService: token}, nil
}

// RequireTransportSecurity is false: services speak over memory, or over a private
// network; there is no TLS between them yet.
func (serviceCredentials) RequireTransportSecurity() bool { return false }
