package main

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// served asks a running server, by reflection, for every method it has: health and
// reflection too.
func served(ctx context.Context, conn *grpc.ClientConn) ([]string, error) {
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask what is served: %w", err)
	}
	list, err := say(stream, &reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{ListServices: "*"},
	})
	if err != nil {
		return nil, err
	}
	var methods []string
	for _, s := range list.GetListServicesResponse().GetService() {
		described, err := say(stream, &reflectionv1.ServerReflectionRequest{
			MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: s.GetName()},
		})
		if err != nil {
			return nil, err
		}
		more, err := methodsOf(described.GetFileDescriptorResponse().GetFileDescriptorProto(), s.GetName())
		if err != nil {
			return nil, err
		}
		methods = append(methods, more...)
	}
	slices.Sort(methods)
	return methods, stream.CloseSend()
}

func say(
	stream grpc.BidiStreamingClient[reflectionv1.ServerReflectionRequest, reflectionv1.ServerReflectionResponse],
	r *reflectionv1.ServerReflectionRequest,
) (*reflectionv1.ServerReflectionResponse, error) {
	if err := stream.Send(r); err != nil {
		return nil, fmt.Errorf("ask what is served: %w", err)
	}
	answer, err := stream.Recv()
	if err != nil {
		return nil, fmt.Errorf("ask what is served: %w", err)
	}
	return answer, nil
}

// methodsOf reads a service's methods from the files that describe it.
func methodsOf(files [][]byte, service string) ([]string, error) {
	for _, raw := range files {
		var file descriptorpb.FileDescriptorProto
		if err := proto.Unmarshal(raw, &file); err != nil {
			return nil, fmt.Errorf("description of %s: %w", service, err)
		}
		for _, s := range file.GetService() {
			if file.GetPackage()+"."+s.GetName() != service {
				continue
			}
			var methods []string
			for _, m := range s.GetMethod() {
				methods = append(methods, service+"/"+m.GetName())
			}
			return methods, nil
		}
	}
	return nil, fmt.Errorf("service %s does not describe itself", service)
}
