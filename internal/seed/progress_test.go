package seed

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
)

func TestProgressSaysHowFarTheDemoIs(t *testing.T) {
	t.Parallel()
	p := progress{plan: newPlan(Quick, noon), begin: clock.Monotonic()}
	half := len(p.plan.moments) / 2
	p.products.Store(230)
	p.skip(half)
	require.Regexp(t, `^230 of 230 products, day 10 of 21, \d{3} of 900 sales, 0 a second$`, p.line(false))
	require.Regexp(t, `^\[#{12}\.{12}\] 230 of 230 products`, p.line(true))

	var out bytes.Buffer
	p.watch(t.Context(), &out, true)()
	require.Equal(t, "\r\x1b[K", out.String(), "the bar is gone in the end")
}
