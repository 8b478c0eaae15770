package fsck

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/sneakers-marketplace/marketplace/internal/bidding/model"
	"github.com/sneakers-marketplace/marketplace/pkg/id"
	journalv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/journal/v1"
	productv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/product/v1"
	userv1 "github.com/sneakers-marketplace/marketplace/pkg/proto/user/v1"
)

func TestTheWordsAreTheServices(t *testing.T) {
	t.Parallel()
	for n := range int32(8) {
		for list, want := range map[*[]string]string{
			&sides: model.Side(n).String(), &statuses: model.Status(n).String(), &orderTypes: model.OrderType(n).String(),
			&selfTrades: model.SelfTrade(n).String(), &states: model.MarketState(n).String(), &priceRules: model.PriceRule(n).String(),
		} {
			if n > 0 {
				require.Equal(t, want, word(*list, n))
			}
		}
	}
	require.Equal(t, "unknown(0)", word(sides, 0))
	require.Equal(t, "unknown(-1)", word(sides, -1))
}

func TestNumbersAreKept(t *testing.T) {
	t.Parallel()
	var s numbers
	in := []int64{256, 257, 511, 64 << 8, 65<<8 + 3, 1 << 50, -256, 0, 255}
	for _, n := range in {
		require.False(t, s.has(n), n)
	}
	for _, n := range in {
		s.add(n)
	}
	for _, n := range in {
		require.True(t, s.has(n), n)
		require.False(t, s.has(n+7<<20), n)
	}
	require.Len(t, s.odd, 2, "only what no shard gives out")
}

func TestAHeapGivesTheBestThatIsThere(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	b := newBook(nil, id.None)
	var asks []*resting
	for n := range int64(300) {
		o := &resting{id: n, price: r.Int64N(20), priority: n}
		b.asks.push(o)
		asks = append(asks, o)
		if r.IntN(2) == 0 {
			asks[r.IntN(len(asks))].gone = true
		}
		left := slices.DeleteFunc(slices.Clone(asks), func(o *resting) bool { return o.gone })
		slices.SortFunc(left, func(x, y *resting) int {
			if b.asks.before(x, y) {
				return -1
			}
			return 1
		})
		if len(left) == 0 {
			require.Nil(t, b.asks.best())
		} else {
			require.Same(t, left[0], b.asks.best())
		}
	}
}

func TestMATCH_011_AClientOrderIDIsTakenForADayOrSoManyOrders(t *testing.T) {
	t.Parallel()
	i := newInspection(nil, time.Time{})
	x := newExchange(i)
	s := newShard(x, 0)
	m := &market{ID: id.New()}
	account := id.New()
	use := func(at instant, name string) int64 {
		before := i.results["J10"].Violations
		s.used.use(&act{shard: s, market: m, row: &row{at: at}}, account, name)
		return i.results["J10"].Violations - before
	}
	require.Zero(t, use(1, "a"))
	require.Zero(t, use(1, ""))
	require.Zero(t, use(1, ""))
	require.EqualValues(t, 1, use(day, "a"), "a microsecond before a day has passed")
	require.Zero(t, use(2*day, "a"), "a day after it was last used")
	for n := range windowOrders - 1 {
		require.Zero(t, use(2*day, fmt.Sprint(n)))
	}
	require.Zero(t, use(2*day, "a"), "so many orders later")
	for n := range 2 * windowOrders {
		require.Zero(t, use(2*day, fmt.Sprint("x", n)))
	}
	require.LessOrEqual(t, len(s.used.taken), 2*windowOrders, "what is free again is forgotten")
	require.EqualValues(t, 1, use(2*day, fmt.Sprint("x", 2*windowOrders-1)))
	require.EqualValues(t, 1, use(2*day, fmt.Sprint("x", windowOrders+2)))
	require.Zero(t, use(2*day, fmt.Sprint("x", windowOrders+2-2)))
}

func TestDifferencesNameTheFields(t *testing.T) {
	t.Parallel()
	a := matchRow{ID: 256, Price: 100, CreatedAt: instantOf(time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC))}
	b := a
	b.Price, b.CreatedAt = 200, 0
	require.Equal(t, "Price=200 journal=100 CreatedAt=none journal=2026-01-02T03:04:05.000006Z", differences(b, a))
	require.Empty(t, differences(a, a))
}

