package fsck

import (
	"google.golang.org/grpc/codes"

	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// people makes accounts: two who sell, three who buy and one who only signs in. One
// has addresses.
func (d *sample) people() {
	d.signIn("owner", d.OwnerEmail)
	for _, who := range []string{"sam", "carl", "anna", "ben", "dora", "eve"} {
		email := who + "@sample.example"
		_, err := d.users.Register(d.ctx, &userv1.RegisterRequest{Email: email, Password: d.Password, FirstName: who, LastName: "Sample"})
		d.do("register "+who, err)
		d.signIn(who, email)
	}
	for _, who := range []string{"sam", "carl"} {
		got, err := d.users.AcceptSellerTerms(d.as(who), &userv1.AcceptSellerTermsRequest{})
		d.do(who+" becomes a seller", err)
		d.tokens[who] = got.GetAccessToken()
	}
	for _, name := range []string{"Home", "Work"} {
		_, err := d.users.AddAddress(d.as("anna"), &userv1.AddAddressRequest{Address: &userv1.Address{
			Kind: userv1.AddressKind_SHIPPING, Recipient: name, Line1: "1 Main Street", City: "Springfield", PostalCode: "12345", Country: "US",
		}})
		d.do("anna's address", err)
	}
}

// sessions ends sessions in each way but a ban.
func (d *sample) sessions() {
	const ben, eve = "ben@sample.example", "eve@sample.example"
	d.signIn("ben again", ben)
	_, err := d.users.Logout(d.as("ben again"), &userv1.LogoutRequest{})
	d.do("ben signs out", err)
	d.signIn("ben elsewhere", ben)
	_, err = d.users.ChangePassword(d.as("ben"), &userv1.ChangePasswordRequest{Password: d.Password, NewPassword: d.Password + "!"})
	d.do("ben's password", err)

	d.signIn("eve again", eve)
	open, err := d.users.ListSessions(d.as("eve"), &userv1.ListSessionsRequest{})
	d.do("eve's sessions", err)
	for _, s := range open.GetSessions() {
		if !s.GetCurrent() {
			_, err := d.users.RevokeSession(d.as("eve"), &userv1.RevokeSessionRequest{SessionId: s.GetId()})
			d.do("eve ends one session", err)
		}
	}
	d.signIn("eve copied", eve)
	_, err = d.users.RefreshToken(d.ctx, &userv1.RefreshTokenRequest{RefreshToken: d.firsts["eve copied"]})
	d.refused("an old refresh token", codes.Unauthenticated, err)
	d.signIn("eve elsewhere", eve)
	_, err = d.users.RevokeAllSessions(d.as("eve"), &userv1.RevokeAllSessionsRequest{})
	d.do("eve ends all sessions", err)
}

// signIn opens a session and refreshes it twice.
func (d *sample) signIn(who, email string) {
	if d.err != nil {
		return
	}
	in, err := d.users.Login(d.ctx, &userv1.LoginRequest{Email: email, Password: d.Password})
	d.do("sign in "+who, err)
	refresh, access := in.GetRefreshToken(), in.GetAccessToken()
	d.firsts[who] = refresh
	for range 2 {
		next, err := d.users.RefreshToken(d.ctx, &userv1.RefreshTokenRequest{RefreshToken: refresh})
		d.do("refresh "+who, err)
		refresh, access = next.GetRefreshToken(), next.GetAccessToken()
	}
	d.tokens[who] = access
	me, err := d.users.GetProfile(d.as(who), &userv1.GetProfileRequest{})
	d.do("profile of "+who, err)
	d.ids[who] = me.GetUser().GetId()
}
