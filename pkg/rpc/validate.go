package rpc

import (
	"errors"
	"fmt"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

const maxViolations = 20 // fields named in one answer

// newValidator compiles the rules of the requests, so that no call pays for it.
func newValidator(requests []protoreflect.MessageDescriptor) (protovalidate.Validator, error) {
	v, err := protovalidate.New(protovalidate.WithMessageDescriptors(requests...))
	if err != nil {
		return nil, fmt.Errorf("request rules: %w", err)
	}
	return v, nil
}

// validate checks a request against the rules in its proto.
// Errors: InvalidArgument naming each wrong field and what is allowed there.
func (s *Server) validate(req any) error {
	msg, ok := req.(proto.Message)
	if !ok {
		return nil
	}
	err := s.validator.Validate(msg)
	if err == nil {
		return nil
	}
	var invalid *protovalidate.ValidationError
	if !errors.As(err, &invalid) || len(invalid.Violations) == 0 {
		return fmt.Errorf("validate %s: %w", msg.ProtoReflect().Descriptor().FullName(), err)
	}
	return refusal(invalid)
}

func refusal(invalid *protovalidate.ValidationError) error {
	out := &errs.Error{Kind: errs.InvalidArgument, Reason: "INVALID_ARGUMENT"}
	for _, v := range invalid.Violations[:min(len(invalid.Violations), maxViolations)] {
		out.Fields = append(out.Fields, errs.Field{
			Name:        protovalidate.FieldPathString(v.Proto.GetField()),
			Description: v.Proto.GetMessage(),
		})
	}
	out.Msg = out.Fields[0].Name + ": " + out.Fields[0].Description
	return out
}
