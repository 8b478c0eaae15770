// Package e2e tries the whole marketplace through its public gRPC methods: all
// three services in one process, on a database of each test's own.
package e2e

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	password   = "nothing but shoes"
	ownerEmail = "owner@example.com"
	signingKey = "0123456789abcdef0123456789abcdef-of-the-end-to-end-tests"

	patience = 30 * time.Second // for what should take an instant
)

// world is a running marketplace and clients of it.
type world struct {
	userv1.UserServiceClient
	productv1.ProductServiceClient
	biddingv1.BiddingServiceClient
	conns  map[string]*grpc.ClientConn    // by service
	orders biddingv1.BiddingServiceClient // the exchange as the order service calls it
	public context.Context                //nolint:containedctx // of a caller without a token
	source config.Source
	people atomic.Int32
	stop   func(*testing.T)
}

// person is somebody who is signed in.
type person struct {
	context.Context           //nolint:containedctx // carries the token, so that a person can be the ctx of a call
	id, email, token, refresh string
}

// open starts a marketplace with an owner on a database of the test's own.
func open(t *testing.T) *world {
	t.Helper()
	url := testkit.DatabaseURL(t)
	require.NoError(t, app.CreateOwner(t.Context(), source(url), url, ownerEmail, password))
	return serve(t, source(url))
}

func source(url string) config.Source {
	return config.Source{
		"ENVIRONMENT": "test", "USER_BCRYPT_COST": "4", "DATABASE_URL": url, "JWT_KEYS": "e2e:" + signingKey,
		"USER_LISTEN": "127.0.0.1:0", "PRODUCT_LISTEN": "127.0.0.1:0", "BIDDING_LISTEN": "127.0.0.1:0",
	}
}

// serve starts a marketplace that ends with the test, or when stop is called.
func serve(t *testing.T, src config.Source) *world {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan *app.Marketplace, 1), make(chan error, 1)
	options := app.Options{Source: src, State: folder(t), Log: io.Discard}
	go func() {
		ended <- app.Run(ctx, options, func(ctx context.Context, m *app.Marketplace) error {
			if err := m.Ready(ctx); err != nil {
				return err
			}
			ready <- m
			<-ctx.Done()
			return nil
		})
		close(ended)
	}()
	w := &world{source: src, public: context.Background(), conns: map[string]*grpc.ClientConn{}}
	w.stop = func(t *testing.T) {
		t.Helper()
		for _, conn := range w.conns {
			_ = conn.Close() // stopping twice closes twice
		}
		cancel()
		require.NoError(t, <-ended)
	}
	t.Cleanup(func() { w.stop(t) })
	select {
	case m := <-ready:
		w.connect(t, m)
	case err := <-ended:
		require.NoError(t, err, "the marketplace ended before it was ready")
	}
	return w
}

func (w *world) connect(t *testing.T, m *app.Marketplace) {
	t.Helper()
	for _, target := range app.Targets() {
		conn, err := m.Dial(target.Name)
		require.NoError(t, err)
		w.conns[target.Service] = conn
	}
	asOrder, err := m.DialAs("order", "bidding")
	require.NoError(t, err)
	t.Cleanup(func() { _ = asOrder.Close() })
	w.orders = biddingv1.NewBiddingServiceClient(asOrder)
	w.UserServiceClient = userv1.NewUserServiceClient(w.conns["user.v1.UserService"])
	w.ProductServiceClient = productv1.NewProductServiceClient(w.conns["product.v1.ProductService"])
	w.BiddingServiceClient = biddingv1.NewBiddingServiceClient(w.conns["bidding.v1.BiddingService"])
}

// folder is one that the PostgreSQL of a root user can enter.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (w *world) signIn(t *testing.T, email string) person {
	t.Helper()
	r, err := w.Login(w.public, &userv1.LoginRequest{Email: email, Password: password})
	require.NoError(t, err)
	return person{rpc.Bearer(w.public, r.GetAccessToken()), r.GetUser().GetId(), email, r.GetAccessToken(), r.GetRefreshToken()}
}

// join registers somebody new and signs him in.
func (w *world) join(t *testing.T) person {
	t.Helper()
	email := fmt.Sprintf("person-%d@example.com", w.people.Add(1))
	_, err := w.Register(w.public, &userv1.RegisterRequest{Email: email, Password: password, FirstName: "P", LastName: "Q"})
	require.NoError(t, err)
	return w.signIn(t, email)
}

// seller joins and accepts the terms.
func (w *world) seller(t *testing.T) person {
	t.Helper()
	p := w.join(t)
	r, err := w.AcceptSellerTerms(p, &userv1.AcceptSellerTermsRequest{})
	require.NoError(t, err)
	p.Context, p.token = rpc.Bearer(w.public, r.GetAccessToken()), r.GetAccessToken()
	return p
}

// market is a new product's only size.
func (w *world) market(t *testing.T) string {
	t.Helper()
	owner := w.signIn(t, ownerEmail)
	product, err := w.CreateProduct(owner, &productv1.CreateProductRequest{Name: "Samba", Sku: fmt.Sprint("SKU-", w.people.Add(1))})
	require.NoError(t, err)
	size, err := w.AddSize(owner, &productv1.AddSizeRequest{ProductId: product.GetProduct().GetId(), Label: "10"})
	require.NoError(t, err)
	return size.GetSize().GetId()
}

// refused checks code and reason of a refusal.
func refused(t *testing.T, err error, code codes.Code, reason string, about ...any) {
	t.Helper()
	require.Equal(t, code, status.Code(err), "%v: %v", about, err)
	require.Equal(t, reason, reasonOf(err), "%v: %v", about, err)
}

func reasonOf(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}
