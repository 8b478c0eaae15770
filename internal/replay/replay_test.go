package replay_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sneakers-marketplace/marketplace/internal/replay"
	biddingv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/bidding/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

const placeBatch = "/bidding.v1.BiddingService/PlaceBatch"

func TestDATA_002_EveryRowIsASaleOnTheTapeAtItsPrice(t *testing.T) {
	t.Parallel()
	f := sales(t, 400)
	inWorld(t, func(ctx context.Context, w *world) {
		r := w.replayed(ctx, f)
		require.Equal(t, 404, r.Rows)
		require.Equal(t, 4, r.Damaged)
		require.EqualValues(t, 400, r.Matches)
		require.EqualValues(t, f.Volume, r.Volume)
		require.Equal(t, 20, r.Markets)
		require.Zero(t, r.Recalled)
		require.Positive(t, r.RSSBytes)
		require.Positive(t, r.Sellers)
		require.LessOrEqual(t, r.Sellers, 64)
		w.once(ctx, 400)
		require.Contains(t, w.screen.String(), "damaged, left out: line 102: has 1 fields")

		settings, err := biddingv1.NewBiddingServiceClient(w.bidding).GetMarketSettings(w.owner(ctx), &biddingv1.GetMarketSettingsRequest{MarketId: w.market(ctx, "shoe-1", "9")})
		require.NoError(t, err)
		require.EqualValues(t, 1, settings.GetSettings().GetTick())
	})
}

func TestSecondRunFindsEverythingDone(t *testing.T) {
	t.Parallel()
	f := sales(t, 120)
	inWorld(t, func(ctx context.Context, w *world) {
		w.replayed(ctx, f)
		w.bidding.count("PlaceBatch")
		again := w.replayed(ctx, f)
		require.EqualValues(t, 120, again.Recalled)
		require.Zero(t, w.bidding.count("PlaceBatch"))
		w.once(ctx, 120)

		other := w.replayed(ctx, sales(t, 50)) // another file in the same markets
		require.Zero(t, other.Recalled)
		w.once(ctx, 170)
	})
}

func TestMATCH_011_ReplayThatWasCutOffGoesOnWithoutDoubles(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(t *testing.T, state string){
		"in an instant": func(*testing.T, string) {},
		"with its tokens lost": func(t *testing.T, state string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(state, "replay", "tokens.json")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := sales(t, 300)
			inWorld(t, func(ctx context.Context, w *world) {
				for _, after := range []int64{12, 9, 6} { // each run is cut off, some with asks whose bids are missing
					cut, cancel := context.WithCancel(ctx)
					var seen atomic.Int64
					w.bidding.before = func(method string, _ int64, _ any) error {
						if method == placeBatch && seen.Add(1) == after {
							cancel()
						}
						return nil
					}
					_, err := w.run(cut, f)
					require.ErrorIs(t, err, context.Canceled)
					cancel()
					lose(t, w.state)
				}
				w.bidding.before = nil
				r := w.replayed(ctx, f)
				require.Positive(t, r.Recalled)
				require.Contains(t, w.screen.String(), "rows were done by an earlier run")
				w.once(ctx, 300)
			})
		})
	}
}

func TestMATCH_011_LostAnswersAreAskedForAgain(t *testing.T) {
	t.Parallel()
	f := sales(t, 200)
	inWorld(t, func(ctx context.Context, w *world) {
		w.bidding.after = func(method string, n int64, err error) error {
			if method == placeBatch && n%3 == 0 {
				return status.Error(codes.Unavailable, "the answer was lost")
			}
			return err
		}
		w.replayed(ctx, f)
		w.once(ctx, 200)
	})
}

func TestExpiredTokensAreReplaced(t *testing.T) {
	t.Parallel()
	f := sales(t, 100)
	inWorld(t, func(ctx context.Context, w *world) {
		var refused sync.Map // by the client_order_id of a batch's first order
		w.bidding.before = func(method string, _ int64, args any) error {
			r, ok := args.(*biddingv1.PlaceBatchRequest)
			if !ok || method != placeBatch || r.GetOrders()[0].GetSide() != biddingv1.Side_BID {
				return nil
			}
			if _, again := refused.LoadOrStore(r.GetOrders()[0].GetClientOrderId(), true); again {
				return nil
			}
			return status.Error(codes.Unauthenticated, "the access token has expired")
		}
		w.replayed(ctx, f)
		w.once(ctx, 100)
	})
}

func TestSessionsThatEndedAreOpenedAnew(t *testing.T) {
	t.Parallel()
	inWorld(t, func(ctx context.Context, w *world) {
		w.replayed(ctx, sales(t, 40))
		users := userv1.NewUserServiceClient(w.users)
		list, err := users.ListUsers(w.owner(ctx), &userv1.ListUsersRequest{Query: "replay.example", PageSize: 100})
		require.NoError(t, err)
		require.NotEmpty(t, list.GetUsers())
		user := list.GetUsers()[0].GetId()
		_, err = users.BanUser(w.owner(ctx), &userv1.BanUserRequest{UserId: user, Reason: "ends its sessions"})
		require.NoError(t, err)
		_, err = users.UnbanUser(w.owner(ctx), &userv1.UnbanUserRequest{UserId: user, Reason: "welcome back"})
		require.NoError(t, err)
		w.replayed(ctx, sales(t, 41))
	})
}

