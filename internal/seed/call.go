package seed

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

const (
	pause    = 100 * time.Millisecond // of the machine's time; the demo's stands still meanwhile
	patience = 20 * time.Second
	pageSize = 100 // the most a list gives at a time
)

// patient repeats a call while its answer is that another try may do better.
// Every call of a demo may be repeated. Errors: the call's last, or ctx's.
func patient[T any](ctx context.Context, call func(context.Context) (T, error)) (T, error) {
	begin := clock.Monotonic()
	for {
		v, err := call(ctx)
		if err == nil || !passing(err) || clock.Since(begin) > patience {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-clock.System{}.After(pause):
		}
	}
}

// passing reports whether trouble may be over soon.
func passing(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.ResourceExhausted, codes.DeadlineExceeded, codes.Aborted:
		return true
	default:
		return false
	}
}

// page is one page of a list.
type page interface{ GetNextPageToken() string }

// pages reads a list to its end, or until take wants no more.
func pages[P page](ctx context.Context, read func(ctx context.Context, token string) (P, error), take func(P) (more bool)) error {
	for token := ""; ; {
		got, err := patient(ctx, func(ctx context.Context) (P, error) { return read(ctx, token) })
		if err != nil {
			return err
		}
		if token = got.GetNextPageToken(); !take(got) || token == "" {
			return nil
		}
	}
}
