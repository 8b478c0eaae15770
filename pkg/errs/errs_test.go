package errs

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestErrorKeepsItsReasonThroughWrapping(t *testing.T) {
	t.Parallel()
	notFound := New(NotFound, "BID_NOT_FOUND", "bid not found")
	err := fmt.Errorf("cancel: %w", notFound.Msgf("bid %d not found", 7))
	require.ErrorIs(t, err, notFound)
	require.Equal(t, NotFound, KindOf(err))
	require.Equal(t, "BID_NOT_FOUND", ReasonOf(err))
	require.NotErrorIs(t, err, New(NotFound, "ASK_NOT_FOUND", ""))
}

func TestForeignErrorsAreInternal(t *testing.T) {
	t.Parallel()
	require.Equal(t, Internal, KindOf(errors.New("boom")))
	require.Empty(t, ReasonOf(errors.New("boom")))
}

func TestInvalidNamesTheFieldAndWhatIsAllowed(t *testing.T) {
	t.Parallel()
	err := Invalid("price", "must be a multiple of 100").On("quantity", "must be 1 to 100")
	require.Equal(t, []Field{{"price", "must be a multiple of 100"}, {"quantity", "must be 1 to 100"}}, err.Fields)
	require.EqualError(t, err, "price must be a multiple of 100")
}

func TestCopiesLeaveTheSentinelAlone(t *testing.T) {
	t.Parallel()
	sentinel, cause := New(Unavailable, "BUSY", "busy"), errors.New("cause")
	err := sentinel.Because(cause).After(time.Second)
	require.ErrorIs(t, err, cause)
	require.EqualError(t, err, "busy: cause")
	require.Equal(t, time.Second, err.RetryAfter)
	require.Zero(t, sentinel.RetryAfter)
	require.NoError(t, errors.Unwrap(sentinel))
}
