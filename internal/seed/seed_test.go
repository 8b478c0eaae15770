package seed_test

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/fsck"
	"github.com/sneakers-marketplace/marketplace/internal/seed"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/clock"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const password = "a demo of the shop"

var small = seed.Scale{Products: 8, Days: 16, Sales: 100, Sellers: 2, Buyers: 3}

// tapped lets a test refuse calls between the demo and the exchange.
type tapped struct {
	grpc.ClientConnInterface
	refuse func(method string) error
}

func (c *tapped) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	if c.refuse != nil {
		if err := c.refuse(method); err != nil {
			return err
		}
	}
	return c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
}

// shop is an empty marketplace, which has an owner and a clock of its own.
type shop struct {
	t      *testing.T
	url    string
	state  string
	refuse func(method string) error
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, url: testkit.DatabaseURL(t), state: t.TempDir()}
	require.NoError(t, app.CreateOwner(context.Background(), s.source(), s.url, seed.Owner, password))
	return s
}

func (s *shop) source() config.Source {
	return config.Source{
		"ENVIRONMENT": "test", "USER_BCRYPT_COST": "4", "DATABASE_URL": s.url,
		"USER_LISTEN": "127.0.0.1:0", "PRODUCT_LISTEN": "127.0.0.1:0", "BIDDING_LISTEN": "127.0.0.1:0",
	}
}

// open runs the shop by a clock for as long as inside takes.
func (s *shop) open(clk clock.Clock, inside func(context.Context, seed.Client)) {
	s.t.Helper()
	o := app.Options{Source: s.source(), State: s.state, Log: io.Discard, Clock: clk}
	require.NoError(s.t, app.Run(context.Background(), o, func(ctx context.Context, m *app.Marketplace) error {
		require.NoError(s.t, m.Ready(ctx))
		var conns []grpc.ClientConnInterface
		for _, service := range []string{"user", "product", "bidding"} {
			conn, err := m.Dial(service)
			require.NoError(s.t, err)
			defer func() { _ = conn.Close() }()
			conns = append(conns, conn)
		}
		inside(ctx, seed.NewClient(conns[0], conns[1], &tapped{conns[2], s.refuse}))
		require.Eventually(s.t, s.followed, 30*time.Second, 20*time.Millisecond, "the exchange consumes every event")
		return nil
	}))
}

// seed makes the demo, or goes on with it, as the command does.
func (s *shop) seed(scale seed.Scale, words string, w io.Writer) (report seed.Report, err error) {
	s.t.Helper()
	var mark seed.Mark
	past := clock.NewFake(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)) // by the present one, what is open would expire
	s.open(past, func(ctx context.Context, c seed.Client) {
		mark, err = seed.Look(ctx, c.Products)
		require.NoError(s.t, err)
	})
	clk := clock.NewTraveller(mark.Or(scale).Begin())
	s.open(clk, func(ctx context.Context, c seed.Client) {
		report, err = seed.Run(ctx, seed.Options{Client: c, Clock: clk, Mark: mark.Or(scale), Password: words, Progress: w})
	})
	return report, err
}

// seeded is seed that must come out right.
func (s *shop) seeded(scale seed.Scale) seed.Report {
	s.t.Helper()
	report, err := s.seed(scale, password, nil)
	require.NoError(s.t, err)
	return report
}

