package seed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// ErrSignIn says that an account of the demo cannot sign in: most often this
// marketplace is somebody's own already.
var ErrSignIn = errors.New("its accounts cannot sign in")

const (
	spare    = 30 * time.Second // an access token that ends sooner is exchanged
	aliveFor = 6 * day          // a session that is idle for seven days ends
)

// account is somebody of the demo. His password is checked once; from then on his
// session is kept alive, because on the demo's clock it would end every few moments.
// Safe for concurrent use.
type account struct {
	persona
	users    userv1.UserServiceClient
	clk      clock.Clock
	password string
	ready    chan struct{} // closed once he has signed in

	mu              sync.Mutex
	access, refresh string
	ends            time.Time // of access
	renewed         time.Time
	seller          bool // access says so
}

func newAccount(c Client, clk clock.Clock, who persona, password string) *account {
	return &account{persona: who, users: c.Users, clk: clk, password: password, ready: make(chan struct{})}
}

// join registers unless it is known and signs in. Errors: ErrSignIn.
func (a *account) join(ctx context.Context) error {
	_, err := patient(ctx, func(ctx context.Context) (*userv1.RegisterResponse, error) {
		return a.users.Register(ctx, &userv1.RegisterRequest{Email: a.email, Password: a.password, FirstName: a.first, LastName: a.last})
	})
	if err != nil && status.Code(err) != codes.AlreadyExists {
		return fmt.Errorf("register %s: %w", a.email, err)
	}
	return a.signIn(ctx)
}

func (a *account) signIn(ctx context.Context) error {
	before := a.clk.Now()
	got, err := patient(ctx, func(ctx context.Context) (*userv1.LoginResponse, error) {
		return a.users.Login(ctx, &userv1.LoginRequest{Email: a.email, Password: a.password})
	})
	switch status.Code(err) {
	case codes.OK:
	case codes.Unauthenticated, codes.PermissionDenied, codes.FailedPrecondition:
		return fmt.Errorf("%w: %s: %s", ErrSignIn, a.email, status.Convert(err).Message())
	default:
		return fmt.Errorf("sign in as %s: %w", a.email, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.use(before, got.GetAccessToken(), got.GetRefreshToken(), got.GetExpiresIn())
	close(a.ready)
	return nil
}

// use takes new tokens, which live from an instant on.
func (a *account) use(from time.Time, access, refresh string, seconds int64) {
	a.access, a.refresh, a.renewed = access, refresh, from
	a.ends = from.Add(time.Duration(seconds) * time.Second)
}

// as returns a context whose calls are the account's. It waits until he has joined.
func (a *account) as(ctx context.Context) (context.Context, error) {
	select {
	case <-a.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.clk.Now().Add(spare).Before(a.ends) {
		if err := a.renew(ctx); err != nil {
			return nil, err
		}
	}
	if a.sells && !a.seller {
		if err := a.acceptTerms(ctx); err != nil {
			return nil, err
		}
	}
	return rpc.Bearer(ctx, a.access), nil
}

func (a *account) renew(ctx context.Context) error {
	now := a.clk.Now()
	got, err := patient(ctx, func(ctx context.Context) (*userv1.RefreshTokenResponse, error) {
		return a.users.RefreshToken(ctx, &userv1.RefreshTokenRequest{RefreshToken: a.refresh})
	})
	if err != nil {
		return fmt.Errorf("renew the session of %s: %w", a.email, err)
	}
	a.use(now, got.GetAccessToken(), got.GetRefreshToken(), got.GetExpiresIn())
	return nil
}

// acceptTerms makes him a seller and goes on with the token that says so.
func (a *account) acceptTerms(ctx context.Context) error {
	now := a.clk.Now()
	got, err := patient(rpc.Bearer(ctx, a.access), func(ctx context.Context) (*userv1.AcceptSellerTermsResponse, error) {
		return a.users.AcceptSellerTerms(ctx, &userv1.AcceptSellerTermsRequest{})
	})
	if err != nil {
		return fmt.Errorf("seller terms of %s: %w", a.email, err)
	}
	a.access, a.ends, a.seller = got.GetAccessToken(), now.Add(time.Duration(got.GetExpiresIn())*time.Second), true
	return nil
}

// keep renews a session that would not live until an instant, if he has joined.
func (a *account) keep(ctx context.Context, until time.Time) error {
	select {
	case <-a.ready:
	default:
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if until.Sub(a.renewed) < aliveFor {
		return nil
	}
	return a.renew(ctx)
}

// leave ends the session; one that is gone has ended by itself.
func (a *account) leave(ctx context.Context) {
	select {
	case <-a.ready:
	default:
		return
	}
	if signed, err := a.as(ctx); err == nil {
		_, _ = a.users.Logout(signed, &userv1.LogoutRequest{}) // it ends by itself in a week
	}
}
