package replay_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/replay"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
	"github.com/sneakers-marketplace/marketplace/pkg/rpc"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const (
	ownerEmail    = "owner@shop.example"
	ownerPassword = "the owner of this shop"
)

// tapped lets a test look at, refuse or spoil calls.
type tapped struct {
	grpc.ClientConnInterface
	counts sync.Map // method -> *atomic.Int64
	before func(method string, n int64, args any) error
	after  func(method string, n int64, err error) error
}

func (c *tapped) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	counter, _ := c.counts.LoadOrStore(method, &atomic.Int64{})
	n := counter.(*atomic.Int64).Add(1)
	if c.before != nil {
		if err := c.before(method, n, args); err != nil {
			return err
		}
	}
	err := c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
	if c.after != nil {
		return c.after(method, n, err)
	}
	return err
}

// count is how often a method was called, and starts again at nothing.
func (c *tapped) count(method string) int64 {
	counter, ok := c.counts.LoadAndDelete("/bidding.v1.BiddingService/" + method)
	if !ok {
		return 0
	}
	return counter.(*atomic.Int64).Load()
}

// world is an empty marketplace with an owner.
type world struct {
	t        *testing.T
	url      string
	users    grpc.ClientConnInterface
	products grpc.ClientConnInterface
	bidding  *tapped
	state    string
	screen   *lines
}

// lines collects what is printed; safe for concurrent use.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func inWorld(t *testing.T, fn func(ctx context.Context, w *world)) {
	t.Helper()
	src := config.Source{
		"ENVIRONMENT": "test", "USER_BCRYPT_COST": "4", "DATABASE_URL": testkit.DatabaseURL(t),
		"USER_LISTEN": "127.0.0.1:0", "PRODUCT_LISTEN": "127.0.0.1:0", "BIDDING_LISTEN": "127.0.0.1:0",
	}
	ctx := context.Background()
	require.NoError(t, app.CreateOwner(ctx, src, src["DATABASE_URL"], ownerEmail, ownerPassword))
	require.NoError(t, app.Run(ctx, app.Options{Source: src, State: t.TempDir(), Log: io.Discard}, func(ctx context.Context, m *app.Marketplace) error {
		require.NoError(t, m.Ready(ctx))
		var conns []*grpc.ClientConn
		for _, service := range []string{"user", "product", "bidding"} {
			conn, err := m.Dial(service)
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			conns = append(conns, conn)
		}
		fn(ctx, &world{
			t: t, url: src["DATABASE_URL"], users: conns[0], products: conns[1], bidding: &tapped{ClientConnInterface: conns[2]},
			state: t.TempDir(), screen: &lines{},
		})
		return nil
	}))
}

func (w *world) run(ctx context.Context, f *replay.File) (replay.Report, error) {
	return replay.Run(ctx, f, replay.Options{
		Users: w.users, Products: w.products, Bidding: []grpc.ClientConnInterface{w.bidding, w.bidding},
		OwnerEmail: ownerEmail, OwnerPassword: ownerPassword, State: w.state, Progress: w.screen, InFlight: 3,
	})
}

// replayed runs a file that must come out right.
func (w *world) replayed(ctx context.Context, f *replay.File) replay.Report {
	w.t.Helper()
	r, err := w.run(ctx, f)
	require.NoError(w.t, err)
	require.NoError(w.t, r.Verdict(), "%+v", r)
	require.True(w.t, r.Ok)
	return r
}

// database counts what the tables hold: bids, asks, matches, open orders.
func (w *world) database(ctx context.Context) (bids, asks, matches, open int) {
	w.t.Helper()
	conn, err := pgx.Connect(ctx, w.url)
	require.NoError(w.t, err)
	defer func() { _ = conn.Close(ctx) }()
	require.NoError(w.t, app.Settled(ctx, w.url))
	require.NoError(w.t, conn.QueryRow(ctx, `SELECT (SELECT count(*) FROM bids), (SELECT count(*) FROM asks), (SELECT count(*) FROM matches),
		(SELECT count(*) FROM bids WHERE open_quantity > 0) + (SELECT count(*) FROM asks WHERE open_quantity > 0)`).
		Scan(&bids, &asks, &matches, &open))
	return bids, asks, matches, open
}

