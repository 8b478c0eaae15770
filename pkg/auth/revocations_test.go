package auth

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

func TestUSER_006_NewsAddsUpUntilAllOfItIsToldAgain(t *testing.T) {
	t.Parallel()
	var r Revocations
	require.False(t, r.Fresh())
	require.False(t, r.Heard())
	a, b := &Claims{Account: id.New(), Session: id.New(), Roles: []Role{RoleUser}}, &Claims{Account: id.New(), Session: id.New()}
	r.Hear(News{Ended: []id.UUID{a.Session}})
	require.True(t, r.Fresh())
	require.True(t, r.Heard())
	r.Hear(News{Ended: []id.UUID{b.Session}})
	for _, c := range []*Claims{a, b} {
		_, err := r.Now(c)
		require.ErrorIs(t, err, ErrSessionEnded)
	}
	r.Hear(News{Complete: true, Ended: []id.UUID{b.Session}})
	now, err := r.Now(a)
	require.NoError(t, err)
	require.Same(t, a, now, "nothing is copied for what did not change")
	r.Hear(News{Roles: map[id.UUID][]Role{a.Account: {RoleUser, RoleSeller}}})
	now, err = r.Now(a)
	require.NoError(t, err)
	require.True(t, now.Has(RoleSeller))
	require.False(t, a.Has(RoleSeller), "the token's own claims are shared and stay as they are")
}

func TestUSER_006_ListenersHearOfChangesAndNotOfSilence(t *testing.T) {
	t.Parallel()
	var r Revocations
	heard := 0
	forget := r.OnNews(func() { heard++ })
	r.Hear(News{Complete: true})
	require.Zero(t, heard)
	r.Hear(News{Ended: []id.UUID{id.New()}})
	require.Equal(t, 1, heard)
	forget()
	r.Hear(News{Ended: []id.UUID{id.New()}})
	require.Equal(t, 1, heard)
}

func TestUSER_006_TheListIsReadWhileItChanges(t *testing.T) {
	t.Parallel()
	var r Revocations
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			c := &Claims{Account: id.New(), Session: id.New()}
			for range 200 {
				forget := r.OnNews(func() { _, _ = r.Now(c) })
				r.Hear(News{Ended: []id.UUID{id.New()}, Roles: map[id.UUID][]Role{id.New(): nil}})
				_, err := r.Now(c)
				if err != nil || !r.Fresh() {
					t.Errorf("%v", err)
				}
				forget()
			}
		})
	}
	all.Wait()
}