func TestSalesOfOthersAreNotCounted(t *testing.T) {
	t.Parallel()
	f := sales(t, 60)
	inWorld(t, func(ctx context.Context, w *world) {
		w.replayed(ctx, sales(t, 30))
		stranger, market := w.stranger(ctx), w.market(ctx, "shoe-2", "10")
		bidding := biddingv1.NewBiddingServiceClient(w.bidding)
		_, err := bidding.PlaceBid(stranger, &biddingv1.PlaceBidRequest{MarketId: market, Price: 100_000_000, Confirm: true})
		require.NoError(t, err) // the next row's ask will meet it, at the ask's price
		w.replayed(ctx, f)
		bids, asks, matches, open := w.database(ctx)
		require.Equal(t, []int{90, 90, 90, 0}, []int{bids, asks, matches, open})
	})
}

func TestMarketThatRefusesIsLeftAndTheOthersAreDone(t *testing.T) {
	t.Parallel()
	f := sales(t, 200)
	inWorld(t, func(ctx context.Context, w *world) {
		w.replayed(ctx, sales(t, 100))
		market := w.market(ctx, "shoe-0", "8")
		w.set(ctx, &biddingv1.MarketSettings{MarketId: market, State: biddingv1.MarketState_MARKET_HALTED}, "state")
		r, err := w.run(ctx, f)
		require.NoError(t, err)
		require.False(t, r.Ok)
		require.ErrorContains(t, r.Verdict(), "matches, not 200")
		require.Equal(t, 19, r.Markets)
		require.Len(t, r.Trouble, 1)
		require.Contains(t, r.Trouble[0], "line ")
		require.Contains(t, r.Trouble[0], "halted")

		w.set(ctx, &biddingv1.MarketSettings{MarketId: market, State: biddingv1.MarketState_MARKET_OPEN}, "state")
		w.replayed(ctx, f)
		w.once(ctx, 300)
	})
}

func TestCheaperAskOfAnotherIsAMismatch(t *testing.T) {
	t.Parallel()
	f := sales(t, 80)
	inWorld(t, func(ctx context.Context, w *world) {
		w.replayed(ctx, sales(t, 100))
		_, err := biddingv1.NewBiddingServiceClient(w.bidding).PlaceAsk(w.stranger(ctx), &biddingv1.PlaceAskRequest{
			MarketId: w.market(ctx, "shoe-3", "11"), Price: 1, Confirm: true,
		})
		require.NoError(t, err)
		r, err := w.run(ctx, f)
		require.NoError(t, err)
		require.Positive(t, r.PriceMismatches)
		require.ErrorContains(t, r.Verdict(), "differ from their rows")
		require.ErrorContains(t, r.Verdict(), "add up to")
	})
}

func TestTroubleThatIsEverybodysEndsTheRun(t *testing.T) {
	t.Parallel()
	f := sales(t, 30)
	inWorld(t, func(ctx context.Context, w *world) {
		broken := errors.New("broken")
		for _, method := range []string{"UpdateMarketSettings", "SetAccountLimits", "PlaceBatch", "ListSales"} {
			w.bidding.before = func(m string, _ int64, _ any) error {
				if strings.HasSuffix(m, "/"+method) {
					return broken
				}
				return nil
			}
			_, err := w.run(ctx, f)
			require.ErrorIs(t, err, broken, method)
		}
		for _, method := range []string{"ListMyAsks", "ListMyBids", "ListMyMatches"} { // the accounts are there now
			w.bidding.before = func(m string, _ int64, _ any) error {
				if strings.HasSuffix(m, "/"+method) {
					return broken
				}
				return nil
			}
			_, err := w.run(ctx, f)
			require.ErrorIs(t, err, broken, method)
		}
		w.bidding.before = nil
		w.replayed(ctx, f)
		w.once(ctx, 30)
	})
}

func TestOwnerMustBeOne(t *testing.T) {
	t.Parallel()
	f := sales(t, 5)
	inWorld(t, func(ctx context.Context, w *world) {
		o := replay.Options{
			Users: w.users, Products: w.products, Bidding: []grpc.ClientConnInterface{w.bidding}, State: w.state,
			OwnerEmail: ownerEmail, OwnerPassword: "not the password",
		}
		_, err := replay.Run(ctx, f, o)
		require.ErrorContains(t, err, "sign in as "+ownerEmail)
		w.stranger(ctx)
		o.OwnerEmail, o.OwnerPassword = "stranger@else.example", "some other words"
		_, err = replay.Run(ctx, f, o)
		require.ErrorContains(t, err, "accounts of earlier replays")
		o.State = "/proc/none"
		_, err = replay.Run(ctx, f, o)
		require.Error(t, err)
	})
}
