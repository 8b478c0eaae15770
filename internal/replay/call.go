package replay

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

const (
	firstPause = 50 * time.Millisecond
	maxPause   = 2 * time.Second
	patience   = 2 * time.Minute // how long a call is repeated while the marketplace cannot answer
)

// patient repeats a call while its answer is that another try may do better.
// Every call of a replay may be repeated: reads, settings, and orders with
// their client_order_id. Errors: the call's last, or ctx's.
func patient[T any](ctx context.Context, clk clock.Clock, call func(context.Context) (T, error)) (T, error) {
	v, err := call(ctx)
	if err == nil {
		return v, nil
	}
	begin, pause := clock.Monotonic(), firstPause
	for err != nil && again(status.Code(err)) && clock.Since(begin) < patience {
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-clk.After(pause):
		}
		pause = min(2*pause, maxPause)
		v, err = call(ctx)
	}
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return v, err
}

// again reports whether a call may do better later.
func again(c codes.Code) bool {
	switch c {
	case codes.Unavailable, codes.ResourceExhausted, codes.DeadlineExceeded, codes.Aborted:
		return true
	default:
		return false
	}
}

// refusal reports whether an answer is a "no" to this one request, rather than
// trouble that every other request will meet too.
func refusal(err error) bool {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied, codes.OutOfRange:
		return true
	default:
		return false
	}
}

// page is one page of a list.
type page interface{ GetNextPageToken() string }

// pages reads a list to its end, or until take wants no more.
func pages[P page](ctx context.Context, clk clock.Clock, read func(ctx context.Context, token string) (P, error), take func(P) (more bool, err error)) error {
	for token := ""; ; {
		got, err := patient(ctx, clk, func(ctx context.Context) (P, error) { return read(ctx, token) })
		if err != nil {
			return err
		}
		more, err := take(got)
		if token = got.GetNextPageToken(); err != nil || !more || token == "" {
			return err
		}
	}
}

const pageSize = 100 // the most a list gives at a time
