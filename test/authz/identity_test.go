package main

import (
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// naming is what a field is called that may name an account.
var naming = regexp.MustCompile(`(?:^|[_.])(?:user|account|buyer|seller|owner|actor|caller|customer|member|person|client|session|subject|role|on_behalf_of)s?(?:_ids?)?$`)

// named are the fields that may: of methods for administrators, who name others, and
// a session, which is an object of the caller's own. Each was looked at by hand.
var named = map[string]string{
	"user.v1.UserService/GetUser user_id":                          "whom an administrator asks about",
	"user.v1.UserService/BanUser user_id":                          "whom an administrator bans",
	"user.v1.UserService/UnbanUser user_id":                        "whom an administrator lets in again",
	"user.v1.UserService/SetRoles user_id":                         "whom an administrator gives roles",
	"user.v1.UserService/SetRoles roles":                           "the roles he shall have",
	"user.v1.UserService/RevokeSession session_id":                 "one's own; somebody else's is not found",
	"bidding.v1.BiddingService/GetAccountLimits account_id":        "whom an administrator asks about",
	"bidding.v1.BiddingService/SetAccountLimits limits.account_id": "whom an administrator gives limits",
}

// fieldsOf lists a message's fields, and those of the messages in it, by their paths.
func fieldsOf(m protoreflect.MessageDescriptor, path string, above []protoreflect.FullName) []string {
	if slices.Contains(above, m.FullName()) {
		return nil
	}
	var out []string
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		out = append(out, path+string(f.Name()))
		if f.Message() != nil {
			out = append(out, fieldsOf(f.Message(), path+string(f.Name())+".", append(above, m.FullName()))...)
		}
	}
	return out
}

func TestAUTH_001_NoRequestNamesItsCaller(t *testing.T) {
	t.Parallel()
	found, methods := map[string]bool{}, 0
	for _, file := range []string{"user/v1/user.proto", "product/v1/product.proto", "bidding/v1/bidding.proto", "event/v1/event.proto"} {
		desc, err := protoregistry.GlobalFiles.FindFileByPath(file)
		require.NoError(t, err)
		for i := range desc.Services().Len() {
			service := desc.Services().Get(i)
			for j := range service.Methods().Len() {
				method := service.Methods().Get(j)
				methods++
				for _, field := range fieldsOf(method.Input(), "", nil) {
					if naming.MatchString(field) {
						found[string(service.FullName())+"/"+string(method.Name())+" "+field] = true
					}
				}
			}
		}
	}
	require.Greater(t, methods, 65)
	for field := range found {
		require.Contains(t, named, field, "a request names an account: who calls is in the token alone")
	}
	for field := range named {
		require.True(t, found[field], "%s is listed and not there", field)
	}
}

func TestAUTH_001_OnlyAdministratorsNameAnAccount(t *testing.T) {
	t.Parallel()
	for _, r := range table(t) {
		for field := range named {
			if field != r.method+" user_id" && field != r.method+" account_id" && field != r.method+" limits.account_id" {
				continue
			}
			for _, caller := range []string{"user", "other", "seller", "catalog", "courier"} {
				require.Equal(t, denied, r.verdict[caller], "%s: %s", r.name(), caller)
			}
			require.Equal(t, unauthenticated, r.verdict["anonymous"], r.name())
		}
	}
}

func TestAFieldThatNamesAnAccountIsSeen(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"user_id", "buyer_id", "seller_id", "account_id", "limits.account_id", "user", "on_behalf_of", "owner_ids", "acting_user_id"} {
		require.True(t, naming.MatchString(name), name)
	}
	for _, name := range []string{"market_id", "bid_id", "client_order_id", "user_agent", "product_id", "from_stock"} {
		require.False(t, naming.MatchString(name), name)
	}
}
