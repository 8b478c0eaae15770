package e2e

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/app"
	"github.com/sneakers-marketplace/marketplace/pkg/embeddedpg"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

// database starts a PostgreSQL of the test's own, which can be stopped and started again.
func database(t *testing.T, state string) *embeddedpg.Server {
	t.Helper()
	server, err := embeddedpg.Start(context.Background(), embeddedpg.Options{
		StateDir: state, Bin: os.Getenv("MARKETPLACE_PG_BIN"), Roots: []string{"../.."}, Throwaway: true, Log: zerolog.Nop(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(context.Background())) })
	return server
}

// impatient calls with a deadline that a refusal must not need.
func (w *world) impatient(p context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(p, 3*time.Second)
	defer cancel()
	return call(ctx)
}

func TestDatabaseThatDiesIsSaidSoAndItsReturnIsNoticed(t *testing.T) {
	t.Parallel()
	state := folder(t)
	first := database(t, state)
	url := first.URL()
	require.NoError(t, app.CreateOwner(t.Context(), source(url), url, ownerEmail, password))
	w := serve(t, source(url))
	market, buyer, seller := w.market(t), w.join(t), w.seller(t)
	w.ask(t, seller, market, 220_00)

	require.NoError(t, first.Stop(context.Background()))
	bid := &biddingv1.PlaceBidRequest{MarketId: market, Price: 225_00, ClientOrderId: "through-the-outage"}
	place := func(ctx context.Context) error { _, err := w.PlaceBid(ctx, bid); return err }
	for name, call := range map[string]func(context.Context) error{
		"sign in": func(ctx context.Context) error {
			_, err := w.Login(ctx, &userv1.LoginRequest{Email: buyer.email, Password: password})
			return err
		},
		"read the catalogue": func(ctx context.Context) error {
			_, err := w.ListProducts(ctx, &productv1.ListProductsRequest{})
			return err
		},
		"read one's history": func(ctx context.Context) error {
			_, err := w.ListMyBids(ctx, &biddingv1.ListMyBidsRequest{})
			return err
		},
		"place a bid": place,
	} {
		err := w.impatient(buyer, call)
		require.Equal(t, codes.Unavailable, status.Code(err), "%s: %v", name, err)
		require.Contains(t, []string{"DATABASE_UNAVAILABLE", "MARKET_UNAVAILABLE"}, reasonOf(err), name)
		require.Contains(t, status.Convert(err).Message(), "try again", name)
	}

	second := database(t, state)
	require.Equal(t, url, second.URL())
	require.Eventually(t, func() bool { return w.impatient(buyer, place) == nil }, patience, 20*time.Millisecond, "the bid goes through")
	again, err := w.PlaceBid(buyer, bid)
	require.NoError(t, err)
	require.Len(t, again.GetMatches(), 1)
	require.EqualValues(t, 220_00, again.GetMatches()[0].GetPrice())
	mine, err := w.ListMyBids(buyer, &biddingv1.ListMyBidsRequest{})
	require.NoError(t, err)
	require.Len(t, mine.GetBids(), 1, "however often it was sent")
	w.signIn(t, seller.email)
	_, err = w.ListProducts(w.public, &productv1.ListProductsRequest{})
	require.NoError(t, err)
}
