package rpc

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	accessv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/access/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

func TestAUTH_002_MethodWithoutARuleStopsTheStart(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]string{
		"Free":   "method /rpctest.v1.Streams/Free: has no access rule",
		"Absent": "method /rpctest.v1.Streams/Absent: ",
	} {
		opts, _ := options(t, nothing)
		opts.Register = func(r grpc.ServiceRegistrar) {
			r.RegisterService(&grpc.ServiceDesc{ServiceName: "rpctest.v1.Streams", Methods: []grpc.MethodDesc{{MethodName: method}}}, nil)
		}
		_, err := NewServer(opts)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "user server: ")
	}
	_, _, err := newMethod("user.v1", "User") // a message of that name
	require.ErrorContains(t, err, "is no method")
}

func TestAUTH_002_RulesAreReadOnceAndMustNotContradictThemselves(t *testing.T) {
	t.Parallel()
	for _, bad := range []*accessv1.Rule{
		nil, {}, {Public: true, Self: true}, {Public: true, Roles: []string{"admin"}}, {Public: true, Services: []string{"order"}},
	} {
		require.Error(t, (&method{}).apply(bad), "%v", bad)
	}
	signedIn, admin := &auth.Claims{Roles: []auth.Role{auth.RoleUser}}, &auth.Claims{Roles: []auth.Role{auth.RoleAdmin}}
	for _, c := range []struct {
		rule        *accessv1.Rule
		user, admin bool
	}{
		{&accessv1.Rule{Public: true}, true, true},
		{&accessv1.Rule{Self: true}, true, true},
		{&accessv1.Rule{Roles: []string{"admin"}}, false, true},
		{&accessv1.Rule{Roles: []string{"admin"}, Services: []string{"order"}}, false, true},
		{&accessv1.Rule{Services: []string{"order"}}, false, false},
	} {
		m := &method{}
		require.NoError(t, m.apply(c.rule))
		require.Equal(t, c.user, m.admits(signedIn, "") == nil, "%v", c.rule)
		require.Equal(t, c.admin, m.admits(admin, "") == nil, "%v", c.rule)
	}
	m := &method{}
	require.NoError(t, m.apply(&accessv1.Rule{Services: []string{"order"}}))
	require.Equal(t, "SERVICE_REQUIRED", errs.ReasonOf(m.admits(admin, "")))
	require.NoError(t, m.admits(admin, "order"))
	require.NoError(t, m.admitsNobody("order"))
	require.Equal(t, "SERVICE_REQUIRED", errs.ReasonOf(m.admitsNobody("bidding")))
	require.Equal(t, "TOKEN_MISSING", errs.ReasonOf(m.admitsNobody("")))
	own := &method{}
	require.NoError(t, own.apply(&accessv1.Rule{Self: true}))
	require.Equal(t, "TOKEN_MISSING", errs.ReasonOf(own.admitsNobody("order")), "a service alone has no objects of its own")
}

func TestReadsAreTheMethodsWithoutSideEffects(t *testing.T) {
	t.Parallel()
	for name, reads := range map[string]bool{"GetProfile": true, "ListUsers": true, "WatchRevocations": true, "Login": false, "SetRoles": false} {
		m, _, err := newMethod("user.v1.UserService", name)
		require.NoError(t, err)
		require.Equal(t, reads, m.reads, name)
	}
}

func TestAUTH_002_EveryMethodOfOurServicesHasARule(t *testing.T) {
	t.Parallel()
	cat := &catalogue{server: grpc.NewServer()}
	userv1.RegisterUserServiceServer(cat, userv1.UnimplementedUserServiceServer{})
	productv1.RegisterProductServiceServer(cat, productv1.UnimplementedProductServiceServer{})
	table, requests, err := cat.methods()
	require.NoError(t, err)
	require.Len(t, requests, len(table))
	require.True(t, table["/user.v1.UserService/Login"].public)
	require.Equal(t, []auth.Role{"catalog", "admin", "owner"}, table["/product.v1.ProductService/ReserveInventory"].roles)
}

func TestServerNeedsAVerifierAndHandlers(t *testing.T) {
	t.Parallel()
	_, err := NewServer(ServerOptions{Service: "user"})
	require.EqualError(t, err, "user server: a verifier and handlers are needed")
}