func TestEVENT_001_AnEventIsReadAsWhatItsKindNames(t *testing.T) {
	t.Parallel()
	account, session := id.New(), id.New()
	ended := &userv1.SessionsEnded{UserId: account.String(), SessionIds: []string{session.String()}, Reason: "logout"}
	read := func(service, kind string, m proto.Message) (told, error) {
		payload, err := proto.Marshal(m)
		require.NoError(t, err)
		e := told{Kind: kind}
		return e, e.read(service, payload)
	}
	e, err := read("user", "user.v1.SessionsEnded", ended)
	require.NoError(t, err)
	require.Equal(t, account, *e.Account)
	require.Equal(t, []id.UUID{session}, e.Sessions)
	require.Equal(t, "logout", e.Reason)
	e, err = read("product", "product.v1.ProductChanged", &productv1.ProductChanged{
		ProductId: account.String(), Version: 3, Name: "a\x00b", Status: productv1.ProductStatus_HIDDEN, Deleted: true,
	})
	require.NoError(t, err)
	require.Equal(t, told{
		Kind: "product.v1.ProductChanged", Product: &account, Version: 3, Name: "a?b", Status: "hidden", Deleted: true,
	}, e)

	for kind, want := range map[string]string{
		"user.v1.AccountBanned": errForeign.Error(), "user.v1.Other": errKind.Error(), "product.v1.SizeAdded": errKind.Error(),
	} {
		_, err := read("user", kind, ended)
		require.EqualError(t, err, want, kind)
	}
	_, err = read("user", "user.v1.SessionsEnded", &userv1.SessionsEnded{UserId: "x", SessionIds: []string{"y", session.String()}})
	require.EqualError(t, err, "\"x\" is no id\n\"y\" is no id")
	_, err = read("user", "user.v1.SessionsEnded", &userv1.SessionsEnded{UserId: account.String()})
	require.EqualError(t, err, "no session ended")
	require.ErrorContains(t, (&told{Kind: "user.v1.RolesChanged"}).read("user", []byte{0xff}), "damaged: ")
}

func TestEveryWayToEndAnOrderHasItsReasons(t *testing.T) {
	t.Parallel()
	all := []string{
		"", "REQUESTED", "REPLACED", "IOC_REMAINDER", "SELF_TRADE", "FOK_NOT_FILLABLE", "POST_ONLY_WOULD_CROSS", "ACCOUNT_BANNED", "PRODUCT_DELISTED",
	}
	for _, reason := range all[1:] {
		require.True(t, slices.Contains([]model.Reason{
			model.ReasonRequested, model.ReasonReplaced, model.ReasonIOCRemainder, model.ReasonSelfTrade, model.ReasonFOK,
			model.ReasonPostOnly, model.ReasonBanned, model.ReasonDelisted,
		}, model.Reason(reason)), reason)
	}
	for name, c := range map[string]struct {
		entry *journalv1.Entry
		want  []string
	}{
		"place":   {&journalv1.Entry{Command: &journalv1.Entry_Place{}}, []string{"IOC_REMAINDER", "SELF_TRADE"}},
		"replace": {&journalv1.Entry{Command: &journalv1.Entry_Replace{}}, []string{"REPLACED", "SELF_TRADE"}},
		"cancel":  {&journalv1.Entry{Command: &journalv1.Entry_Cancel{}}, []string{"REQUESTED"}},
		"all":     {&journalv1.Entry{Command: &journalv1.Entry_CancelAll{}}, []string{"REQUESTED"}},
		"ban": {&journalv1.Entry{Command: &journalv1.Entry_CancelAll{
			CancelAll: &journalv1.CancelAll{Reason: "ACCOUNT_BANNED"},
		}}, []string{"ACCOUNT_BANNED"}},
		"delisting": {&journalv1.Entry{Command: &journalv1.Entry_ChangeListing{
			ChangeListing: &journalv1.ChangeListing{Delisted: true},
		}}, []string{"PRODUCT_DELISTED"}},
		"renaming": {&journalv1.Entry{Command: &journalv1.Entry_ChangeListing{}}, nil},
		"expire":   {&journalv1.Entry{Command: &journalv1.Entry_Expire{}}, nil},
		"settings": {&journalv1.Entry{Command: &journalv1.Entry_Settings{}}, nil},
	} {
		may := slices.DeleteFunc(slices.Clone(all), func(r string) bool { return !slices.Contains(reasons(c.entry, "cancelled"), r) })
		require.ElementsMatch(t, c.want, may, name)
		require.Equal(t, []string{""}, reasons(c.entry, "expired"), name)
	}
}

func TestWhatIsHeldIsCounted(t *testing.T) {
	t.Parallel()
	s := newShard(newExchange(newInspection(nil, time.Time{})), 0)
	anna, ben, market := id.New(), id.New(), id.New()
	orders := []*order{
		{orderRow: orderRow{Market: market, User: anna}, side: bid},
		{orderRow: orderRow{Market: market, User: anna}, side: ask},
		{orderRow: orderRow{Market: id.New(), User: anna}, side: bid},
		{orderRow: orderRow{Market: market, User: ben}, side: bid},
	}
	for _, o := range orders {
		s.holds(o, 1)
	}
	require.Equal(t, 3, s.held[holding{account: anna}])
	require.Equal(t, 3, s.held[holding{market: market}])
	require.Equal(t, 1, s.held[holding{market: market, account: anna, side: ask}])
	for _, o := range orders {
		s.holds(o, -1)
	}
	require.Empty(t, s.held, "what is zero is forgotten")
}

func TestACheckWithoutAFaultCountsAsMissed(t *testing.T) {
	t.Parallel()
	require.Empty(t, untested())
	seen := map[string]bool{}
	for _, c := range catalogue {
		require.False(t, seen[c.id], "two checks are called %s", c.id)
		require.NotEmpty(t, c.says)
		seen[c.id] = true
	}
	for _, f := range faults {
		require.True(t, seen[f.check], "a fault is for %s", f.check)
	}
	require.Equal(t, "fsck-selftest checks=2 faults=3 found=1 missed=2", Summary{2, 3, 1, []string{"a", "b"}}.String())
}
