package bidding

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/internal/testkit/peers"
	"github.com/sneakers-marketplace/marketplace/pkg/auth"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	"github.com/sneakers-marketplace/marketplace/pkg/errs"
	"github.com/sneakers-marketplace/marketplace/pkg/event"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
	"github.com/sneakers-marketplace/marketplace/pkg/run"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// world is the bidding service behind real gRPC, on a database of its own, with
// a catalogue that answers as the product service would.
type world struct {
	biddingv1.BiddingServiceClient
	t       *testing.T
	shop    *shop
	users   *peers.Users
	clock   *clock.Fake
	issuer  *auth.Issuer
	product id.UUID
	market  string
	db      *pgxpool.Pool
	env     *run.Env
	builds  []run.Build
	stop    func()
	anyone  context.Context //nolint:containedctx // a caller is the context his calls carry
}

// shop is the other side of the catalogue's protocol: sizes by id.
type shop struct {
	productv1.UnimplementedProductServiceServer
	events peers.Log

	mu    sync.Mutex
	sizes map[string]*productv1.GetSizeResponse
	looks map[string]int // how often a size may still be seen before it is hidden
	left  int            // how many questions it answers before it falls; 0 and less: any number
	down  error
}

// showAgain ends what hideAfter did.
func (s *shop) showAgain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks = nil
}

// fallAfter takes the shop down once it was asked n times more; -1 takes it up again.
func (s *shop) fallAfter(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left, s.down = n, nil
}

// hideAfter hides a size's product once the size was looked at n times more.
func (s *shop) hideAfter(size string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks = map[string]int{size: n}
}

func (s *shop) GetSize(_ context.Context, r *productv1.GetSizeRequest) (*productv1.GetSizeResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	if s.left--; s.left == 0 {
		s.down = status.Error(codes.Unavailable, "fallen")
	}
	if size := s.sizes[r.Id]; size != nil {
		if left, counted := s.looks[r.Id]; counted {
			if s.looks[r.Id] = left - 1; left <= 0 {
				hidden := proto.CloneOf(size)
				hidden.ProductStatus, hidden.ProductVersion = productv1.ProductStatus_HIDDEN, size.GetProductVersion()+1
				return hidden, nil
			}
		}
		return size, nil
	}
	return nil, status.Error(codes.NotFound, "no such size")
}

func (s *shop) add(product id.UUID, label string, st productv1.ProductStatus) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := id.New().String()
	s.sizes[size] = &productv1.GetSizeResponse{
		Size: &productv1.Size{Id: size, Label: label}, ProductId: product.String(), ProductName: "Dunk Low",
		Sku: "DD1391-100", Currency: "USD", ProductStatus: st, ProductVersion: 1, RetailPrice: 110_00,
	}
	return size
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, clock: clock.NewFake(time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)), product: id.New(),
		db: testkit.Database(t), shop: &shop{sizes: map[string]*productv1.GetSizeResponse{}}, users: peers.NewUsers(), anyone: context.Background(),
	}
	w.market = w.shop.add(w.product, "10", productv1.ProductStatus_ACTIVE)
	env := &run.Env{
		Source: config.Source{"DATABASE_URL": w.db.Config().ConnString(), "ENVIRONMENT": "test", "BIDDING_LISTEN": freeAddress(t)},
		Log:    zerolog.Nop(), Clock: w.clock, Network: rpc.NewNetwork(), Metrics: prometheus.NewRegistry(),
	}
	keys := auth.Config{Keys: auth.DevelopmentKeys}
	var err error
	w.issuer, err = auth.NewIssuer(keys, w.clock)
	require.NoError(t, err)
	verifier, err := auth.NewVerifier(keys, w.clock)
	require.NoError(t, err)
	shopServer := func(_ context.Context, env *run.Env) ([]run.Task, error) {
		s, err := rpc.NewServer(rpc.ServerOptions{
			Service: "product", Network: env.Network, Verifier: verifier, Clock: w.clock, Log: env.Log,
			Register: func(r grpc.ServiceRegistrar) {
				productv1.RegisterProductServiceServer(r, w.shop)
				event.NewServer(&w.shop.events).Serve(r)
			},
		})
		return []run.Task{s}, err
	}
	w.env, w.builds = env, []run.Build{w.users.Build, shopServer, New}
	w.start()
	t.Cleanup(func() { w.stop() })
	return w
}

