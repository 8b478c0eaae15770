package service_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/internal/user/service"
)

// pausedStore stops a transaction before it writes a refresh token.
type pausedStore struct {
	service.Store
	pause func()
}

func (s pausedStore) InTx(ctx context.Context, fn func(service.Store) error) error {
	return s.Store.InTx(ctx, func(tx service.Store) error { return fn(pausedStore{tx, s.pause}) })
}

func (s pausedStore) CreateToken(ctx context.Context, t model.Token) error {
	s.pause()
	return s.Store.CreateToken(ctx, t)
}

// blocked counts the statements that wait for another transaction.
func (b bundle) blocked(t testing.TB) (n int) {
	t.Helper()
	require.NoError(t, b.db.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n))
	return n
}

func TestUSER_005_TheSecondTabWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in, err := b.Login(ctx, jane, password, home)
	require.NoError(t, err)
	reached, goOn := make(chan struct{}, 2), make(chan struct{})
	release := sync.OnceFunc(func() { close(goOn) })
	defer release()
	deps := b.deps
	deps.Store = pausedStore{deps.Store, func() { reached <- struct{}{}; <-goOn }}
	svc := service.New(deps, service.Options{})
	type answer struct {
		child string
		err   error
	}
	answers := make(chan answer, 2)
	tab := func() {
		out, err := svc.Refresh(ctx, in.Refresh)
		answers <- answer{out.Refresh, err}
	}
	go tab()
	<-reached // the first is about to write the child
	go tab()
	require.Eventually(t, func() bool { return len(reached) > 0 || b.blocked(t) > 0 }, 10*time.Second, 5*time.Millisecond)
	release()
	one, two := <-answers, <-answers
	require.NoError(t, one.err)
	require.NoError(t, two.err)
	require.Equal(t, one.child, two.child)
}
