package auth

import (
	"sync"
	"time"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

var (
	// ErrSessionEnded is the answer to an access token whose session ended before it did.
	ErrSessionEnded = errs.New(errs.Unauthenticated, "SESSION_REVOKED", "the session has ended; sign in again")
	// ErrRevocationsUnknown is the answer to a write while nobody can say which sessions have ended.
	ErrRevocationsUnknown = errs.New(errs.Unavailable, "REVOCATIONS_UNKNOWN", "whether the session has ended cannot be checked now; try again")
)

// RevocationsAge is how old the news may be before writes are refused (USER-006).
const RevocationsAge = 5 * time.Second

// Revocations is what a service knows of access tokens that say more than is still
// true: sessions that ended and accounts whose roles changed since. The user service
// tells it. Safe for concurrent use; the zero value knows nothing and is not fresh.
type Revocations struct {
	mu        sync.RWMutex
	ended     map[id.UUID]struct{} // sessions
	roles     map[id.UUID][]Role   // of accounts whose roles changed
	heard     time.Time            // when the last news came, monotonic
	listeners map[*func()]struct{}
}

// News is what changed since the news before, or, when Complete, all there is.
type News struct {
	Ended    []id.UUID          // sessions
	Roles    map[id.UUID][]Role // the roles accounts have now
	Complete bool
}

// Hear takes news, of which nothing new is one kind: it says that the rest still holds.
func (r *Revocations) Hear(n News) {
	r.mu.Lock()
	if n.Complete || r.ended == nil {
		r.ended, r.roles = make(map[id.UUID]struct{}, len(n.Ended)), make(map[id.UUID][]Role, len(n.Roles))
	}
	for _, session := range n.Ended {
		r.ended[session] = struct{}{}
	}
	for account, roles := range n.Roles {
		r.roles[account] = roles
	}
	r.heard = clock.Monotonic()
	var tell []func()
	if len(n.Ended)+len(n.Roles) > 0 {
		for l := range r.listeners {
			tell = append(tell, *l)
		}
	}
	r.mu.Unlock()
	for _, l := range tell {
		l()
	}
}

// Fresh reports whether the last news is at most RevocationsAge old.
func (r *Revocations) Fresh() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return !r.heard.IsZero() && clock.Since(r.heard) <= RevocationsAge
}

// Heard reports whether there ever was news.
func (r *Revocations) Heard() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return !r.heard.IsZero()
}

// Now returns what a verified token says as things are now: the same claims, or a copy
// with the roles the account has today. Errors: ErrSessionEnded. Rule: USER-006.
func (r *Revocations) Now(c *Claims) (*Claims, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if _, ended := r.ended[c.Session]; ended {
		return nil, ErrSessionEnded
	}
	roles, changed := r.roles[c.Account]
	if !changed {
		return c, nil
	}
	now := *c
	now.Roles = roles
	return &now, nil
}

// OnNews calls f after each change until the returned function is called.
func (r *Revocations) OnNews(f func()) (forget func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listeners == nil {
		r.listeners = make(map[*func()]struct{})
	}
	key := &f
	r.listeners[key] = struct{}{}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.listeners, key)
	}
}
