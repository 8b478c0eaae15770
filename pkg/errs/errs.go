// Package errs is the one error type a caller of the marketplace may act on.
//
// A domain "no" is an *Error: it has a Kind (which the edge turns into a status
// code), a Reason (a stable upper-case code that programs match on) and a
// message for people. Everything else is a bug or an outage; pkg/rpc answers
// it as "internal error" and logs the cause once.
package errs

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of "no" an error is.
type Kind uint8

// The kinds, one per gRPC status code the marketplace answers.
const (
	Internal           Kind = iota // a bug or an unclassified failure
	InvalidArgument                // the input can never be right
	NotFound                       // no such object, or not the caller's
	AlreadyExists                  // the object or key is taken
	FailedPrecondition             // right input, wrong state
	PermissionDenied               // the caller's roles do not allow it
	Unauthenticated                // no valid credential
	ResourceExhausted              // a limit is used up
	Unavailable                    // nothing happened; try again
	Aborted                        // lost a race; read again and repeat
	DeadlineExceeded               // no time left
)

// Field is one input field that is wrong, and what is allowed there.
type Field struct {
	Name        string // path of the field as the client wrote it, e.g. "price"
	Description string // what is allowed, e.g. "must be a multiple of 100"
}

// Error is a "no" that a caller may act on.
type Error struct {
	Kind       Kind
	Reason     string        // stable upper-case code, e.g. "BID_NOT_FOUND"
	Msg        string        // one sentence for people; never internal text
	Fields     []Field       // which inputs are wrong, for InvalidArgument
	RetryAfter time.Duration // when to try again; 0 = unsaid
	cause      error
}

// New makes a sentinel error; compare with errors.Is.
func New(kind Kind, reason, msg string) *Error {
	return &Error{Kind: kind, Reason: reason, Msg: msg}
}

// Invalid is an InvalidArgument that names one field and what is allowed there.
func Invalid(field, allowed string) *Error {
	return &Error{
		Kind:   InvalidArgument,
		Reason: "INVALID_ARGUMENT",
		Msg:    field + " " + allowed,
		Fields: []Field{{Name: field, Description: allowed}},
	}
}

// Error returns the message, with the cause when there is one.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Msg + ": " + e.cause.Error()
	}
	return e.Msg
}

// Unwrap returns the cause, which never leaves the process.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the same "no": equal kind and reason.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Reason == e.Reason
}

// Msgf returns a copy of e with another message.
func (e *Error) Msgf(format string, args ...any) *Error {
	c := *e
	c.Msg = fmt.Sprintf(format, args...)
	return &c
}

// Because returns a copy of e that wraps cause, for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// On returns a copy of e that names a field and what is allowed there.
func (e *Error) On(field, allowed string) *Error {
	c := *e
	c.Fields = append(append([]Field(nil), e.Fields...), Field{Name: field, Description: allowed})
	return &c
}

// After returns a copy of e that says when to try again.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// KindOf returns the kind of err, Internal when it is no *Error.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// ReasonOf returns the stable code of err, "" when it is no *Error.
func ReasonOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}
