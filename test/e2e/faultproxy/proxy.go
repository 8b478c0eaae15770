package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// untouched hands messages on as the bytes they are.
type untouched struct{}

// Name implements encoding.Codec; the messages inside are protobuf.
func (untouched) Name() string { return "proto" }

// Marshal implements encoding.Codec.
func (untouched) Marshal(v any) ([]byte, error) {
	b, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("cannot hand on a %T", v)
	}
	return *b, nil
}

// Unmarshal implements encoding.Codec. The bytes are the transport's again afterwards.
func (untouched) Unmarshal(data []byte, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("cannot receive a %T", v)
	}
	*b = append([]byte(nil), data...)
	return nil
}

// proxy hands every call on to one service, with a fault in between.
type proxy struct {
	conn    *grpc.ClientConn
	planted fault
}

// handle is a grpc.StreamHandler for every method there is.
func (p proxy) handle(_ any, in grpc.ServerStream) error {
	method, ok := grpc.MethodFromServerStream(in)
	if !ok {
		return errors.New("a call without a method")
	}
	ctx := outgoing(in.Context())
	if strings.HasPrefix(method, "/grpc.reflection.") {
		return p.stream(ctx, method, in)
	}
	return p.unary(ctx, method, in)
}

// unary hands on one request and its answer, after the fault had its way.
func (p proxy) unary(ctx context.Context, method string, in grpc.ServerStream) error {
	var request, answer []byte
	if err := in.RecvMsg(&request); err != nil {
		return err
	}
	forward := func() ([]byte, error) {
		err := p.conn.Invoke(ctx, method, &request, &answer)
		return answer, err
	}
	answer, err := p.planted.apply(method, request, forward)
	if err != nil {
		return err
	}
	return in.SendMsg(&answer)
}

// stream hands on what comes, both ways.
func (p proxy) stream(ctx context.Context, method string, in grpc.ServerStream) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, err := p.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		err := pump(in, out)
		if err == nil {
			err = out.CloseSend()
		}
		if err != nil {
			cancel()
		}
		ended <- err
	}()
	if err := pump(out, in); err != nil {
		return err
	}
	return <-ended
}

// pump hands messages on until the sender has no more.
func pump(from interface{ RecvMsg(any) error }, to interface{ SendMsg(any) error }) error {
	for {
		var message []byte
		if err := from.RecvMsg(&message); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := to.SendMsg(&message); err != nil {
			return err
		}
	}
}

// outgoing hands on the caller's headers, such as its token.
func outgoing(ctx context.Context) context.Context {
	md, _ := metadata.FromIncomingContext(ctx)
	md = md.Copy()
	for name := range md {
		if strings.HasPrefix(name, ":") || strings.HasPrefix(name, "grpc-") || name == "content-type" || name == "user-agent" {
			md.Delete(name)
		}
	}
	return metadata.NewOutgoingContext(ctx, md)
}
