// Package revocation keeps what a service knows of ended sessions and changed roles in
// step with the user service (USER-006).
package revocation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

const (
	retryEvery = 200 * time.Millisecond
	// startup is how long a service may not be ready because it has not heard anything yet.
	startup = 5 * time.Second
)

// Follower hears the user service's news as long as it runs. It is a task of pkg/run.
type Follower struct {
	List *auth.Revocations

	client userv1.UserServiceClient
	log    zerolog.Logger
	since  time.Time // monotonic
}

// NewFollower returns a follower of the user service that conn leads to.
func NewFollower(conn grpc.ClientConnInterface, log zerolog.Logger) *Follower {
	return &Follower{&auth.Revocations{}, userv1.NewUserServiceClient(conn), log, clock.Monotonic()}
}

// String names the task.
func (f *Follower) String() string { return "revocations" }

// Run hears news until ctx ends. An outage is logged once; meanwhile the list grows old.
func (f *Follower) Run(ctx context.Context) error {
	failing := false
	for {
		heard, err := f.hear(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // told to stop
		}
		if heard {
			failing = false
		}
		if !failing && f.List.Heard() {
			f.log.Warn().Err(err).Msg("revocations cannot be followed now; trying again")
		}
		failing = true
		select {
		case <-ctx.Done():
			return nil
		case <-clock.System{}.After(retryEvery):
		}
	}
}

// Close implements run.Task; everything ends with Run.
func (f *Follower) Close(context.Context) error { return nil }

// Ready is an error while the first news may still be on its way. Later a service that
// does not hear anything serves reads, so it is ready.
func (f *Follower) Ready() error {
	if f.List.Heard() || clock.Since(f.since) > startup {
		return nil
	}
	return errors.New("has not heard from the user service which sessions have ended")
}

// hear takes news until the stream breaks; heard is whether there was any.
func (f *Follower) hear(ctx context.Context) (heard bool, err error) {
	stream, err := f.client.WatchRevocations(ctx, &userv1.WatchRevocationsRequest{}, grpc.WaitForReady(true))
	if err != nil {
		return false, fmt.Errorf("watch revocations: %w", err)
	}
	news := newNews(false)
	for {
		r, err := stream.Recv()
		if err == nil {
			err = add(&news, r)
		}
		if err != nil {
			return heard, fmt.Errorf("watch revocations: %w", err)
		}
		if r.GetMore() {
			continue // only with the rest everything is known
		}
		f.List.Hear(news)
		heard, news = true, newNews(false)
	}
}

func newNews(complete bool) auth.News {
	return auth.News{Complete: complete, Roles: make(map[id.UUID][]auth.Role)}
}

// add adds a message to the news it belongs to.
func add(n *auth.News, r *userv1.WatchRevocationsResponse) error {
	if r.GetComplete() {
		*n = newNews(true)
	}
	for _, raw := range r.GetEndedSessions() {
		session, err := id.FromBytes(raw)
		if err != nil {
			return err
		}
		n.Ended = append(n.Ended, session)
	}
	for _, c := range r.GetChangedRoles() {
		account, err := id.FromBytes(c.GetUserId())
		if err != nil {
			return err
		}
		roles := make([]auth.Role, len(c.GetRoles()))
		for i, role := range c.GetRoles() {
			roles[i] = auth.Role(role)
		}
		n.Roles[account] = roles
	}
	return nil
}
