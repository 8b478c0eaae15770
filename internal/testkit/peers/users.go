// Package peers stands in for other services in the tests of one: it speaks their
// protocols and says what a test wants said. Only tests import it.
package peers

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/event"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

const newsEvery = 10 * time.Millisecond

// Users is the user service as others see it; nobody has signed out until a test says so.
type Users struct {
	userv1.UnimplementedUserServiceServer
	Events Log

	mu     sync.Mutex
	news   *userv1.WatchRevocationsResponse
	silent bool
}

// NewUsers returns a user service with nothing to say.
func NewUsers() *Users {
	return &Users{news: &userv1.WatchRevocationsResponse{Complete: true}}
}

// Build is the run.Build that serves it; put it before the service under test.
func (u *Users) Build(_ context.Context, env *run.Env) ([]run.Task, error) {
	return serve(env, "user", func(r grpc.ServiceRegistrar) {
		userv1.RegisterUserServiceServer(r, u)
		event.NewServer(&u.Events).Serve(r)
	})
}

func serve(env *run.Env, service string, register func(grpc.ServiceRegistrar)) ([]run.Task, error) {
	verifier, err := auth.NewVerifier(auth.Config{Keys: auth.DevelopmentKeys}, env.Clock)
	if err != nil {
		return nil, err
	}
	s, err := rpc.NewServer(rpc.ServerOptions{
		Service: service, Network: env.Network, Verifier: verifier, Clock: env.Clock, Log: env.Log, Register: register,
	})
	if err != nil {
		return nil, err
	}
	return []run.Task{s}, nil
}

// WatchRevocations implements userv1.UserServiceServer.
func (u *Users) WatchRevocations(_ *userv1.WatchRevocationsRequest, stream grpc.ServerStreamingServer[userv1.WatchRevocationsResponse]) error {
	for {
		if news := u.tell(); news != nil {
			if err := stream.Send(news); err != nil {
				return err
			}
		}
		select {
		case <-stream.Context().Done():
			return context.Cause(stream.Context())
		case <-clock.System{}.After(newsEvery):
		}
	}
}

func (u *Users) tell() *userv1.WatchRevocationsResponse {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.silent {
		return nil
	}
	return proto.CloneOf(u.news)
}

// End ends a session.
func (u *Users) End(session id.UUID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.news.EndedSessions = append(u.news.EndedSessions, session[:])
}

// Grant changes an account's roles.
func (u *Users) Grant(account id.UUID, roles ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.news.ChangedRoles = append(u.news.ChangedRoles, &userv1.AccountRoles{UserId: account[:], Roles: roles})
}

// Withhold says of all news that there is more to come.
func (u *Users) Withhold(more bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.news.More = more
}

// Silence stops all news, as if the service hung.
func (u *Users) Silence() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.silent = true
}
