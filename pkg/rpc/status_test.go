package rpc

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

func TestEveryKindHasItsCode(t *testing.T) {
	t.Parallel()
	for kind := errs.Internal; kind <= errs.DeadlineExceeded; kind++ {
		code, ok := codeOf[kind]
		require.True(t, ok, "%d", kind)
		require.Equal(t, kind, kindOf(code))
	}
	require.Equal(t, errs.Internal, kindOf(codes.DataLoss))
}

func TestErrorsReachTheClientAsStatusAndReason(t *testing.T) {
	t.Parallel()
	var result error
	b := serve(t, func(context.Context) error { return result })
	notFound := errs.New(errs.NotFound, "BID_NOT_FOUND", "bid not found")
	for _, c := range []struct {
		err    error
		code   codes.Code
		reason string
		msg    string
	}{
		{notFound, codes.NotFound, "BID_NOT_FOUND", "bid not found"},
		{fmt.Errorf("cancel bid 7 of hunter2: %w", notFound.Because(errors.New("hunter2"))), codes.NotFound, "BID_NOT_FOUND", "bid not found"},
		{errors.New("hunter2"), codes.Internal, "INTERNAL", "internal error"},
		{errs.New(errs.Internal, "HUNTER2", "hunter2"), codes.Internal, "INTERNAL", "internal error"},
		{errs.New(errs.NotFound, "BROKEN", "a\xff"), codes.NotFound, "BROKEN", "a\uFFFD"},
		{errs.New(errs.NotFound, "\xff", "undecodable reason"), codes.NotFound, "\uFFFD", "undecodable reason"},
		{fmt.Errorf("x: %w", &pgconn.PgError{Code: "57P01", Message: "hunter2"}), codes.Unavailable, "DATABASE_UNAVAILABLE", errDatabase.Msg},
		{&pgconn.PgError{Code: "40001"}, codes.Aborted, "CONFLICT", errRace.Msg},
		{&pgconn.PgError{Code: "57014"}, codes.DeadlineExceeded, "DEADLINE_EXCEEDED", errDeadline.Msg},
		{&pgconn.PgError{Code: "42P01", Message: "hunter2"}, codes.Internal, "INTERNAL", "internal error"},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), codes.DeadlineExceeded, "DEADLINE_EXCEEDED", errDeadline.Msg},
		{fmt.Errorf("x: %w", context.Canceled), codes.Unavailable, "INTERRUPTED", errInterrupted.Msg},
		{status.Error(codes.OutOfRange, "the handler's own"), codes.OutOfRange, "", "the handler's own"},
		{fmt.Errorf("peer: %w", status.Error(codes.NotFound, "hunter2")), codes.Internal, "INTERNAL", "internal error"},
		{fmt.Errorf("peer: %w", status.Error(codes.Unavailable, "hunter2")), codes.Unavailable, "SERVICE_UNAVAILABLE", errPeer.Msg},
		{fmt.Errorf("peer: %w", status.Error(codes.DeadlineExceeded, "hunter2")), codes.DeadlineExceeded, "DEADLINE_EXCEEDED", errDeadline.Msg},
		{fmt.Errorf("peer: %w", status.Error(codes.Canceled, "hunter2")), codes.Canceled, "", "the client cancelled the call"},
	} {
		result = c.err
		_, err := b.client.Login(t.Context(), goodLogin)
		st := refused(t, err, c.code, c.reason)
		require.Equal(t, c.msg, st.Message())
		require.NotContains(t, fmt.Sprint(st.Proto()), "hunter2")
	}
	_, err := b.client.GetAddress(t.Context(), nil)
	require.Error(t, err)
}

func TestFieldsAndRetryDelayReachTheClient(t *testing.T) {
	t.Parallel()
	full := errs.Invalid("price", "must be a multiple of 100").On("quantity", "must be 1 to 100").After(1500 * time.Millisecond)
	b := serve(t, func(context.Context) error { return full })
	_, err := b.client.Login(t.Context(), goodLogin)
	st := refused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	require.Len(t, st.Details(), 3)
	bad, ok := st.Details()[1].(*errdetails.BadRequest)
	require.True(t, ok)
	require.Equal(t, "quantity", bad.GetFieldViolations()[1].GetField())
	retry, ok := st.Details()[2].(*errdetails.RetryInfo)
	require.True(t, ok)
	require.Equal(t, 1500*time.Millisecond, retry.GetRetryDelay().AsDuration())

	var back *errs.Error
	require.ErrorAs(t, FromStatus(err), &back)
	require.Equal(t, full, back, "a peer reads the same error back")
}

func TestInternalCauseIsLoggedOnce(t *testing.T) {
	t.Parallel()
	b := serve(t, func(context.Context) error { return errors.New("the cause") })
	_, err := b.client.Login(t.Context(), goodLogin)
	require.Error(t, err)
	b.stop()
	got := b.log.of(t, "call")
	require.Len(t, got, 1)
	require.Equal(t, "the cause", got[0]["error"])
}

func TestClientThatLeavesIsCancelled(t *testing.T) {
	t.Parallel()
	entered, left := make(chan struct{}), make(chan struct{})
	b := serve(t, func(ctx context.Context) error {
		defer close(left)
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	_, err := b.client.Login(ctx, goodLogin)
	require.Equal(t, codes.Canceled, status.Code(err))
	<-left
	b.stop()
	require.Equal(t, "Canceled", b.log.of(t, "call")[0]["code"])
	require.Equal(t, "info", b.log.of(t, "call")[0]["level"])
}

func TestFromStatusKnowsPeersThatAreAway(t *testing.T) {
	t.Parallel()
	require.NoError(t, FromStatus(nil))
	own := errors.New("own")
	require.Equal(t, own, FromStatus(own))
	require.Equal(t, "SERVICE_UNAVAILABLE", errs.ReasonOf(FromStatus(status.Error(codes.Unavailable, "connection refused"))))
	require.Equal(t, "DEADLINE_EXCEEDED", errs.ReasonOf(FromStatus(status.Error(codes.DeadlineExceeded, ""))))
	internal := rich(errInternal).Err()
	require.Equal(t, internal, FromStatus(internal))
	require.Equal(t, codes.NotFound, status.Code(FromStatus(status.Error(codes.NotFound, "no reason given"))))
}