// once checks that every row happened once and nothing is left.
func (w *world) once(ctx context.Context, rows int) {
	w.t.Helper()
	bids, asks, matches, open := w.database(ctx)
	require.Equal(w.t, []int{rows, rows, rows, 0}, []int{bids, asks, matches, open}, "bids, asks, matches, open")
}

// owner returns a context whose calls are the owner's.
func (w *world) owner(ctx context.Context) context.Context {
	w.t.Helper()
	return w.signIn(ctx, ownerEmail, ownerPassword)
}

func (w *world) signIn(ctx context.Context, email, password string) context.Context {
	w.t.Helper()
	got, err := userv1.NewUserServiceClient(w.users).Login(ctx, &userv1.LoginRequest{Email: email, Password: password})
	require.NoError(w.t, err)
	return rpc.Bearer(ctx, got.GetAccessToken())
}

// stranger returns a context whose calls are somebody's who has nothing to do with replays.
func (w *world) stranger(ctx context.Context) context.Context {
	w.t.Helper()
	users := userv1.NewUserServiceClient(w.users)
	_, err := users.Register(ctx, &userv1.RegisterRequest{Email: "stranger@else.example", Password: "some other words", FirstName: "S", LastName: "T"})
	require.NoError(w.t, err)
	signed := w.signIn(ctx, "stranger@else.example", "some other words")
	got, err := users.AcceptSellerTerms(signed, &userv1.AcceptSellerTermsRequest{})
	require.NoError(w.t, err)
	return rpc.Bearer(ctx, got.GetAccessToken())
}

// market finds a market the world traded in.
func (w *world) market(ctx context.Context, sku, size string) string {
	w.t.Helper()
	conn, err := pgx.Connect(ctx, w.url)
	require.NoError(w.t, err)
	defer func() { _ = conn.Close(ctx) }()
	var id string
	require.NoError(w.t, conn.QueryRow(ctx, `SELECT id::text FROM bidding_markets WHERE sku = $1 AND size_label = $2`, sku, size).Scan(&id))
	return id
}

func (w *world) set(ctx context.Context, s *biddingv1.MarketSettings, paths ...string) {
	w.t.Helper()
	_, err := biddingv1.NewBiddingServiceClient(w.bidding.ClientConnInterface).UpdateMarketSettings(w.owner(ctx), &biddingv1.UpdateMarketSettingsRequest{
		Settings: s, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
	})
	require.NoError(w.t, err)
}

const header = "order_date,brand,name,sale_price_cents,retail_price_cents,release_date,size,buyer_region\n"

// sales makes a file of so many rows, a damaged one after each hundredth: four
// shoes in five sizes, at prices that jump by more than five times.
func sales(t *testing.T, rows int, more ...string) *replay.File {
	t.Helper()
	r := rand.New(rand.NewPCG(1, uint64(rows)))
	text := bytes.NewBufferString(header)
	for i := range rows {
		_, err := fmt.Fprintf(text, "2018-01-%02d,Brand,Shoe %d,%d,22000,2017-06-30,%d,Ohio\n", 1+i%28, r.IntN(4), 1+r.IntN(99_999_999), 8+r.IntN(5))
		require.NoError(t, err)
		if i%100 == 99 {
			text.WriteString("damaged\n")
		}
	}
	for _, line := range more {
		text.WriteString(line + "\n")
	}
	path := filepath.Join(t.TempDir(), "sales.csv")
	require.NoError(t, os.WriteFile(path, text.Bytes(), 0o600))
	f, err := replay.Read(path)
	require.NoError(t, err)
	return f
}
