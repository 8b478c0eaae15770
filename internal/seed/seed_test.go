package seed_test

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/internal/seed"
	"github.com/sneakers-marketplace/marketplace/internal/testkit"
	"github.com/sneakers-marketplace/marketplace/pkg/config"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const password = "a demo of the shop"

// tapped lets a test refuse calls between the demo and a service.
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

// inMarketplace runs fn on an empty marketplace that has an owner.
func inMarketplace(t *testing.T, fn func(ctx context.Context, c seed.Client, trading *tapped)) {
	t.Helper()
	src := config.Source{
		"ENVIRONMENT": "test", "USER_BCRYPT_COST": "4", "DATABASE_URL": testkit.DatabaseURL(t),
		"USER_LISTEN": "127.0.0.1:0", "PRODUCT_LISTEN": "127.0.0.1:0", "BIDDING_LISTEN": "127.0.0.1:0",
	}
	ctx := context.Background()
	require.NoError(t, app.CreateOwner(ctx, src, src["DATABASE_URL"], seed.Owner, password))
	require.NoError(t, app.Run(ctx, app.Options{Source: src, State: t.TempDir(), Log: io.Discard}, func(ctx context.Context, m *app.Marketplace) error {
		require.NoError(t, m.Ready(ctx))
		var conns []*grpc.ClientConn
		for _, service := range []string{"user", "product", "bidding"} {
			conn, err := m.Dial(service)
			require.NoError(t, err)
			defer func() { _ = conn.Close() }()
			conns = append(conns, conn)
		}
		trading := &tapped{ClientConnInterface: conns[2]}
		fn(ctx, seed.NewClient(conns[0], conns[1], trading), trading)
		return nil
	}))
}

// tally counts what is open and sold in all markets.
func tally(ctx context.Context, t *testing.T, c seed.Client) (open, sold int64) {
	t.Helper()
	list, err := c.Products.ListProducts(ctx, &productv1.ListProductsRequest{PageSize: 100})
	require.NoError(t, err)
	require.Len(t, list.GetProducts(), 12)
	for _, p := range list.GetProducts() {
		got, err := c.Bidding.ListProductMarkets(ctx, &biddingv1.ListProductMarketsRequest{ProductId: p.GetId()})
		require.NoError(t, err)
		require.Len(t, got.GetMarkets(), 4)
		for _, m := range got.GetMarkets() {
			require.NotNil(t, m.GetBestBid(), p.GetName())
			require.Positive(t, m.GetSpread(), p.GetName())
			open += m.GetOpenBids() + m.GetOpenAsks()
			sold += m.GetSales_72H()
		}
	}
	return open, sold
}

func TestDemoFillsEveryMarket(t *testing.T) {
	t.Parallel()
	inMarketplace(t, func(ctx context.Context, c seed.Client, _ *tapped) {
		done, err := seed.Done(ctx, c)
		require.NoError(t, err)
		require.False(t, done)
		require.NoError(t, seed.Demo(ctx, c, password))
		done, err = seed.Done(ctx, c)
		require.NoError(t, err)
		require.True(t, done)
		open, sold := tally(ctx, t, c)
		require.EqualValues(t, 48*6, open)
		require.EqualValues(t, 48, sold)
	})
}

func TestDemoThatWasCutOffIsFinishedWithoutDoubles(t *testing.T) {
	t.Parallel()
	inMarketplace(t, func(ctx context.Context, c seed.Client, trading *tapped) {
		calls := make(chan struct{}, 100)
		trading.refuse = func(string) error {
			select {
			case calls <- struct{}{}:
				return nil
			default:
				return status.Error(codes.Unavailable, "cut off")
			}
		}
		require.ErrorContains(t, seed.Demo(ctx, c, password), "cut off")
		done, err := seed.Done(ctx, c)
		require.NoError(t, err)
		require.False(t, done)

		trading.refuse = nil
		require.NoError(t, seed.Demo(ctx, c, password))
		open, sold := tally(ctx, t, c)
		require.EqualValues(t, 48*6, open)
		require.EqualValues(t, 48, sold)
	})
}

func TestForeignAccountsAreLeftAlone(t *testing.T) {
	t.Parallel()
	inMarketplace(t, func(ctx context.Context, c seed.Client, _ *tapped) {
		require.ErrorIs(t, seed.Demo(ctx, c, "not its password"), seed.ErrSignIn)
		list, err := c.Products.ListProducts(ctx, &productv1.ListProductsRequest{})
		require.NoError(t, err)
		require.Empty(t, list.GetProducts())
	})
}

func TestTroubleOfAServiceIsToldWithTheStep(t *testing.T) {
	t.Parallel()
	inMarketplace(t, func(ctx context.Context, c seed.Client, _ *tapped) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := seed.Done(ended, c)
		require.ErrorContains(t, err, "look for the demo")
		require.ErrorContains(t, seed.Demo(ended, c, password), "sign in as "+seed.Owner)
	})
}
