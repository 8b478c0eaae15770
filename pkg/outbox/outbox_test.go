package outbox_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/outbox"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

func banned(name string) proto.Message { return &userv1.AccountBanned{UserId: name, Version: 2} }

// append writes events in a transaction of their own.
func write(t testing.TB, pool *pgxpool.Pool, box outbox.Outbox, at time.Time, events ...proto.Message) {
	t.Helper()
	require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return box.Append(t.Context(), tx, at, events...) }))
}

func TestEVENT_001_EventsComeBackInOrderAndWhole(t *testing.T) {
	t.Parallel()
	pool, box := testkit.Database(t), outbox.New("user_outbox")
	ctx := t.Context()
	head, err := box.Head(ctx, pool)
	require.NoError(t, err)
	require.Zero(t, head)
	write(t, pool, box, noon, banned("a"), banned("b"))
	write(t, pool, box, noon.Add(time.Minute))
	write(t, pool, box, noon.Add(time.Minute), &userv1.RolesChanged{UserId: "c", Roles: []string{"user"}})
	head, err = box.Head(ctx, pool)
	require.NoError(t, err)
	require.EqualValues(t, 3, head)

	all, err := box.After(ctx, pool, 0, 10)
	require.NoError(t, err)
	require.Len(t, all, 3)
	for i, want := range []proto.Message{banned("a"), banned("b"), &userv1.RolesChanged{UserId: "c", Roles: []string{"user"}}} {
		require.EqualValues(t, i+1, all[i].Seq)
		require.Len(t, all[i].Events, 1)
		got, err := all[i].Events[0].Payload.UnmarshalNew()
		require.NoError(t, err)
		require.True(t, proto.Equal(want, got))
	}
	require.True(t, all[0].Events[0].At.Equal(noon))
	page, err := box.After(ctx, pool, 1, 1)
	require.NoError(t, err)
	require.Len(t, page, 1)
	require.EqualValues(t, 2, page[0].Seq)
	since, err := box.Since(ctx, pool, noon.Add(time.Second))
	require.NoError(t, err)
	require.Len(t, since, 1)
	require.EqualValues(t, 3, since[0].Seq)
}

// A reader that goes on from the last position it saw must never pass one that appears
// later: positions are the order of commits, whatever order transactions began in.
func TestEVENT_001_PositionsAreTheOrderOfCommitsWithoutGaps(t *testing.T) {
	t.Parallel()
	pool, box := testkit.Database(t), outbox.New("user_outbox")
	const writers, each = 8, 30
	done := make(chan struct{})
	var reader sync.WaitGroup
	var seen []int64
	read := func() {
		after := int64(0)
		if len(seen) > 0 {
			after = seen[len(seen)-1]
		}
		page, err := box.After(t.Context(), pool, after, 100)
		if err != nil {
			t.Errorf("read: %v", err)
		}
		for _, b := range page {
			seen = append(seen, b.Seq)
		}
	}
	reader.Go(func() {
		for {
			read()
			select {
			case <-done:
				read()
				return
			default:
			}
		}
	})
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for n := range each {
				err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
					if _, err := tx.Exec(t.Context(), "SELECT pg_sleep($1)", rand.Float64()/500); err != nil {
						return err
					}
					if err := box.Append(t.Context(), tx, noon, banned("x"), banned("y")); err != nil {
						return err
					}
					if n%5 == 0 {
						return errors.New("changed its mind")
					}
					return nil
				})
				if (err != nil) != (n%5 == 0) {
					t.Errorf("append: %v", err)
				}
			}
		})
	}
	all.Wait()
	close(done)
	reader.Wait()
	require.Len(t, seen, 2*writers*each*4/5)
	for i, seq := range seen {
		require.EqualValues(t, i+1, seq)
	}
}

func TestEVENT_001_WhatIsWrittenStays(t *testing.T) {
	t.Parallel()
	pool, box := testkit.Database(t), outbox.New("user_outbox")
	write(t, pool, box, noon, banned("a"))
	_, err := pool.Exec(t.Context(), "UPDATE user_outbox SET kind = 'user.v1.Other'")
	require.ErrorContains(t, err, "append-only")
	_, err = pool.Exec(t.Context(), "INSERT INTO user_outbox_head (seq) VALUES (5)")
	require.ErrorContains(t, err, "user_outbox_head_one_idx")
	_, err = outbox.New("nothing").After(t.Context(), pool, 0, 1)
	require.ErrorContains(t, err, "read the outbox")
	_, err = outbox.New("nothing").Head(t.Context(), pool)
	require.ErrorContains(t, err, "head of the outbox")
	require.ErrorContains(t, outbox.New("nothing").Append(t.Context(), pool, noon, banned("a")), "append to the outbox")
}
