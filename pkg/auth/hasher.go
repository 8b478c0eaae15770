package auth

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
)

// ErrBusy is the answer when more people sign in at once than the machine hashes passwords for (USER-003).
var ErrBusy = errs.New(errs.ResourceExhausted, "SIGN_IN_BUSY", "too many people sign in at this moment")

const (
	maxWaiting = 32              // who may queue for each slot
	maxWait    = 3 * time.Second // how long one may queue
	busyRetry  = time.Second
)

// notAHash fills a bcrypt string that no password fits, for accounts that do not exist.
const notAHash = "abcdefghijklmnopqrstuu0123456789ABCDEFGHIJKLMNOPQRSTU"

// Hasher is the bulkhead around bcrypt: a fixed number of hashes run at once,
// so that a flood of logins leaves processors for everything else. Safe for concurrent use.
type Hasher struct {
	cost    int
	dummy   string
	slots   chan struct{}
	waiting atomic.Int32
	clk     clock.Clock
}

// NewHasher returns a bulkhead of at most parallel hashes at a time, at least one.
// Errors: a cost that bcrypt does not know.
func NewHasher(cost, parallel int, clk clock.Clock) (*Hasher, error) {
	if cost < bcrypt.MinCost || cost > bcrypt.MaxCost {
		return nil, fmt.Errorf("bcrypt cost %d: must be %d to %d", cost, bcrypt.MinCost, bcrypt.MaxCost)
	}
	return &Hasher{
		cost:  cost,
		dummy: fmt.Sprintf("$2a$%02d$%s", cost, notAHash),
		slots: make(chan struct{}, max(1, parallel)),
		clk:   clk,
	}, nil
}

// Hash returns the bcrypt hash of a new password.
// Errors: InvalidArgument above 72 bytes; ErrBusy; ctx's.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	leave, err := h.Enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return HashPassword(password, h.cost)
}

// Matches reports whether hash was made of password; a blank hash (no such
// account) is a "no" that takes as long as any other (USER-002). Call it between Enter and leave.
func (h *Hasher) Matches(hash, password string) bool {
	if hash == "" {
		hash = h.dummy
	}
	return CheckPassword(hash, password)
}

// Enter waits for a slot; the caller gives it back with leave.
// Errors: ErrBusy with a retry delay when too many wait already or the wait is too long; ctx's.
func (h *Hasher) Enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-h.slots }
	select {
	case h.slots <- struct{}{}:
		return leave, nil
	default:
	}
	defer h.waiting.Add(-1)
	if int(h.waiting.Add(1)) > maxWaiting*cap(h.slots) {
		return nil, ErrBusy.After(busyRetry)
	}
	select {
	case h.slots <- struct{}{}:
		return leave, nil
	case <-h.clk.After(maxWait):
		return nil, ErrBusy.After(busyRetry)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
