package rpc

import (
	"errors"
	"fmt"
	"strings"

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

// validate checks a request against the rules in its proto. No text may hold the
// character zero, which PostgreSQL cannot store.
// Errors: InvalidArgument naming each wrong field and what is allowed there.
func (s *Server) validate(req any) error {
	msg, ok := req.(proto.Message)
	if !ok {
		return nil
	}
	err := s.validator.Validate(msg)
	if err == nil {
		if field := withZero(msg.ProtoReflect()); field != "" {
			return errs.Invalid(field, "must not contain the character U+0000")
		}
		return nil
	}
	var invalid *protovalidate.ValidationError
	if !errors.As(err, &invalid) || len(invalid.Violations) == 0 {
		return fmt.Errorf("validate %s: %w", msg.ProtoReflect().Descriptor().FullName(), err)
	}
	return refusal(invalid)
}

// withZero finds a text that holds the character zero and returns its path, blank when
// there is none.
func withZero(m protoreflect.Message) (path string) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap(): // no request has one
		case f.IsList() && (f.Kind() == protoreflect.StringKind || f.Kind() == protoreflect.MessageKind):
			list := v.List()
			for i := 0; i < list.Len() && path == ""; i++ {
				if inner, ok := zeroIn(f, list.Get(i)); ok {
					path = fmt.Sprintf("%s[%d]%s", f.Name(), i, inner)
				}
			}
		case !f.IsList():
			if inner, ok := zeroIn(f, v); ok {
				path = string(f.Name()) + inner
			}
		}
		return path == ""
	})
	return path
}

// zeroIn looks for the character zero in one value and says where inside it was.
func zeroIn(f protoreflect.FieldDescriptor, v protoreflect.Value) (inner string, found bool) {
	switch f.Kind() {
	case protoreflect.StringKind:
		return "", strings.IndexByte(v.String(), 0) >= 0
	case protoreflect.MessageKind:
		inner = withZero(v.Message())
		return "." + inner, inner != ""
	default:
		return "", false
	}
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
