package e2e

import (
	"maps"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

// guarded is a method of each service that reads something and changes nothing.
var guarded = []string{
	"/user.v1.UserService/GetProfile",
	"/product.v1.ProductService/ListInventoryTransactions",
	"/bidding.v1.BiddingService/ListMyBids",
}

// forger writes tokens like those of a person, as somebody who has read ours would.
type forger struct{ claims jwt.MapClaims }

func newForger(t *testing.T, p person) forger {
	t.Helper()
	claims := jwt.MapClaims{}
	_, _, err := jwt.NewParser().ParseUnverified(p.token, claims)
	require.NoError(t, err)
	return forger{claims}
}

func (f forger) with(name string, value any) forger {
	claims := maps.Clone(f.claims)
	claims[name] = value
	return forger{claims}
}

func (f forger) sign(t *testing.T, method jwt.SigningMethod, key any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, f.claims)
	token.Header["kid"] = "e2e"
	text, err := token.SignedString(key)
	require.NoError(t, err)
	return text
}

func TestAUTH_001_EveryServiceRefusesForgedTokens(t *testing.T) {
	t.Parallel()
	w := open(t)
	owner := w.signIn(t, ownerEmail)
	forge, key := newForger(t, owner), []byte(signingKey)
	past := clock.System{}.Now().Add(-time.Hour).Unix()
	tokens := map[string]string{
		"without a signature":    forge.sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
		"with an empty key":      forge.sign(t, jwt.SigningMethodHS256, []byte{}),
		"with another key":       forge.sign(t, jwt.SigningMethodHS256, []byte("another-key-that-is-long-enough-too")),
		"with another algorithm": forge.sign(t, jwt.SigningMethodHS512, key),
		"for another audience":   forge.with("aud", "another-shop").sign(t, jwt.SigningMethodHS256, key),
		"of another issuer":      forge.with("iss", "another-shop").sign(t, jwt.SigningMethodHS256, key),
		"of another kind":        forge.with("typ", "refresh").sign(t, jwt.SigningMethodHS256, key),
		"cut short":              owner.token[:len(owner.token)-1],
		"a refresh token":        owner.refresh,
		"no token at all":        "x",
	}
	for _, method := range guarded {
		genuine := forge.sign(t, jwt.SigningMethodHS256, key)
		require.NotEqual(t, codes.Unauthenticated, status.Code(w.invoke(rpc.Bearer(w.public, genuine), method)), "the forger's hand is good: only his means are not")
		for name, token := range tokens {
			refused(t, w.invoke(rpc.Bearer(w.public, token), method), codes.Unauthenticated, "TOKEN_INVALID", method, name)
		}
		expired := forge.with("exp", past).with("iat", past-900).with("nbf", past-900).sign(t, jwt.SigningMethodHS256, key)
		refused(t, w.invoke(rpc.Bearer(w.public, expired), method), codes.Unauthenticated, "TOKEN_EXPIRED", method)
	}
	for _, method := range []string{"/product.v1.ProductService/ListProducts", "/bidding.v1.BiddingService/GetDepth", "/user.v1.UserService/Login"} {
		refused(t, w.invoke(rpc.Bearer(w.public, tokens["with another key"]), method), codes.Unauthenticated, "TOKEN_INVALID", method, "public, but not for a liar")
	}
}

func TestAUTH_001_OtherPeoplesObjectsAreNotFound(t *testing.T) {
	t.Parallel()
	w := open(t)
	market, mine, stranger := w.market(t), w.seller(t), w.seller(t)
	address := &userv1.Address{Kind: userv1.AddressKind_SHIPPING, Recipient: "R", Line1: "L", City: "C", PostalCode: "1", Country: "SE"}
	added, err := w.AddAddress(mine, &userv1.AddAddressRequest{Address: address})
	require.NoError(t, err)
	sessions, err := w.ListSessions(mine, &userv1.ListSessionsRequest{})
	require.NoError(t, err)
	bid := w.bid(t, mine, market, 100_00).GetBid().GetId()
	ask := w.ask(t, mine, market, 200_00).GetAsk().GetId()
	match := w.bid(t, w.join(t), market, 200_00).GetMatches()[0].GetId()
	open := w.ask(t, mine, market, 300_00).GetAsk().GetId()

	refuse := func(reason string, err error) {
		t.Helper()
		refused(t, err, codes.NotFound, reason)
	}
	_, err = w.GetAddress(stranger, &userv1.GetAddressRequest{AddressId: added.GetAddress().GetId()})
	refuse("ADDRESS_NOT_FOUND", err)
	_, err = w.UpdateAddress(stranger, &userv1.UpdateAddressRequest{
		AddressId: added.GetAddress().GetId(), Address: address, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"line1"}},
	})
	refuse("ADDRESS_NOT_FOUND", err)
	_, err = w.DeleteAddress(stranger, &userv1.DeleteAddressRequest{AddressId: added.GetAddress().GetId()})
	refuse("ADDRESS_NOT_FOUND", err)
	_, err = w.RevokeSession(stranger, &userv1.RevokeSessionRequest{SessionId: sessions.GetSessions()[0].GetId()})
	refuse("SESSION_NOT_FOUND", err)
	_, err = w.GetBid(stranger, &biddingv1.GetBidRequest{BidId: bid})
	refuse("BID_NOT_FOUND", err)
	_, err = w.CancelBid(stranger, &biddingv1.CancelBidRequest{BidId: bid})
	refuse("BID_NOT_FOUND", err)
	_, err = w.ReplaceBid(stranger, &biddingv1.ReplaceBidRequest{BidId: bid, Price: 1_00, Quantity: 1})
	refuse("BID_NOT_FOUND", err)
	_, err = w.GetAsk(stranger, &biddingv1.GetAskRequest{AskId: ask})
	refuse("ASK_NOT_FOUND", err)
	_, err = w.CancelAsk(stranger, &biddingv1.CancelAskRequest{AskId: open})
	refuse("ASK_NOT_FOUND", err)
	_, err = w.ReplaceAsk(stranger, &biddingv1.ReplaceAskRequest{AskId: open, Price: 1_00, Quantity: 1})
	refuse("ASK_NOT_FOUND", err)
	_, err = w.GetMatch(stranger, &biddingv1.GetMatchRequest{MatchId: match})
	refuse("MATCH_NOT_FOUND", err)
	_, err = w.CancelAll(stranger, &biddingv1.CancelAllRequest{})
	require.NoError(t, err, "it cancels the caller's own, of which there are none")

	require.EqualValues(t, 1, w.priceOf(t, market).GetOpenBids(), "nothing changed")
	require.EqualValues(t, 300_00, w.priceOf(t, market).GetBestAsk().GetPrice())
	_, err = w.GetProfile(mine, &userv1.GetProfileRequest{})
	require.NoError(t, err, "the session goes on")
}
