package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// The scenarios with a name come first; `make vectors` plays all of them over gRPC.
func TestMATCH_017_BookAndServiceAgreeWithTheScenarios(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	n, err := check(context.Background(), "testdata/matching-vectors.jsonl", 50, &out)
	require.NoError(t, err)
	require.Zero(t, n, out.String())
	require.Contains(t, out.String(), "vectors scenarios=194 ")
}

func TestADifferenceIsSeen(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*vector){
		"status":    func(v *vector) { v.Steps[0].Expect.Status = "matched" },
		"open":      func(v *vector) { v.Steps[0].Expect.Open++ },
		"price":     func(v *vector) { v.Steps[2].Expect.Matches[0].Price-- },
		"error":     func(v *vector) { v.Steps[0].Expect.Error = "OFF_TICK" },
		"book":      func(v *vector) { v.Final.Bids = nil },
		"order":     func(v *vector) { delete(v.Final.Orders, "b1") },
		"last sale": func(v *vector) { v.Final.LastSale = nil },
	} {
		all, err := read("testdata/matching-vectors.jsonl") // anew: the last change stays in it
		require.NoError(t, err)
		v := all[0]
		change(&v)
		m, err := newBookMarket(v)
		require.NoError(t, err)
		differences, err := play(v, m)
		require.NoError(t, err)
		require.NotEmpty(t, differences, name)
	}
}
