package product

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/internal/testkit/peers"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

// world is the whole service over gRPC on a database of its own, and callers of several roles.
type world struct {
	productv1.ProductServiceClient
	t      *testing.T
	clk    *clock.Fake
	issuer *auth.Issuer
	public context.Context //nolint:containedctx // the test's, without a token
	admin  context.Context //nolint:containedctx // the same with one
	editor id.UUID         // the account behind admin
	users  *peers.Users
	market *peers.Bidding
	db     *pgxpool.Pool
	env    *run.Env
	stop   func()
}

func setup(t *testing.T) *world {
	t.Helper()
	clk := clock.NewFake(noon)
	db := testkit.Database(t)
	env := environment(db.Config().ConnString(), clk)
	issuer, err := auth.NewIssuer(auth.Config{Keys: auth.DevelopmentKeys}, clk)
	require.NoError(t, err)
	w := &world{
		t: t, clk: clk, issuer: issuer, public: t.Context(), editor: id.New(),
		users: peers.NewUsers(), market: &peers.Bidding{}, db: db, env: env,
	}
	w.start()
	w.admin = w.as(w.editor, auth.RoleUser, auth.RoleCatalog)
	return w
}

// start runs the service behind its peers until the test ends, or restart is called.
func (w *world) start() {
	w.t.Helper()
	w.stop = serve(w.t, w.env, w.users.Build, w.market.Build)
	conn, err := w.env.Network.Dial("product", "")
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, conn.Close()) })
	w.ProductServiceClient = productv1.NewProductServiceClient(conn)
}

// restart stops everything and starts it again on the same database.
func (w *world) restart() {
	w.t.Helper()
	w.stop()
	w.env.Network, w.env.Metrics = network(), prometheus.NewRegistry()
	w.start()
}

// network is one on which the other services are in this process or nowhere.
func network() *rpc.Network {
	n := rpc.NewNetwork()
	n.Expect("user", "bidding")
	return n
}

func environment(url string, clk clock.Clock) *run.Env {
	return &run.Env{
		Source: config.Source{"DATABASE_URL": url, "PRODUCT_LISTEN": "127.0.0.1:0"},
		Log:    zerolog.Nop(), Clock: clk, Network: network(), Metrics: prometheus.NewRegistry(),
	}
}

// serve runs the service, behind what peers it needs, until the test ends or stop is called.
func serve(t *testing.T, env *run.Env, peers ...run.Build) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	built, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- run.Run(ctx, time.Minute, env, append(peers, func(ctx context.Context, env *run.Env) ([]run.Task, error) {
			defer close(built)
			return New(ctx, env)
		})...)
	}()
	<-built
	if len(peers) > 0 {
		require.Eventually(t, func() bool { return env.Network.Ready(context.Background()) == nil }, 10*time.Second, 5*time.Millisecond)
	}
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(stop)
	return stop
}

// as returns a context whose calls carry an access token of account with roles.
func (w *world) as(account id.UUID, roles ...auth.Role) context.Context {
	w.t.Helper()
	token, _, err := w.issuer.Access(account, id.New(), roles)
	require.NoError(w.t, err)
	return rpc.Bearer(w.public, token)
}

func (w *world) product(sku string) *productv1.Product {
	w.t.Helper()
	r, err := w.CreateProduct(w.admin, &productv1.CreateProductRequest{Name: "Dunk Low", Sku: sku})
	require.NoError(w.t, err)
	return r.GetProduct()
}

func (w *world) size(product, label string, quantity int32) *productv1.Size {
	w.t.Helper()
	r, err := w.AddSize(w.admin, &productv1.AddSizeRequest{ProductId: product, Label: label, Quantity: quantity})
	require.NoError(w.t, err)
	return r.GetSize()
}

// requireRefused asserts the code and reason of a refusal, and the field it names, if any.
func requireRefused(t *testing.T, err error, code codes.Code, reason string, field ...string) {
	t.Helper()
	require.Equal(t, code, status.Code(err), "%v", err)
	var gotReason string
	var gotFields []string
	for _, detail := range status.Convert(err).Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			gotReason = d.GetReason()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				gotFields = append(gotFields, v.GetField())
			}
		}
	}
	require.Equal(t, reason, gotReason, "%v", err)
	require.Equal(t, field, gotFields, "%v", err)
}

func TestASettingOutOfRangeIsNamed(t *testing.T) {
	t.Parallel()
	for want, set := range map[string]config.Source{
		"PRODUCT_SWEEP_INTERVAL": {"PRODUCT_SWEEP_INTERVAL": "1ms"},
		"PRODUCT_LISTN":          {"PRODUCT_LISTN": ":1"},
		"JWT_KEYS":               {"JWT_KEYS": "k:short"},
		"the development key":    {"PRODUCT_LISTEN": "0.0.0.0:0"},
		"DATABASE_URL":           {"PRODUCT_DATABASE_URL": "mysql://x"},
		"PRODUCT_LISTEN":         {"PRODUCT_LISTEN": "127.0.0.1:no"},
	} {
		env := environment("postgres://localhost/none", clock.NewFake(noon))
		env.Source = env.Source.With(set)
		tasks, err := New(t.Context(), env)
		require.ErrorContains(t, err, want)
		for _, task := range tasks {
			require.NoError(t, task.Close(t.Context()))
		}
	}
}

func TestADatabaseThatIsDownIsUnavailable(t *testing.T) {
	t.Parallel()
	env := environment("postgres://nobody@127.0.0.1:1/none", clock.NewFake(noon))
	serve(t, env)
	conn, err := env.Network.Dial("product", "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	_, err = productv1.NewProductServiceClient(conn).ListProducts(t.Context(), &productv1.ListProductsRequest{})
	requireRefused(t, err, codes.Unavailable, "DATABASE_UNAVAILABLE")
}

func TestPROD_005_OverdueReservationsAreSweptAway(t *testing.T) {
	t.Parallel()
	w := setup(t)
	size := w.size(w.product("A1").GetId(), "10", 3)
	_, err := w.ReserveInventory(w.admin, &productv1.ReserveInventoryRequest{SizeId: size.GetId(), Quantity: 2, Reference: "order-1"})
	require.NoError(t, err)
	w.clk.Advance(15 * time.Minute)
	require.Eventually(t, func() bool {
		w.clk.Advance(time.Second)
		r, err := w.GetSize(w.public, &productv1.GetSizeRequest{Id: size.GetId()})
		return err == nil && r.GetSize().GetReserved() == 0
	}, 30*time.Second, 10*time.Millisecond)
}
