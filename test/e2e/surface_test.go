package e2e

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	accessv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/access/v1"
)

// publicMethods are what a caller without a token may call; nothing else.
var publicMethods = []string{
	"/user.v1.UserService/Register",
	"/user.v1.UserService/Login",
	"/user.v1.UserService/RefreshToken",
	"/product.v1.ProductService/GetProduct",
	"/product.v1.ProductService/ListProducts",
	"/product.v1.ProductService/SearchProducts",
	"/product.v1.ProductService/SuggestProducts",
	"/product.v1.ProductService/GetSize",
	"/product.v1.ProductService/ListSizes",
	"/bidding.v1.BiddingService/GetHighestBid",
	"/bidding.v1.BiddingService/GetLowestAsk",
	"/bidding.v1.BiddingService/GetMarketPrice",
	"/bidding.v1.BiddingService/GetDepth",
	"/bidding.v1.BiddingService/WatchMarket",
	"/bidding.v1.BiddingService/GetCandles",
	"/bidding.v1.BiddingService/GetMarketStats",
	"/bidding.v1.BiddingService/ListSales",
	"/bidding.v1.BiddingService/ListProductMarkets",
}

// described asks a running service, by reflection, what it is.
func described(t *testing.T, conn *grpc.ClientConn, service string) *descriptorpb.ServiceDescriptorProto {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	require.NoError(t, err)
	require.NoError(t, stream.Send(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: service},
	}))
	answer, err := stream.Recv()
	require.NoError(t, err)
	require.NoError(t, stream.CloseSend())
	for _, raw := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
		var file descriptorpb.FileDescriptorProto
		require.NoError(t, proto.Unmarshal(raw, &file))
		for _, s := range file.GetService() {
			if file.GetPackage()+"."+s.GetName() == service {
				return s
			}
		}
	}
	require.Failf(t, "not described", "%s does not describe itself", service)
	return nil
}

// methods are those of every service that runs, with the rule who may call them.
func (w *world) methods(t *testing.T) map[string]*accessv1.Rule {
	t.Helper()
	all := map[string]*accessv1.Rule{}
	for service, conn := range w.conns {
		for _, m := range described(t, conn, service).GetMethod() {
			rule, ok := proto.GetExtension(m.GetOptions(), accessv1.E_Rule).(*accessv1.Rule)
			require.True(t, ok && rule != nil, m.GetName())
			all["/"+service+"/"+m.GetName()] = rule
		}
	}
	return all
}

// invoke calls a method with an empty request.
func (w *world) invoke(ctx context.Context, method string) error {
	service := strings.Split(method, "/")[1]
	return w.conns[service].Invoke(ctx, method, &emptypb.Empty{}, &emptypb.Empty{})
}

func TestServicesHaveTheMethodsAndTablesTheyPromise(t *testing.T) {
	t.Parallel()
	w := open(t)
	found := map[string]int{}
	for service, least := range map[string]int{"user.v1.UserService": 10, "product.v1.ProductService": 13, "bidding.v1.BiddingService": 17} {
		found[service] = len(described(t, w.conns[service], service).GetMethod())
		require.GreaterOrEqual(t, found[service], least, service)
	}
	var out bytes.Buffer
	statement := "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'schema_migrations'"
	require.NoError(t, app.Query(t.Context(), w.source["DATABASE_URL"], statement, false, &out))
	tables, err := strconv.Atoi(strings.TrimSpace(out.String()))
	require.NoError(t, err)
	require.GreaterOrEqual(t, tables, 11)
	t.Logf("surface user=%d product=%d bidding=%d tables=%d verdict=ok",
		found["user.v1.UserService"], found["product.v1.ProductService"], found["bidding.v1.BiddingService"], tables)
}

func TestAUTH_001_WithoutATokenOnlyPublicMethodsAnswer(t *testing.T) {
	t.Parallel()
	w := open(t)
	methods := w.methods(t)
	for _, name := range publicMethods {
		require.Contains(t, methods, name)
	}
	for name := range methods {
		err := w.invoke(w.public, name)
		if slices.Contains(publicMethods, name) {
			require.Contains(t, []codes.Code{codes.OK, codes.InvalidArgument}, status.Code(err), "%s: %v", name, err)
			continue
		}
		refused(t, err, codes.Unauthenticated, "TOKEN_MISSING", name)
	}
}

func TestAUTH_002_RolesAreAskedForBeforeTheRequestIsRead(t *testing.T) {
	t.Parallel()
	w := open(t)
	user, withRole := w.join(t), 0
	for name, rule := range w.methods(t) {
		err := w.invoke(user, name)
		if rule.GetPublic() || rule.GetSelf() {
			require.NotEqual(t, codes.PermissionDenied, status.Code(err), name)
			require.NotEqual(t, "TOKEN_MISSING", reasonOf(err), name)
		} else if len(rule.GetRoles()) == 0 {
			refused(t, err, codes.PermissionDenied, "SERVICE_REQUIRED", name)
		} else {
			withRole++
			refused(t, err, codes.PermissionDenied, "ROLE_REQUIRED", name)
		}
		switch name {
		case "/user.v1.UserService/Logout", "/user.v1.UserService/RevokeAllSessions", "/user.v1.UserService/AcceptSellerTerms":
			user = w.join(t) // the session has ended, or the account is a seller
		}
	}
	require.Greater(t, withRole, 15)
}