// freeAddress is where a service can listen.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// beside starts another node of the service on the same database.
func (w *world) beside() *world {
	w.t.Helper()
	other := *w
	env := *w.env
	env.Source = w.env.Source.With(config.Source{"BIDDING_LISTEN": freeAddress(w.t)})
	env.Network, env.Metrics = rpc.NewNetwork(), prometheus.NewRegistry()
	other.env = &env
	other.start()
	other.stop = sync.OnceFunc(other.stop)
	w.t.Cleanup(func() { other.stop() })
	return &other
}

// start runs the service and waits until it serves.
func (w *world) start() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run.Run(ctx, 10*time.Second, w.env, w.builds...) }()
	conn, err := w.env.Network.Dial(Name, "")
	require.NoError(w.t, err)
	w.stop = func() {
		require.NoError(w.t, conn.Close())
		cancel()
		require.NoError(w.t, <-ended)
	}
	w.BiddingServiceClient = biddingv1.NewBiddingServiceClient(conn)
	require.Eventually(w.t, func() bool {
		_, err := w.GetMarketPrice(w.anyone, &biddingv1.GetMarketPriceRequest{MarketId: w.market})
		return err == nil && w.env.Network.Ready(context.Background()) == nil
	}, 10*time.Second, 5*time.Millisecond)
}

// restart stops everything and starts it again on the same database.
func (w *world) restart() {
	w.t.Helper()
	w.stop()
	w.env.Network, w.env.Metrics = rpc.NewNetwork(), prometheus.NewRegistry()
	w.start()
}

// handled waits until an event of another service has had its effect.
func (w *world) handled(source string, seq int64) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var at int64
		err := w.db.QueryRow(context.Background(), `SELECT seq FROM bidding_positions WHERE source = $1`, source).Scan(&at)
		return err == nil && at >= seq
	}, 10*time.Second, 5*time.Millisecond)
}

// bearer is the context of calls with an access token.
func bearer(token string) context.Context { return rpc.Bearer(context.Background(), token) }

// reason is the stable code of a refusal.
func reason(err error) string { return errs.ReasonOf(rpc.FromStatus(err)) }

// person is somebody signed in.
type person struct {
	context.Context //nolint:containedctx // a caller is the context his calls carry

	id id.UUID
}

func (w *world) signIn(roles ...auth.Role) person {
	w.t.Helper()
	account := id.New()
	token, _, err := w.issuer.Access(account, id.New(), append(roles, auth.RoleUser))
	require.NoError(w.t, err)
	return person{rpc.Bearer(context.Background(), token), account}
}

func (w *world) bid(p person, price int64, change ...func(*biddingv1.PlaceBidRequest)) *biddingv1.PlaceBidResponse {
	w.t.Helper()
	r := &biddingv1.PlaceBidRequest{MarketId: w.market, Price: price}
	for _, c := range change {
		c(r)
	}
	out, err := w.PlaceBid(p, r)
	require.NoError(w.t, err)
	return out
}

func (w *world) ask(p person, price int64, change ...func(*biddingv1.PlaceAskRequest)) *biddingv1.PlaceAskResponse {
	w.t.Helper()
	r := &biddingv1.PlaceAskRequest{MarketId: w.market, Price: price}
	for _, c := range change {
		c(r)
	}
	out, err := w.PlaceAsk(p, r)
	require.NoError(w.t, err)
	return out
}

func requireRefused(t require.TestingT, err error, code codes.Code, reason string, field ...string) {
	st := status.Convert(err)
	require.Equal(t, code, st.Code(), "%v", err)
	var got string
	var fields []string
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			got = d.Reason
		case *errdetails.BadRequest:
			for _, v := range d.FieldViolations {
				fields = append(fields, v.Field)
			}
		}
	}
	require.Equal(t, reason, got, "%v", err)
	if len(field) > 0 {
		require.Subset(t, fields, field)
	}
}
