package rpc

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/sneakers-marketplace/marketplace/pkg/database"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

// Domain is the domain of every ErrorInfo the marketplace answers.
const Domain = "sneakers-marketplace"

var codeOf = map[errs.Kind]codes.Code{
	errs.Internal:           codes.Internal,
	errs.InvalidArgument:    codes.InvalidArgument,
	errs.NotFound:           codes.NotFound,
	errs.AlreadyExists:      codes.AlreadyExists,
	errs.FailedPrecondition: codes.FailedPrecondition,
	errs.PermissionDenied:   codes.PermissionDenied,
	errs.Unauthenticated:    codes.Unauthenticated,
	errs.ResourceExhausted:  codes.ResourceExhausted,
	errs.Unavailable:        codes.Unavailable,
	errs.Aborted:            codes.Aborted,
	errs.DeadlineExceeded:   codes.DeadlineExceeded,
}

// What a client hears of errors that are no *errs.Error.
var (
	errInternal     = errs.New(errs.Internal, "INTERNAL", "internal error")
	errDatabase     = errs.New(errs.Unavailable, "DATABASE_UNAVAILABLE", "the database is unavailable; try again").After(time.Second)
	errPeer         = errs.New(errs.Unavailable, "SERVICE_UNAVAILABLE", "a service this call needs is unavailable; try again").After(time.Second)
	errInterrupted  = errs.New(errs.Unavailable, "INTERRUPTED", "the call was interrupted; try again").After(time.Second)
	errDeadline     = errs.New(errs.DeadlineExceeded, "DEADLINE_EXCEEDED", "the call took longer than it was allowed to")
	errRace         = errs.New(errs.Aborted, "CONFLICT", "somebody else changed the same thing; read it again and repeat")
	errRolesChanged = errs.New(errs.Unavailable, "ROLES_CHANGED", "the account's roles have changed; open the stream again")
	errStopping     = errs.New(errs.Unavailable, "SHUTTING_DOWN", "the server is stopping; try again").After(time.Second)
)

// Status is the status a call would end with that returned err, for answers that hold
// several outcomes. Status(ctx, nil) is OK.
func Status(ctx context.Context, err error) *status.Status {
	if err == nil {
		return status.New(codes.OK, "")
	}
	return toStatus(ctx, err)
}

// toStatus is the only place that knows status codes: it turns what a handler returned
// into what the client hears. Text of unknown errors never leaves the process.
func toStatus(ctx context.Context, err error) *status.Status {
	var e *errs.Error
	if errors.As(err, &e) {
		return rich(e)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		if errors.As(context.Cause(ctx), &e) { // the server ended the call and says why
			return rich(e)
		}
	}
	switch {
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return status.New(codes.Canceled, "the client cancelled the call")
	case errors.Is(err, context.Canceled):
		return rich(errInterrupted)
	case database.Unreachable(err):
		return rich(errDatabase)
	case errors.Is(err, context.DeadlineExceeded), database.TimedOut(err):
		return rich(errDeadline)
	case database.LostRace(err):
		return rich(errRace)
	}
	return foreign(err)
}

// foreign maps errors that carry a status already. A handler may return one itself;
// one that came from another service stays inside, but for "try again".
func foreign(err error) *status.Status {
	if st, ok := err.(interface{ GRPCStatus() *status.Status }); ok { // unwrapped: only the handler's own status is meant for the client
		return st.GRPCStatus()
	}
	var inner interface{ GRPCStatus() *status.Status }
	if errors.As(err, &inner) {
		switch inner.GRPCStatus().Code() { //nolint:exhaustive // the rest is internal
		case codes.Unavailable, codes.ResourceExhausted:
			return rich(errPeer)
		case codes.DeadlineExceeded:
			return rich(errDeadline)
		case codes.Canceled:
			return status.New(codes.Canceled, "the client cancelled the call")
		}
	}
	return rich(errInternal)
}

// rich is the status of e with its reason, fields and retry delay as details.
func rich(e *errs.Error) *status.Status {
	if e.Kind == errs.Internal {
		e = errInternal // its message is not meant for clients
	}
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: clean(e.Reason), Domain: Domain}}
	if len(e.Fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, f := range e.Fields {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: clean(f.Name), Description: clean(f.Description)})
		}
		details = append(details, bad)
	}
	if e.RetryAfter > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(e.RetryAfter)})
	}
	st := status.New(codeOf[e.Kind], clean(e.Msg))
	with, err := st.WithDetails(details...)
	if err != nil { // clean text always encodes, but a refusal must not depend on it
		return st
	}
	return with
}

// clean makes text that may quote a file or a header fit for protobuf.
func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// FromStatus turns what a call to another service answered back into the *errs.Error
// that service returned, so that a peer can act on Kind and Reason. A peer that cannot
// be reached is SERVICE_UNAVAILABLE; anything else is returned as it is. FromStatus(nil) is nil.
func FromStatus(err error) error {
	st, ok := status.FromError(err)
	if err == nil || !ok {
		return err
	}
	out := &errs.Error{Kind: kindOf(st.Code()), Msg: st.Message()}
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			out.Reason = d.GetReason()
		case *errdetails.BadRequest:
			for _, f := range d.GetFieldViolations() {
				out.Fields = append(out.Fields, errs.Field{Name: f.GetField(), Description: f.GetDescription()})
			}
		case *errdetails.RetryInfo:
			out.RetryAfter = d.GetRetryDelay().AsDuration()
		}
	}
	switch {
	case out.Kind != errs.Internal && out.Reason != "":
		return out
	case st.Code() == codes.Unavailable:
		return errPeer.Because(err)
	case st.Code() == codes.DeadlineExceeded:
		return errDeadline.Because(err)
	}
	return err
}

func kindOf(code codes.Code) errs.Kind {
	for kind, c := range codeOf {
		if c == code {
			return kind
		}
	}
	return errs.Internal
}
