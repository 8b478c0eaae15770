package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/sneakers-marketplace/marketplace/internal/user/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
)

// Failed sign-ins allowed within window (USER-003).
const (
	window     = 15 * time.Minute
	maxPair    = 5   // per account and network
	maxNetwork = 50  // per network
	maxAccount = 100 // per account
)

// limits returns the counters of one sign-in, the narrowest first. An account is
// named by the hash of what was typed, so unknown emails are counted like known ones.
func limits(email string, client model.Client) []Limit {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(email))))
	account, network := hex.EncodeToString(sum[:16]), client.Prefix()
	return []Limit{
		{"pair:" + account + ":" + network, maxPair, window},
		{"network:" + network, maxNetwork, window},
		{"account:" + account, maxAccount, window},
	}
}

// prove checks a password of user (the zero User: no such account) under the throttle
// and in the bulkhead. Errors: model.ErrCredentials, model.ErrTooManyAttempts, auth.ErrBusy.
func (s *Service) prove(ctx context.Context, email string, user model.User, password string, client model.Client) error {
	all := limits(email, client)
	if err := s.admit(ctx, user, client, all, s.Throttle.Blocked); err != nil {
		return err // cheaply, before it can take a place in the queue
	}
	leave, err := s.Hasher.Enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	attempt := id.New().String()
	take := func(ctx context.Context, at time.Time, some []Limit) (Block, error) {
		return s.Throttle.Take(ctx, at, attempt, some)
	}
	if err := s.admit(ctx, user, client, all, take); err != nil {
		return err
	}
	if !s.Hasher.Matches(user.PasswordHash, password) {
		return model.ErrCredentials
	}
	if err := s.Throttle.Forget(ctx, attempt, all); err != nil {
		return fmt.Errorf("forget attempt: %w", err)
	}
	return s.Throttle.Clear(ctx, all[0].Key)
}

// admit asks the throttle. When strangers filled the network's or the account's
// counter, a network from which the account signed in before is still let through:
// nobody is locked out of his account by others.
func (s *Service) admit(ctx context.Context, user model.User, client model.Client, all []Limit,
	ask func(context.Context, time.Time, []Limit) (Block, error),
) error {
	now := s.Clock.Now()
	block, err := ask(ctx, now, all)
	if err == nil && block.Full() && block.Key != all[0].Key && client.IP != "" && user.ID != id.None {
		known, e := s.Store.SignedInFrom(ctx, user.ID, client.Prefix())
		if e != nil {
			return e
		}
		if known {
			block, err = ask(ctx, now, []Limit{all[0], {all[1].Key, 0, window}, {all[2].Key, 0, window}})
		}
	}
	if err != nil {
		return fmt.Errorf("login throttle: %w", err)
	}
	if block.Full() {
		return model.ErrTooManyAttempts.After(block.Retry)
	}
	return nil
}
