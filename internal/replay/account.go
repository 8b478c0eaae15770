package replay

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// renewBefore is how long before its end an access token is exchanged.
const renewBefore = 2 * time.Minute

// account is somebody who is or can be signed in. Safe for concurrent use.
type account struct {
	email, password string
	users           userv1.UserServiceClient
	clk             clock.Clock
	save            func(tokens) error // nil: tokens are not kept

	mu     sync.Mutex
	id     string
	tokens tokens
}

// token returns an access token that is good for a while, signing in if need be.
func (a *account) token(ctx context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tokens.Access != "" && a.clk.Now().Add(renewBefore).Before(a.tokens.Expires) {
		return a.tokens.Access, nil
	}
	if a.tokens.Refresh != "" {
		err := a.refresh(ctx)
		if status.Code(err) != codes.Unauthenticated {
			return a.tokens.Access, err
		}
	}
	err := a.login(ctx)
	return a.tokens.Access, err
}

// forget drops an access token that was refused.
func (a *account) forget(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tokens.Access == token {
		a.tokens.Access = ""
	}
}

func (a *account) refresh(ctx context.Context) error {
	got, err := patient(ctx, a.clk, func(ctx context.Context) (*userv1.RefreshTokenResponse, error) {
		return a.users.RefreshToken(ctx, &userv1.RefreshTokenRequest{RefreshToken: a.tokens.Refresh})
	})
	if err != nil {
		return fmt.Errorf("refresh the token of %s: %w", a.email, err)
	}
	return a.use(got.GetAccessToken(), got.GetRefreshToken(), got.GetExpiresIn())
}

func (a *account) login(ctx context.Context) error {
	got, err := patient(ctx, a.clk, func(ctx context.Context) (*userv1.LoginResponse, error) {
		return a.users.Login(ctx, &userv1.LoginRequest{Email: a.email, Password: a.password})
	})
	if err != nil {
		return fmt.Errorf("sign in as %s: %w", a.email, err)
	}
	a.id = got.GetUser().GetId()
	return a.use(got.GetAccessToken(), got.GetRefreshToken(), got.GetExpiresIn())
}

func (a *account) use(access, refresh string, seconds int64) error {
	a.tokens = tokens{access, a.clk.Now().Add(time.Duration(seconds) * time.Second), refresh}
	if a.save == nil {
		return nil
	}
	return a.save(a.tokens)
}

// register makes the account; one that is there already stays as it is.
func (a *account) register(ctx context.Context, first, last string) error {
	_, err := patient(ctx, a.clk, func(ctx context.Context) (*userv1.RegisterResponse, error) {
		return a.users.Register(ctx, &userv1.RegisterRequest{Email: a.email, Password: a.password, FirstName: first, LastName: last})
	})
	if err != nil && status.Code(err) != codes.AlreadyExists {
		return fmt.Errorf("register %s: %w", a.email, err)
	}
	return nil
}

// profile reads the account as the marketplace has it. A token of a session that
// ended, or of another marketplace, is replaced by signing in anew.
func (a *account) profile(ctx context.Context) (*userv1.User, error) {
	got, err := as(ctx, a, func(ctx context.Context) (*userv1.GetProfileResponse, error) {
		return a.users.GetProfile(ctx, &userv1.GetProfileRequest{})
	})
	if err != nil {
		return nil, fmt.Errorf("profile of %s: %w", a.email, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.id = got.GetUser().GetId()
	return got.GetUser(), nil
}

// sell accepts the seller terms and goes on with the token that says so.
func (a *account) sell(ctx context.Context) error {
	got, err := as(ctx, a, func(ctx context.Context) (*userv1.AcceptSellerTermsResponse, error) {
		return a.users.AcceptSellerTerms(ctx, &userv1.AcceptSellerTermsRequest{})
	})
	if err != nil {
		return fmt.Errorf("seller terms of %s: %w", a.email, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.use(got.GetAccessToken(), a.tokens.Refresh, got.GetExpiresIn())
}

// logout ends the session; a marketplace that is gone has ended it already.
func (a *account) logout(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tokens.Access != "" {
		_, _ = a.users.Logout(rpc.Bearer(ctx, a.tokens.Access), &userv1.LogoutRequest{}) // it ends by itself in a week
	}
}

// as makes a call in an account's name; a token that is refused is replaced once.
func as[T any](ctx context.Context, a *account, call func(context.Context) (T, error)) (T, error) {
	for tries := 1; ; tries++ {
		var none T
		token, err := a.token(ctx)
		if err != nil {
			return none, err
		}
		v, err := patient(rpc.Bearer(ctx, token), a.clk, call)
		if err == nil || tries == 2 || status.Code(err) != codes.Unauthenticated {
			return v, err
		}
		a.forget(token)
	}
}
