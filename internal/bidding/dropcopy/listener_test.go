package dropcopy

import (
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// told is an update of a batch of shard 0.
func told(seq int64) []Update { return []Update{{seq: seq}} }

func TestDATA_003_WhatSomebodyKnowsIsNotToldAgain(t *testing.T) {
	t.Parallel()
	f := New(nil, zerolog.Nop())
	f.at = Position{0: 9}
	l := &listener{from: Position{0: 5}, told: make(chan struct{}, 1)}
	for seq := int64(4); seq <= 9; seq++ {
		l.take(told(seq))
	}
	f.knows(l, Position{0: 8}) // a snapshot that was read meanwhile
	updates, at, err := f.next(l)
	require.NoError(t, err)
	require.Equal(t, told(9), updates)
	require.Equal(t, Position{0: 9}, at)

	f.knows(l, Position{0: 12}) // or a token from a node that was ahead
	l.take(told(11))
	l.take(told(12))
	l.take(told(13))
	updates, at, err = f.next(l)
	require.NoError(t, err)
	require.Equal(t, told(13), updates)
	require.Equal(t, Position{0: 12}, at, "never back")
}

func TestDATA_003_WhoDoesNotReadIsLetGo(t *testing.T) {
	t.Parallel()
	f := New(nil, zerolog.Nop())
	l := &listener{from: Position{}, told: make(chan struct{}, 1)}
	for seq := int64(1); seq <= mostWaiting; seq++ {
		l.take(told(seq))
	}
	require.NoError(t, l.err)
	l.take(told(mostWaiting + 1))
	_, _, err := f.next(l)
	require.ErrorIs(t, err, ErrTooSlow)
}