// rows reads the database, a line a row.
func (s *shop) rows(query string, args ...any) []string {
	s.t.Helper()
	conn, err := pgx.Connect(context.Background(), s.url)
	require.NoError(s.t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	rows, err := conn.Query(context.Background(), query, args...)
	require.NoError(s.t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(s.t, err)
	return lines
}

// orders are bids and asks as one table.
const orders = `SELECT 'bid' AS side, id, client_order_id, market_id, user_id, price, quantity, open_quantity, status, reason, order_type,
		created_at, expires_at FROM bids
	UNION ALL SELECT 'ask', id, client_order_id, market_id, user_id, price, quantity, open_quantity, status, reason, order_type,
		created_at, expires_at FROM asks`

// content is what a demo consists of, without ids, and times before the present.
func (s *shop) content(until time.Time) (lines []string) {
	s.t.Helper()
	const of = ` JOIN sizes z ON z.id = o.market_id JOIN products p ON p.id = z.product_id JOIN users u ON u.id = o.user_id `
	for _, query := range []string{
		`SELECT concat_ws(' ', p.sku, p.name, p.brand, p.category, p.gender, p.retail_price, p.release_date, z.system, z.label, z.quantity)
		FROM products p JOIN sizes z ON z.product_id = p.id ORDER BY 1`,
		`SELECT email FROM users ORDER BY 1`,
		`SELECT concat_ws(' ', client_order_id, email, p.sku, z.label, side, price, o.quantity, open_quantity, o.status, reason, order_type,
			$1 - o.created_at, $1 - expires_at) FROM (` + orders + `) o` + of + `ORDER BY 1`,
		`SELECT concat_ws(' ', p.sku, z.label, b.client_order_id, a.client_order_id, o.price, o.quantity, $1 - o.created_at)
		FROM matches o JOIN bids b ON b.id = bid_id JOIN asks a ON a.id = ask_id JOIN sizes z ON z.id = o.market_id
		JOIN products p ON p.id = z.product_id ORDER BY 1`,
	} {
		if bytes.Contains([]byte(query), []byte("$1")) {
			lines = append(lines, s.rows(query, until)...)
		} else {
			lines = append(lines, s.rows(query)...)
		}
	}
	return lines
}

// followed says whether the exchange has noted that it consumed every event.
func (s *shop) followed() bool {
	const noted = `coalesce((SELECT seq FROM bidding_positions WHERE source = `
	return s.rows(`SELECT (` + noted + `'user'), 0) = (SELECT seq FROM user_outbox_head)
		AND ` + noted + `'product'), 0) = (SELECT seq FROM product_outbox_head))::text`)[0] == "true"
}

func (s *shop) clean() {
	s.t.Helper()
	report, err := fsck.Run(context.Background(), s.url, fsck.Options{})
	require.NoError(s.t, err)
	var out bytes.Buffer
	require.NoError(s.t, report.Print(&out))
	require.True(s.t, report.Clean(), out.String())
}

func TestDemoIsTheSameOnEveryDatabase(t *testing.T) {
	t.Parallel()
	one, two := newShop(t), newShop(t)
	first, second := one.seeded(small), two.seeded(small)
	require.Equal(t, one.content(first.Until), two.content(second.Until))
	require.Equal(t, first.Matches, second.Matches)
}

func TestDemoIsWeeksOfTradeThatLeadToALiveMarket(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	r := s.seeded(small)
	isTradeInOrder(t, s, r)
	before := s.content(r.Until)
	again := s.seeded(seed.Full)
	require.False(t, again.Made)
	require.Contains(t, again.String(), "nothing was changed")
	require.Equal(t, before, s.content(r.Until), "what is there stays as it is")
	isLive(t, s)
}

func isTradeInOrder(t *testing.T, s *shop, r seed.Report) {
	t.Helper()
	require.True(t, r.Made)
	require.Regexp(t, `^seed products=8 sizes=\d+ accounts=6 bids=\d+ asks=\d+ matches=\d+ open_bids=\d+ open_asks=\d+ days=16 seconds=\d+\.\d\d$`, r.String())
	require.GreaterOrEqual(t, r.Matches, small.Sales)
	s.clean()

	require.Equal(t, []string{"0"}, s.rows(`SELECT count(*)::text FROM matches WHERE created_at NOT BETWEEN $1 AND $2`, r.Begin(), r.Until))
	require.Equal(t, []string{"0"}, s.rows(`SELECT count(*)::text FROM matches a JOIN matches b
		ON a.market_id = b.market_id AND a.id < b.id AND a.created_at > b.created_at`), "time never falls")
	require.Equal(t, []string{"0"}, s.rows(`SELECT count(*)::text FROM bidding_journal a JOIN bidding_journal b
		ON a.shard = b.shard AND a.seq + 1 = b.seq AND a.at > b.at`), "nor in the journal")
	require.Greater(t, len(s.rows(`SELECT DISTINCT created_at::date::text FROM matches`)), 12)
	require.Equal(t, []string{"active", "cancelled", "expired", "matched", "partially_matched"}, s.rows(
		`SELECT DISTINCT status::text FROM (SELECT status FROM bids UNION ALL SELECT status FROM asks) o ORDER BY 1`))
	require.Equal(t, []string{"anna@sneakers.example bid", "ben@sneakers.example bid", "seller@sneakers.example ask"}, s.rows(
		`SELECT DISTINCT email || ' ' || side FROM (SELECT 'bid' AS side, user_id FROM bids WHERE closed_at IS NULL UNION ALL
		SELECT 'ask', user_id FROM asks WHERE closed_at IS NULL) o JOIN users u ON u.id = user_id
		WHERE email IN ($1, $2, $3) ORDER BY 1`, seed.Seller, seed.Buyer1, seed.Buyer2), "they have something open")
	require.Equal(t, []string{"0"}, s.rows(`SELECT count(*)::text FROM sessions WHERE revoked_at IS NULL`), "and nobody is left signed in")
}

func isLive(t *testing.T, s *shop) {
	t.Helper()
	s.open(clock.System{}, func(ctx context.Context, c seed.Client) {
		list, err := c.Products.ListProducts(ctx, &productv1.ListProductsRequest{PageSize: 100})
		require.NoError(t, err)
		require.Len(t, list.GetProducts(), small.Products)
		var today, sales int64
		for _, p := range list.GetProducts() {
			got, err := c.Bidding.ListProductMarkets(ctx, &biddingv1.ListProductMarketsRequest{ProductId: p.GetId()})
			require.NoError(t, err)
			require.NotEmpty(t, got.GetMarkets())
			for _, m := range got.GetMarkets() {
				today, sales = today+m.GetVolume_24H(), sales+m.GetSales_72H()
				if m.GetBestBid() != nil && m.GetBestAsk() != nil {
					require.Positive(t, m.GetSpread(), "not crossed")
				}
			}
		}
		require.Positive(t, today)
		require.Greater(t, sales, int64(small.Sales/20))
	})
}

func TestDemoThatWasCutOffIsFinishedWithoutDoubles(t *testing.T) {
	t.Parallel()
	whole, cut := newShop(t), newShop(t)
	want := whole.seeded(small)
	for _, calls := range []int{1, 30, 150} { // about the exchange
		left := make(chan struct{}, calls)
		cut.refuse = func(string) error {
			select {
			case left <- struct{}{}:
				return nil
			default:
				return status.Error(codes.Internal, "cut off")
			}
		}
		_, err := cut.seed(small, password, nil)
		require.ErrorContains(t, err, "cut off")
	}
	cut.refuse = nil
	got := cut.seeded(seed.Full)
	require.True(t, got.CutOff)
	require.Equal(t, small, got.Scale, "at the scale it was begun with")
	require.Equal(t, whole.content(want.Until), cut.content(got.Until))
	cut.clean()
}

func TestDemoIsPatientWithAnExchangeThatIsBusy(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var once sync.Map
	s.refuse = func(method string) error {
		if _, known := once.LoadOrStore(method, true); !known {
			return status.Error(codes.Unavailable, "a moment")
		}
		return nil
	}
	var out bytes.Buffer
	_, err := s.seed(seed.Scale{Products: 2, Days: 1, Sales: 5, Sellers: 1, Buyers: 2}, password, &out)
	require.NoError(t, err)
}

func TestForeignAccountsAreLeftAlone(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, err := s.seed(small, "not its password", nil)
	require.ErrorIs(t, err, seed.ErrSignIn)
	require.Equal(t, []string{"0"}, s.rows(`SELECT count(*)::text FROM products`))
}

func TestAnExchangeThatHasTradedGetsNoPast(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	tiny := seed.Scale{Products: 1, Days: 1, Sales: 1, Sellers: 1, Buyers: 2}
	s.seeded(tiny)
	conn, err := pgx.Connect(context.Background(), s.url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	_, err = conn.Exec(context.Background(), `UPDATE products SET sku = 'ANOTHER'`)
	require.NoError(t, err)
	_, err = s.seed(tiny, password, nil)
	require.ErrorIs(t, err, seed.ErrTraded)

	// Nothing in the catalogue tells, but the exchange's own time does.
	_, err = conn.Exec(context.Background(), `UPDATE products SET deleted_at = now()`)
	require.NoError(t, err)
	_, err = s.seed(tiny, password, nil)
	require.ErrorIs(t, err, seed.ErrTraded)
}

func TestTroubleOfAServiceIsToldWithTheStep(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	clk := clock.NewTraveller(clock.System{}.Now())
	s.open(clk, func(ctx context.Context, c seed.Client) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := seed.Look(ended, c.Products)
		require.ErrorContains(t, err, "look for the demo")
		o := seed.Options{Client: c, Clock: clk, Mark: seed.Planned(small, clk.Now()), Password: password}
		_, err = seed.Run(ended, o)
		require.ErrorContains(t, err, "sign in as "+seed.Owner)
		o.Mark.Scale.Days = 0
		_, err = seed.Run(ctx, o)
		require.ErrorContains(t, err, "days: 0 must be")
	})
}
