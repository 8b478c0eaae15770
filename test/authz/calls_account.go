package main

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

const users = "user.v1.UserService/"

// accountCalls are what one asks the user service for oneself.
func accountCalls() map[string]ask {
	return map[string]ask{
		users + "Register": func(ctx context.Context, a *asking) error {
			return only(a.user.Register(a.me(ctx), &userv1.RegisterRequest{
				Email: fmt.Sprintf("new-%d@example.com", a.count.Add(1)), Password: password, FirstName: "New", LastName: "Caller",
			}))
		},
		users + "Login": func(ctx context.Context, a *asking) error {
			return only(a.user.Login(a.me(ctx), &userv1.LoginRequest{Email: a.people["user"].email, Password: password}))
		},
		users + "RefreshToken": given(newSession, func(ctx context.Context, a *asking, s *caller) error {
			return only(a.user.RefreshToken(a.me(ctx), &userv1.RefreshTokenRequest{RefreshToken: s.refresh}))
		}),
		users + "Logout": fresh(func(ctx context.Context, a *asking) error {
			return only(a.user.Logout(a.me(ctx), &userv1.LogoutRequest{}))
		}),
		users + "ListSessions": listSessions,
		users + "RevokeSession": given(newSession, func(ctx context.Context, a *asking, s *caller) error {
			return only(a.user.RevokeSession(a.me(ctx), &userv1.RevokeSessionRequest{SessionId: s.session}))
		}),
		users + "RevokeAllSessions": fresh(func(ctx context.Context, a *asking) error {
			return only(a.user.RevokeAllSessions(a.me(ctx), &userv1.RevokeAllSessionsRequest{}))
		}),
		users + "GetProfile": func(ctx context.Context, a *asking) error {
			r, err := a.user.GetProfile(a.me(ctx), &userv1.GetProfileRequest{})
			if err == nil && r.GetUser().GetId() != a.caller.account {
				return errLeak
			}
			return err
		},
		users + "UpdateProfile": func(ctx context.Context, a *asking) error {
			return only(a.user.UpdateProfile(a.me(ctx), &userv1.UpdateProfileRequest{FirstName: "Changed", UpdateMask: mask("first_name")}))
		},
		users + "ChangePassword": fresh(func(ctx context.Context, a *asking) error {
			return only(a.user.ChangePassword(a.me(ctx), &userv1.ChangePasswordRequest{Password: password, NewPassword: password + " now"}))
		}),
		users + "AcceptSellerTerms": fresh(func(ctx context.Context, a *asking) error {
			return only(a.user.AcceptSellerTerms(a.me(ctx), &userv1.AcceptSellerTermsRequest{}))
		}),
		users + "AddAddress": fresh(func(ctx context.Context, a *asking) error {
			return only(a.user.AddAddress(a.me(ctx), &userv1.AddAddressRequest{Address: address()}))
		}),
		users + "GetAddress": given(newAddress, func(ctx context.Context, a *asking, id string) error {
			return only(a.user.GetAddress(a.me(ctx), &userv1.GetAddressRequest{AddressId: id}))
		}),
		users + "ListAddresses": listAddresses,
		users + "UpdateAddress": given(newAddress, func(ctx context.Context, a *asking, id string) error {
			return only(a.user.UpdateAddress(a.me(ctx), &userv1.UpdateAddressRequest{AddressId: id, Address: address(), UpdateMask: mask("line1")}))
		}),
		users + "DeleteAddress": given(newAddress, func(ctx context.Context, a *asking, id string) error {
			return only(a.user.DeleteAddress(a.me(ctx), &userv1.DeleteAddressRequest{AddressId: id}))
		}),
		users + "WatchRevocations": func(ctx context.Context, a *asking) error {
			return first(a.user.WatchRevocations(a.me(ctx), &userv1.WatchRevocationsRequest{}))
		},
	}
}

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

// newSession is one more session of the owner's, or, where it is nobody's, of the user's.
func newSession(ctx context.Context, a *asking) (*caller, error) {
	of := a.owner
	if of.account == "" {
		of = a.people["user"]
	}
	return a.signIn(ctx, of.kind, of.email)
}

func newAddress(ctx context.Context, a *asking) (string, error) { return a.newAddress(ctx, a.owner) }

func listSessions(ctx context.Context, a *asking) error {
	for _, kind := range []string{"user", "other"} {
		a.owners.note("session", a.people[kind].session, a.people[kind].account)
	}
	r, err := a.user.ListSessions(a.me(ctx), &userv1.ListSessionsRequest{PageSize: 100})
	if err != nil {
		return err
	}
	var list []string
	for _, s := range r.GetSessions() {
		list = append(list, s.GetId())
	}
	return check(&a.owners, "session", a.caller.account, list, a.caller.session)
}

// listAddresses lists one's own, one of which was just made if there is an account.
func listAddresses(ctx context.Context, a *asking) error {
	own := ""
	if a.caller.account != "" {
		var err error
		if own, err = a.newAddress(ctx, a.caller); err != nil {
			return errUnprepared{err}
		}
	}
	r, err := a.user.ListAddresses(a.me(ctx), &userv1.ListAddressesRequest{PageSize: 100})
	if err != nil {
		return err
	}
	var list []string
	for _, each := range r.GetAddresses() {
		list = append(list, each.GetId())
	}
	return check(&a.owners, "address", a.caller.account, list, own)
}
