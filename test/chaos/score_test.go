package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestACycleCountsWhenEnoughWasGoingOn(t *testing.T) {
	t.Parallel()
	require.True(t, cycle{acknowledged: 1000, took: 2 * time.Second}.counts())
	require.False(t, cycle{acknowledged: 999, took: 2 * time.Second}.counts(), "too slow")
	require.False(t, cycle{acknowledged: 99, took: 10 * time.Millisecond}.counts(), "too few")
	require.False(t, cycle{acknowledged: 1000}.counts())
}

func TestTheVerdictIsOkOnlyWhenAllWasShown(t *testing.T) {
	t.Parallel()
	good := func() score {
		return score{
			wanted: options{processKills: 1, postgresKills: 1}, acknowledged: 2500, unknown: 7, complete: true, seconds: 9 * time.Second,
			cycles: []cycle{
				{victim: theMarketplace, acknowledged: 1000, took: time.Second, recovery: 3 * time.Second},
				{victim: allOfPostgres, acknowledged: 1500, took: 2 * time.Second, recovery: time.Second},
			},
		}
	}
	s := good()
	require.Equal(t, "crash process_kills=1 postgres_kills=1 acknowledged=2500 unknown=7 lost=0 phantoms=0 fsck_violations=0 "+
		"rate_min=750 recovery_ms_median=3000 recovery_ms_max=3000 seconds=9 verdict=ok", s.String())
	for name, spoil := range map[string]func(*score){
		"a loss":                 func(s *score) { s.lost = 1 },
		"a phantom":              func(s *score) { s.phantoms = 1 },
		"a violation":            func(s *score) { s.violations = 1 },
		"an internal error":      func(s *score) { s.internal = 1 },
		"no last check":          func(s *score) { s.complete = false },
		"a kill too few":         func(s *score) { s.cycles = s.cycles[:1] },
		"two kills, of one kind": func(s *score) { s.cycles[1].victim = theMarketplace },
		"nothing at all":         func(s *score) { *s = score{wanted: s.wanted} },
	} {
		s := good()
		spoil(&s)
		require.False(t, s.ok(), name)
		require.Contains(t, s.String(), "verdict=short", name)
	}
}

func TestADrillWithNothingToKillIsNone(t *testing.T) {
	t.Parallel()
	require.NoError(t, options{clients: 1, rate: 1, processKills: 1}.check())
	for _, o := range []options{{}, {clients: 1, rate: 1}, {clients: 1, processKills: 1}, {rate: 1, postgresKills: 1}, {clients: 1, rate: 1, processKills: 2, postgresKills: -1}} {
		require.Error(t, o.check())
	}
}

func TestAFailoverIsOkOnlyWhenItWasQuickAndAllWasShown(t *testing.T) {
	t.Parallel()
	good := func() score {
		return score{
			wanted: options{nodes: nodeOptions{kills: 2, leaves: 1, sleeps: 1}}, acknowledged: 2500, unknown: 7, complete: true, seconds: 9 * time.Second,
			moves: moves{
				kills: 2, leaves: 1, joins: 3, sleeps: 1, recovery: 4900 * time.Millisecond, handOver: 400 * time.Millisecond, overslept: 5,
			},
		}
	}
	s := good()
	require.Equal(t, "failover kills=2 leaves=1 joins=3 sleeps=1 acknowledged=2500 unknown=7 lost=0 phantoms=0 fsck_violations=0 "+
		"late_answers=5 recovery_ms_max=4900 handover_ms_max=400 seconds=9 verdict=ok", s.failover())
	for name, spoil := range map[string]func(*score){
		"a loss":               func(s *score) { s.lost = 1 },
		"no last check":        func(s *score) { s.complete = false },
		"a kill too few":       func(s *score) { s.moves.kills-- },
		"a leave too few":      func(s *score) { s.moves.leaves-- },
		"a sleep too few":      func(s *score) { s.moves.sleeps-- },
		"a slow recovery":      func(s *score) { s.moves.recovery = 5100 * time.Millisecond },
		"a slow hand-over":     func(s *score) { s.moves.handOver = 600 * time.Millisecond },
		"nobody heard of it":   func(s *score) { s.moves.overslept = 0 },
		"an internal error":    func(s *score) { s.internal = 1 },
		"a violation of rules": func(s *score) { s.violations = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := good()
			spoil(&s)
			require.Contains(t, s.failover(), "verdict=short")
		})
	}
}

func TestThePulseIsTakenByShard(t *testing.T) {
	t.Parallel()
	l := &load{}
	p := l.feel(time.Hour)
	sent := p.began.Add(time.Millisecond)
	ack := func(order int64, sent time.Time) { l.count(&answer{Outcome: acknowledged, Order: order}, sent) }
	ack(7*256, sent)
	_, ok := p.all()
	require.False(t, ok)
	ack(9*256+1, p.began.Add(-time.Second))
	_, ok = p.all()
	require.False(t, ok, "what was asked for before is no sign")
	ack(9*256+1, sent)
	_, ok = p.all()
	require.True(t, ok)
	l.count(&answer{Outcome: unknown}, sent.Add(-2*time.Hour))
	l.count(&answer{Outcome: unknown, Reason: "DeadlineExceeded"}, sent.Add(-2*time.Hour))
	require.Equal(t, 1, p.overslept())
}
