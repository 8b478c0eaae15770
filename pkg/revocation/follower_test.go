package revocation_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/sneakers-marketplace/marketplace/internal/testkit/peers"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	"github.com/sneakers-marketplace/marketplace/pkg/revocation"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	soon = 10 * time.Second
	tick = 5 * time.Millisecond
)

// follow runs a follower of users until the test ends.
func follow(t *testing.T, users ...run.Build) (*revocation.Follower, func(run.Build) (stop func())) {
	t.Helper()
	env := &run.Env{Log: zerolog.Nop(), Clock: clock.System{}, Network: rpc.NewNetwork(), Metrics: prometheus.NewRegistry()}
	start := func(b run.Build) func() {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- run.Run(ctx, time.Second, env, b) }()
		return sync.OnceFunc(func() {
			cancel()
			require.NoError(t, <-done)
		})
	}
	for _, b := range users {
		t.Cleanup(start(b))
	}
	credential, err := auth.NewServiceCredential(auth.Config{Keys: auth.DevelopmentKeys}, "bidding", clock.System{})
	require.NoError(t, err)
	conn, err := env.Network.Dial("user", "", rpc.AsService(credential))
	require.NoError(t, err)
	f := revocation.NewFollower(conn, zerolog.Nop())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, errors.Join(<-done, f.Close(context.Background()), conn.Close()))
	})
	return f, start
}

func TestUSER_006_WhatTheUserServiceSaysIsKnown(t *testing.T) {
	t.Parallel()
	users := peers.NewUsers()
	f, _ := follow(t, users.Build)
	require.Eventually(t, func() bool { return f.Ready() == nil && f.List.Fresh() }, soon, tick)
	c := &auth.Claims{Account: id.New(), Session: id.New()}
	users.Grant(c.Account, "user", "seller")
	require.Eventually(t, func() bool {
		now, err := f.List.Now(c)
		return err == nil && now.Has(auth.RoleSeller)
	}, soon, tick)
	users.End(c.Session)
	require.Eventually(t, func() bool {
		_, err := f.List.Now(c)
		return errors.Is(err, auth.ErrSessionEnded)
	}, soon, tick)
}

func TestUSER_006_TheListIsFreshOnlyWhileItIsHeardOf(t *testing.T) {
	t.Parallel()
	users := peers.NewUsers()
	f, start := follow(t)
	require.ErrorContains(t, f.Ready(), "has not heard from the user service")
	require.False(t, f.List.Fresh())
	stop := start(users.Build)
	require.Eventually(t, f.List.Fresh, soon, tick)
	users.Silence()
	require.Eventually(t, func() bool { return !f.List.Fresh() }, soon, 50*time.Millisecond)
	require.NoError(t, f.Ready(), "reads are served")
	stop()
	t.Cleanup(start(peers.NewUsers().Build))
	require.Eventually(t, f.List.Fresh, soon, tick, "the stream is opened again")
}

func TestUSER_006_NewsInPiecesIsKnownOnlyWhole(t *testing.T) {
	t.Parallel()
	users := peers.NewUsers()
	session := id.New()
	users.End(session)
	users.Withhold(true)
	f, start := follow(t)
	t.Cleanup(start(users.Build))
	require.Never(t, f.List.Heard, 300*time.Millisecond, tick, "there is more to come")
	users.Withhold(false)
	require.Eventually(t, f.List.Fresh, soon, tick)
	_, err := f.List.Now(&auth.Claims{Session: session})
	require.ErrorIs(t, err, auth.ErrSessionEnded)
}
